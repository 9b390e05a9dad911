// Region, fill and normalisation of a batch: interleaved pixels as stored in, normalised planes (NCHW) out.
//
// A thread takes four pixels of one image: a load for each of their channels, a store for each plane. Multiply and add
// are not fused (the host compiles with --fmad=false), so results are the CPU's bit for bit.
#ifndef EYEPATCH_COMMON
#include "common.cuh"
#endif

// To half precision, to nearest, ties to even.
__device__ inline void convert(float value, float *out) { *out = value; }
__device__ inline void convert(float value, u16 *out) {
#ifdef __CUDA_ARCH__
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(*out) : "f"(value));
#else
    *out = host_half(value);
#endif
}

// What a batch is made of. `constants` holds CHANNELS values an image, `covers` an image for each; the one that is not
// the fill is null.
template <typename Pixel> struct Batch {
    const Pixel *pixels;
    const u8 *visible;
    const float *constants;
    const Pixel *covers;
    u32 size;   // pixels an image
    u32 blocks; // an image
};

// Grid: images * blocks.
template <u32 CHANNELS, typename Pixel, typename Value>
__device__ inline void compose(const Batch<Pixel> &batch, u32 planes, const float scale[3], const float offset[3], Value *out) {
    u32 size = batch.size, image = blockIdx.x / batch.blocks;
    u32 p = (blockIdx.x % batch.blocks * blockDim.x + threadIdx.x) * 4;
    if (p >= size) return;
    u32 count = size - p < 4 ? size - p : 4;
    // Where an image is a multiple of four pixels, so is everything in front of this thread's four, in every plane.
    bool aligned = size % 4 == 0;
    index_t at = index_t(image) * size + p;

    u8 shown[4];
    load4(batch.visible + at, shown, count, aligned);
    Pixel own[4 * CHANNELS], cover[4 * CHANNELS] = {};
    for (u32 k = 0; k < CHANNELS; k++) {
        u32 rest = count * CHANNELS > 4 * k ? count * CHANNELS - 4 * k : 0;
        load4(batch.pixels + at * CHANNELS + 4 * k, own + 4 * k, rest, aligned);
        if (batch.covers) load4(batch.covers + at * CHANNELS + 4 * k, cover + 4 * k, rest, aligned);
    }
#pragma unroll
    for (u32 o = 0; o < 3; o++) {
        if (o >= planes) break;
        u32 c = CHANNELS == 1 ? 0 : o;
        float constant = batch.constants ? __ldg(batch.constants + image * CHANNELS + c) : 0.0f;
        Value values[4];
        for (u32 i = 0; i < 4; i++) {
            float hidden = batch.covers ? float(cover[i * CHANNELS + c]) : constant;
            float value = shown[i] ? float(own[i * CHANNELS + c]) : hidden;
            convert(value * scale[o] + offset[o], values + i);
        }
        store4(out + (index_t(image) * planes + o) * size + p, values, count, aligned);
    }
}

#define COMPOSE(NAME, PIXEL, VALUE, CHANNELS)                                                                            \
    extern "C" __global__ void NAME(const PIXEL *pixels, const u8 *visible, const float *constants, const PIXEL *covers, \
                                    VALUE *out, u32 size, u32 blocks, u32 planes, float scale0, float scale1,            \
                                    float scale2, float offset0, float offset1, float offset2) {                         \
        Batch<PIXEL> batch = {pixels, visible, constants, covers, size, blocks};                                         \
        float scale[3] = {scale0, scale1, scale2}, offset[3] = {offset0, offset1, offset2};                              \
        compose<CHANNELS>(batch, planes, scale, offset, out);                                                            \
    }

COMPOSE(compose_u8_f32_1, u8, float, 1)
COMPOSE(compose_u8_f32_3, u8, float, 3)
COMPOSE(compose_u8_u16_1, u8, u16, 1)
COMPOSE(compose_u8_u16_3, u8, u16, 3)
COMPOSE(compose_u16_f32_1, u16, float, 1)
COMPOSE(compose_u16_f32_3, u16, float, 3)
COMPOSE(compose_u16_u16_1, u16, u16, 1)
COMPOSE(compose_u16_u16_3, u16, u16, 3)
COMPOSE(compose_f32_f32_1, float, float, 1)
COMPOSE(compose_f32_f32_3, float, float, 3)
COMPOSE(compose_f32_u16_1, float, u16, 1)
COMPOSE(compose_f32_u16_3, float, u16, 3)
