// Enough of CUDA to run the kernels on a CPU, slowly and strictly: every thread of a block is a fiber, a barrier or a
// warp operation really waits for the others, shared memory is shared. Fibers run in an order that changes from launch
// to launch, so that a missing barrier shows as a wrong answer; a barrier that not all threads reach is an error.
#pragma once
#include <ucontext.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size) ((void)0)
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)0)
#endif

#define __global__
#define __device__
#define __shared__
#define __launch_bounds__(...)

struct Dim { unsigned x, y, z; };
inline Dim threadIdx, blockIdx, blockDim, gridDim;

// As strictly aligned as on the device: the sanitizer then sees an unaligned vector access.
#define VECTOR(NAME, TYPE) struct alignas(4 * sizeof(TYPE)) NAME { TYPE x, y, z, w; }
VECTOR(uchar4, unsigned char);
VECTOR(ushort4, unsigned short);
VECTOR(short4, short);
VECTOR(int4, int);
VECTOR(uint4, unsigned);
VECTOR(float4, float);

// Dynamic shared memory, as much as an H100's block may ask for. What a launch did not ask for is poisoned.
constexpr size_t SHARED_BYTES = 227 * 1024;
uint4 shared[SHARED_BYTES / sizeof(uint4)];

namespace host {

[[noreturn]] inline void fail(const std::string &why) {
    fprintf(stderr, "shim: %s (block %u,%u thread %u)\n", why.c_str(), blockIdx.x, blockIdx.y, threadIdx.x);
    exit(3);
}

// A meeting of `size` threads: each waits until all have come.
struct Barrier {
    unsigned size = 0, arrived = 0;
    unsigned long long round = 0;
};

struct Fiber {
    ucontext_t context;
    std::vector<char> stack = std::vector<char>(256 * 1024);
    bool done = false;
    const Barrier *waits = nullptr;
    unsigned long long round = 0;
};

inline std::vector<Fiber> fibers(1024);
inline ucontext_t scheduler;
inline unsigned running;
inline const std::function<void()> *kernel;
inline Barrier block_barrier, warp_barriers[32];
inline uint32_t lanes[32][32];

inline void wait_for_all(Barrier &barrier) {
    if (++barrier.arrived == barrier.size) {
        barrier.arrived = 0, barrier.round++;
        return;
    }
    Fiber &me = fibers[running];
    me.waits = &barrier, me.round = barrier.round;
    swapcontext(&me.context, &scheduler);
    me.waits = nullptr;
}

inline void start() {
    (*kernel)();
    fibers[running].done = true;
    swapcontext(&fibers[running].context, &scheduler);
}

// The `i`th of `n` threads to run: forwards, backwards, or in odd strides where `n` is a power of two.
inline unsigned turn(unsigned i, unsigned n, unsigned order) {
    if (order % 3 == 0 || (n & (n - 1))) return i;
    return order % 3 == 1 ? n - 1 - i : (i * (2 * order + 1) + order) % n;
}

inline void run_block(unsigned n, unsigned order) {
    block_barrier = {n};
    for (unsigned w = 0; w < 32; w++) warp_barriers[w] = {w * 32 < n ? (n - w * 32 < 32 ? n - w * 32 : 32) : 0};
    for (unsigned i = 0; i < n; i++) {
        Fiber &f = fibers[i];
        f.done = false, f.waits = nullptr;
        getcontext(&f.context);
        f.context.uc_stack.ss_sp = f.stack.data(), f.context.uc_stack.ss_size = f.stack.size();
        f.context.uc_link = nullptr;
        makecontext(&f.context, start, 0);
    }
    for (unsigned left = n; left;) {
        bool moved = false;
        for (unsigned i = 0; i < n; i++) {
            running = turn(i, n, order);
            Fiber &f = fibers[running];
            if (f.done || (f.waits && f.waits->round == f.round)) continue;
            threadIdx = {running, 0, 0};
            swapcontext(&scheduler, &f.context);
            moved = true;
            left -= f.done;
        }
        if (!moved) fail("some threads wait at a barrier that others never reach");
    }
}

inline void launch(Dim grid, Dim block, size_t shared_bytes, unsigned order, const std::function<void()> &body) {
    unsigned n = block.x;
    if (n == 0 || n > 1024 || block.y != 1 || block.z != 1) fail("only rows of up to 1024 threads are run here");
    if (shared_bytes > SHARED_BYTES) fail("more shared memory than a block may have");
    gridDim = grid, blockDim = block, kernel = &body;
    ASAN_UNPOISON_MEMORY_REGION(shared, SHARED_BYTES);
    ASAN_POISON_MEMORY_REGION((char *)shared + shared_bytes, SHARED_BYTES - shared_bytes);
    uint64_t blocks = uint64_t(grid.x) * grid.y * grid.z;
    for (uint64_t k = 0; k < blocks; k++) {
        uint64_t b = order % 2 ? blocks - 1 - k : k;
        blockIdx = {unsigned(b % grid.x), unsigned(b / grid.x % grid.y), unsigned(b / grid.x / grid.y)};
        memset(shared, 0xa5, shared_bytes);
        run_block(n, order);
    }
}

// What a lane gives, for the others of its warp to see.
inline const uint32_t *exchange(unsigned mask, uint32_t value) {
    if (mask != 0xffffffffu) fail("only whole warps are run here");
    unsigned warp = threadIdx.x / 32;
    lanes[warp][threadIdx.x % 32] = value;
    wait_for_all(warp_barriers[warp]);
    return lanes[warp];
}

// Nobody may give the next value before all have seen this one.
inline void seen() { wait_for_all(warp_barriers[threadIdx.x / 32]); }

} // namespace host

inline void __syncthreads() { host::wait_for_all(host::block_barrier); }

inline unsigned __ballot_sync(unsigned mask, bool vote) {
    const uint32_t *all = host::exchange(mask, vote);
    unsigned votes = 0;
    for (unsigned i = 0; i < 32; i++) votes |= unsigned(all[i] != 0) << i;
    host::seen();
    return votes;
}

inline unsigned __shfl_sync(unsigned mask, unsigned value, unsigned lane) {
    unsigned got = host::exchange(mask, value)[lane % 32];
    host::seen();
    return got;
}

inline int __clz(unsigned v) { return v ? __builtin_clz(v) : 32; }
inline int __ffs(unsigned v) { return __builtin_ffs(int(v)); }
template <typename T> inline T __ldg(const T *at) { return *at; }

// To half precision by the definition: the nearest of all halves, of two the even one. Slow and plain.
inline unsigned short host_half(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) return sign | 0x7e00;
    memcpy(&value, &magnitude, 4);
    auto exact = [](uint32_t half) {
        int exponent = half >> 10;
        double fraction = half & 0x3ff;
        return exponent ? __builtin_ldexp(1024 + fraction, exponent - 25) : __builtin_ldexp(fraction, -24);
    };
    // Infinity's bits stand for 2^16 here, so that half-way to it rounds to it. Halves are in the order of their bits.
    uint32_t low = 0, high = 0x7c00;
    if (double(value) >= exact(high)) return sign | high;
    while (high - low > 1) (exact((low + high) / 2) <= double(value) ? low : high) = (low + high) / 2;
    double below = double(value) - exact(low), above = exact(high) - double(value);
    return sign | (below < above || (below == above && low % 2 == 0) ? low : high);
}
