// What all kernels share. NVRTC has no <cstdint>, so the widths are named here; they hold on every CUDA target.
#ifndef EYEPATCH_COMMON
#define EYEPATCH_COMMON

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef u64 index_t; // into whole batches, which may pass 2^32 values

// Four neighbours of one type, moved by one instruction where they are aligned.
template <typename T> struct Four;
template <> struct Four<u8> { typedef uchar4 type; };
template <> struct Four<u16> { typedef ushort4 type; };
template <> struct Four<short> { typedef short4 type; };
template <> struct Four<int> { typedef int4 type; };
template <> struct Four<u32> { typedef uint4 type; };
template <> struct Four<float> { typedef float4 type; };

// Reads values[0..count], count at most 4. `aligned` says that there are four, at an address divisible by their size.
template <typename T> __device__ inline void load4(const T *values, T out[4], u32 count, bool aligned) {
    if (aligned) {
        typename Four<T>::type v = *reinterpret_cast<const typename Four<T>::type *>(values);
        out[0] = v.x, out[1] = v.y, out[2] = v.z, out[3] = v.w;
        return;
    }
    for (u32 i = 0; i < 4; i++) out[i] = i < count ? values[i] : T(0);
}

template <typename T> __device__ inline void store4(T *values, const T in[4], u32 count, bool aligned) {
    if (aligned) {
        typename Four<T>::type v;
        v.x = in[0], v.y = in[1], v.z = in[2], v.w = in[3];
        *reinterpret_cast<typename Four<T>::type *>(values) = v;
        return;
    }
    for (u32 i = 0; i < 4; i++)
        if (i < count) values[i] = in[i];
}

#endif
