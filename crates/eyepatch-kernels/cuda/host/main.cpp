// Runs kernels on request: a device at the other end of a pipe. Requests on standard input, answers on standard output;
// numbers are little-endian. A failed check ends the program with a message on standard error.
//
//   A bytes                  -> handle        a buffer, filled with 0xa5
//   W handle bytes data      -> 0
//   R handle bytes           -> data
//   L name grid block shared order arguments  -> 0
//
// where all numbers are 64 bits, a name is its length and bytes, and an argument is `b` handle, `n` (null), or `v` size
// value.
#include "kernels.hpp"

static std::vector<std::vector<unsigned char> *> buffers;

static unsigned char *buffer(uint64_t handle) {
    if (handle >= buffers.size()) host::fail("no such buffer");
    return buffers[handle]->data();
}

// A request's arguments, each checked against the kernel's parameter that takes it.
struct Arguments {
    struct One {
        char kind;
        uint64_t value, size;
    };
    std::vector<One> all;
    size_t taken = 0;

    template <typename T> T next() {
        if (taken == all.size()) host::fail("fewer arguments than the kernel's parameters");
        const One &a = all[taken++];
        T value{};
        if constexpr (std::is_pointer_v<T>) {
            if (a.kind == 'v') host::fail("a number where the kernel takes a buffer");
            if (a.kind == 'b') value = reinterpret_cast<T>(buffer(a.value));
        } else {
            if (a.kind != 'v' || a.size != sizeof(T)) host::fail("an argument of another size than the kernel's parameter");
            memcpy(&value, &a.value, sizeof(T));
        }
        return value;
    }

    void end() const {
        if (taken < all.size()) host::fail("more arguments than the kernel's parameters");
    }
};

static void take(void *to, size_t bytes) {
    if (bytes && fread(to, 1, bytes, stdin) != bytes) host::fail("a request that ends early");
}

static uint64_t number() {
    uint64_t n;
    take(&n, 8);
    return n;
}

static void answer(const void *from, size_t bytes) {
    if (bytes) fwrite(from, 1, bytes, stdout);
    fflush(stdout);
}

static Dim dim() {
    unsigned x = number(), y = number(), z = number();
    return {x, y, z};
}

int main() {
    const uint64_t done = 0;
    for (int request; (request = getchar()) != EOF;) {
        if (request == 'A') {
            // Exactly as long as asked for, so that the sanitizer sees the first byte past the end.
            buffers.push_back(new std::vector<unsigned char>(number(), 0xa5));
            uint64_t handle = buffers.size() - 1;
            answer(&handle, 8);
        } else if (request == 'W' || request == 'R') {
            uint64_t handle = number(), bytes = number();
            if (handle >= buffers.size() || bytes != buffers[handle]->size()) host::fail("a copy of another size");
            if (request == 'R') {
                answer(buffer(handle), bytes);
            } else {
                take(buffer(handle), bytes);
                answer(&done, 8);
            }
        } else if (request == 'L') {
            std::string name(number(), ' ');
            take(&name[0], name.size());
            Dim grid = dim(), block = dim();
            uint64_t shared_bytes = number(), order = number();
            Arguments arguments;
            arguments.all.resize(number());
            for (Arguments::One &a : arguments.all) {
                take(&a.kind, 1);
                a.size = a.kind == 'v' ? number() : 0;
                a.value = a.kind == 'n' ? 0 : number();
            }
            host::launch(grid, block, shared_bytes, order, call(name, arguments));
            answer(&done, 8);
        } else {
            host::fail("an unknown request");
        }
    }
}
