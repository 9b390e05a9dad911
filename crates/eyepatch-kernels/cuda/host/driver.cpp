// A stand-in for the CUDA driver that runs our kernels on the CPU, so that the whole program (candle, cudarc, the launches)
// can be tried where there is no GPU: `benches/gpu/without_gpu.sh`. It has what our programs call and nothing else, is one
// slow thread, and finds kernels by name among those compiled here; the code it is given to load it ignores.
#include "kernels.hpp"

#include <chrono>
#include <mutex>

typedef unsigned long long ptr_t;
enum { OK = 0, INVALID = 1 };

namespace {

struct Parameters {
    void **all;
    size_t taken = 0;
    template <typename T> T next() {
        T value;
        memcpy(&value, all[taken++], sizeof(T));
        return value;
    }
    void end() const {}
};

unsigned launches = 0;
// Handles need to be something.
int context, stream, module, capturing_none = 0;

int allocate(ptr_t *at, size_t bytes) {
    // As the driver does.
    if (bytes == 0) return INVALID;
    void *got = aligned_alloc(256, (bytes + 255) / 256 * 256);
    memset(got, 0xa5, bytes);
    *at = reinterpret_cast<ptr_t>(got);
    return OK;
}

int copy(ptr_t to, ptr_t from, size_t bytes) {
    memcpy(reinterpret_cast<void *>(to), reinterpret_cast<void *>(from), bytes);
    return OK;
}

} // namespace

// All else is hidden (-fvisibility=hidden), or it would take the place of other libraries' own.
#pragma GCC visibility push(default)
extern "C" {

int cuInit(unsigned) { return OK; }
// NVRTC asks the driver for what only it knows, and does without.
int cuGetExportTable(const void **table, const void *) { return *table = nullptr, INVALID; }
int cuDeviceGet(int *device, int ordinal) { return *device = ordinal, ordinal ? INVALID : OK; }
int cuDeviceGetCount(int *count) { return *count = 1, OK; }
int cuDeviceGetName(char *name, int len, int) { return snprintf(name, len, "no GPU: kernels on the CPU"), OK; }
int cuDeviceGetAttribute(int *value, int attribute, int) {
    switch (attribute) {
    case 75: return *value = 9, OK;          // compute capability, major
    case 76: return *value = 0, OK;          // minor
    case 97: return *value = 227 * 1024, OK; // shared memory a block may ask for
    case 115: return *value = 1, OK;         // memory pools
    }
    return *value = 0, OK;
}
int cuDevicePrimaryCtxRetain(void **c, int) { return *c = &context, OK; }
int cuDevicePrimaryCtxRelease_v2(int) { return OK; }
int cuCtxGetCurrent(void **c) { return *c = &context, OK; }
int cuCtxSetCurrent(void *) { return OK; }
int cuCtxDestroy_v2(void *) { return OK; }
int cuCtxSynchronize() { return OK; }
int cuGetErrorString(int, const char **words) { return *words = "refused by the stand-in driver", OK; }
int cuGetErrorName(int, const char **words) { return *words = "refused", OK; }

int cuMemAlloc_v2(ptr_t *at, size_t bytes) { return allocate(at, bytes); }
int cuMemAllocAsync(ptr_t *at, size_t bytes, void *) { return allocate(at, bytes); }
int cuMemFree_v2(ptr_t at) { return free(reinterpret_cast<void *>(at)), OK; }
int cuMemFreeAsync(ptr_t at, void *) { return cuMemFree_v2(at); }
int cuMemsetD8Async(ptr_t at, unsigned char value, size_t n, void *) {
    return memset(reinterpret_cast<void *>(at), value, n), OK;
}
int cuMemcpyDtoDAsync_v2(ptr_t to, ptr_t from, size_t bytes, void *) { return copy(to, from, bytes); }
int cuMemcpyDtoHAsync_v2(void *to, ptr_t from, size_t bytes, void *) { return copy(reinterpret_cast<ptr_t>(to), from, bytes); }
int cuMemcpyPeerAsync(ptr_t to, void *, ptr_t from, void *, size_t bytes, void *) { return copy(to, from, bytes); }
int cuMemcpyHtoDAsync_v2(ptr_t to, const void *from, size_t bytes, void *) {
    return copy(to, reinterpret_cast<ptr_t>(from), bytes);
}

int cuStreamCreate(void **s, unsigned) { return *s = &stream, OK; }
int cuStreamDestroy_v2(void *) { return OK; }
int cuStreamSynchronize(void *) { return OK; }
int cuStreamWaitEvent(void *, void *, unsigned) { return OK; }
int cuStreamIsCapturing(void *, int *status) { return *status = capturing_none, OK; }
int cuEventCreate(void **event, unsigned) { return *event = new std::chrono::steady_clock::time_point(), OK; }
int cuEventDestroy_v2(void *event) { return delete static_cast<std::chrono::steady_clock::time_point *>(event), OK; }
int cuEventRecord(void *event, void *) {
    *static_cast<std::chrono::steady_clock::time_point *>(event) = std::chrono::steady_clock::now();
    return OK;
}
int cuEventSynchronize(void *) { return OK; }
int cuEventQuery(void *) { return OK; }
int cuEventElapsedTime_v2(float *ms, void *start, void *end) {
    typedef std::chrono::steady_clock::time_point Time;
    *ms = std::chrono::duration<float, std::milli>(*static_cast<Time *>(end) - *static_cast<Time *>(start)).count();
    return OK;
}
int cuEventElapsedTime(float *ms, void *start, void *end) { return cuEventElapsedTime_v2(ms, start, end); }

int cuModuleLoad(void **m, const char *) { return *m = &module, OK; }
int cuModuleLoadData(void **m, const void *) { return *m = &module, OK; }
int cuModuleUnload(void *) { return OK; }
int cuModuleGetFunction(void **function, void *, const char *name) { return *function = new std::string(name), OK; }
int cuFuncSetAttribute(void *, int attribute, int bytes) { return attribute == 8 && bytes > 227 * 1024 ? INVALID : OK; }
int cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared_bytes,
                   void *, void **parameters, void **) {
    // Our blocks share one set of fibers; programs may have threads.
    static std::mutex one;
    std::lock_guard<std::mutex> lock(one);
    // As the driver does.
    if (!gx || !gy || !gz || gy > 65535) return INVALID;
    Parameters p{parameters};
    host::launch({gx, gy, gz}, {bx, by, bz}, shared_bytes, launches++, call(*static_cast<std::string *>(function), p));
    return OK;
}

// candle makes a cuBLAS and a cuRAND handle with every device.
int cublasCreate_v2(void **handle) { return *handle = &context, OK; }
int cublasDestroy_v2(void *) { return OK; }
int cublasSetStream_v2(void *, void *) { return OK; }
int curandCreateGenerator(void **handle, int) { return *handle = &context, OK; }
int curandDestroyGenerator(void *) { return OK; }
int curandSetPseudoRandomGeneratorSeed(void *, unsigned long long) { return OK; }
int curandSetStream(void *, void *) { return OK; }
}
#pragma GCC visibility pop
