// What a network does between its matrix products. Activations are f32, pixel by pixel (NHWC), their channels the columns
// of wider rows: channel c of pixel p is x[offset + p * stride + c], so that a concatenation is a place to write to.
//
// A thread takes four channels of a pixel where all offsets, strides and numbers of channels allow it (WIDE is 4), else one.
#ifndef EYEPATCH_COMMON
#include "common.cuh"
#endif

// Channels of pixels that lie `stride` apart.
template <typename Value> struct Columns {
    Value *values;
    u32 offset, stride;

    __device__ inline Value *at(u32 pixel, u32 channel) const { return values + index_t(pixel) * stride + offset + channel; }
};

template <u32 WIDE> __device__ inline void load(const float *from, float to[WIDE]) {
    if (WIDE == 4) return load4(from, to, 4, true);
    to[0] = *from;
}

template <u32 WIDE> __device__ inline void store(float *to, const float from[WIDE]) {
    if (WIDE == 4) return store4(to, from, 4, true);
    *to = from[0];
}

// max(scale * x + shift, floor) for some channels; no change where there is no scale.
template <u32 WIDE> struct Change {
    float scale[WIDE], shift[WIDE];
    bool relu;

    __device__ inline Change(const float *scales, const float *shifts, u32 channel, u32 relu) : relu(relu != 0) {
        for (u32 i = 0; i < WIDE; i++) {
            scale[i] = scales ? scales[channel + i] : 1.0f;
            shift[i] = shifts ? shifts[channel + i] : 0.0f;
        }
    }

    __device__ inline float of(float x, u32 i) const {
        float y = x * scale[i] + shift[i];
        return relu && y < 0.0f ? 0.0f : y;
    }
};

// Splits this thread's number into a pixel and its first channel; false past the last pixel.
template <u32 WIDE> __device__ inline bool place(u32 pixels, u32 channels, u32 &pixel, u32 &channel) {
    u32 i = blockIdx.x * blockDim.x + threadIdx.x, groups = channels / WIDE;
    pixel = i / groups, channel = i % groups * WIDE;
    return pixel < pixels;
}

template <u32 WIDE>
__device__ inline void affine(Columns<const float> x, const float *scale, const float *shift, Columns<float> y, u32 pixels,
                              u32 channels, u32 relu) {
    u32 pixel, channel;
    if (!place<WIDE>(pixels, channels, pixel, channel)) return;
    Change<WIDE> change(scale, shift, channel, relu);
    float v[WIDE];
    load<WIDE>(x.at(pixel, channel), v);
    for (u32 i = 0; i < WIDE; i++) v[i] = change.of(v[i], i);
    store<WIDE>(y.at(pixel, channel), v);
}

// As affine, then the mean over 2 x 2 pixels; `pixels` are results of height x width images, the input's rows are `row` wide
// and its images `image` pixels large.
template <u32 WIDE>
__device__ inline void affine_mean(Columns<const float> x, const float *scale, const float *shift, Columns<float> y, u32 pixels,
                                   u32 channels, u32 relu, u32 height, u32 width, u32 row, u32 image) {
    u32 pixel, channel;
    if (!place<WIDE>(pixels, channels, pixel, channel)) return;
    Change<WIDE> change(scale, shift, channel, relu);
    u32 n = pixel / (height * width), at = pixel % (height * width);
    u32 corner = n * image + at / width * 2 * row + at % width * 2;
    float sum[WIDE] = {};
    for (u32 k = 0; k < 4; k++) {
        float v[WIDE];
        load<WIDE>(x.at(corner + k / 2 * row + k % 2, channel), v);
        for (u32 i = 0; i < WIDE; i++) sum[i] = sum[i] + change.of(v[i], i);
    }
    for (u32 i = 0; i < WIDE; i++) sum[i] = sum[i] * 0.25f;
    store<WIDE>(y.at(pixel, channel), sum);
}

template <u32 WIDE>
__device__ inline void bias(Columns<float> y, const float *shift, u32 pixels, u32 channels, u32 relu) {
    u32 pixel, channel;
    if (!place<WIDE>(pixels, channels, pixel, channel)) return;
    Change<WIDE> change(nullptr, shift, channel, relu);
    float v[WIDE];
    load<WIDE>(y.at(pixel, channel), v);
    for (u32 i = 0; i < WIDE; i++) v[i] = change.of(v[i], i);
    store<WIDE>(y.at(pixel, channel), v);
}

// The end of a convolution with stride 1 whose weights of all side x side places were applied to every pixel: the products
// `x` hold channels of place 0, of place 1, ... Each result gathers its neighbours'.
template <u32 WIDE>
__device__ inline void taps(const float *x, const float *shift, Columns<float> y, u32 pixels, u32 channels, u32 relu, u32 height,
                            u32 width, u32 side, u32 padding) {
    u32 pixel, channel;
    if (!place<WIDE>(pixels, channels, pixel, channel)) return;
    Change<WIDE> change(nullptr, shift, channel, relu);
    u32 at = pixel % (height * width), r = at / width, c = at % width, first = pixel - at;
    float sum[WIDE] = {};
    for (u32 dy = 0; dy < side; dy++) {
        u32 row = r + dy - padding; // wraps where it lies above the image: then it is not below `height`
        if (row >= height) continue;
        for (u32 dx = 0; dx < side; dx++) {
            u32 column = c + dx - padding;
            if (column >= width) continue;
            float v[WIDE];
            index_t place = index_t(first + row * width + column) * (side * side) + dy * side + dx;
            load<WIDE>(x + place * channels + channel, v);
            for (u32 i = 0; i < WIDE; i++) sum[i] = sum[i] + v[i];
        }
    }
    for (u32 i = 0; i < WIDE; i++) sum[i] = change.of(sum[i], i);
    store<WIDE>(y.at(pixel, channel), sum);
}

// A window that slides over images: from height x width to to_height x to_width.
struct Window {
    u32 height, width, to_height, to_width, side, stride, padding;
};

// All that a window sees, place by place, zeros where it looks past the border. Here a thread's "pixel" is a place of a window.
template <u32 WIDE> __device__ inline void columns(Columns<const float> x, float *y, u32 pixels, u32 channels, Window w) {
    u32 places = w.side * w.side, pixel, channel;
    if (!place<WIDE>(pixels * places, channels, pixel, channel)) return;
    u32 k = pixel % places, to = pixel / places, image = w.to_height * w.to_width, at = to % image;
    u32 row = at / w.to_width * w.stride + k / w.side - w.padding, column = at % w.to_width * w.stride + k % w.side - w.padding;
    float v[WIDE] = {};
    if (row < w.height && column < w.width) load<WIDE>(x.at(to / image * w.height * w.width + row * w.width + column, channel), v);
    store<WIDE>(y + index_t(pixel) * channels + channel, v);
}

// The largest that a window sees, or the mean of it with zeros past the border.
template <u32 WIDE> __device__ inline void pool(Columns<const float> x, Columns<float> y, u32 pixels, u32 channels, u32 mean, Window w) {
    u32 pixel, channel;
    if (!place<WIDE>(pixels, channels, pixel, channel)) return;
    u32 image = w.to_height * w.to_width, at = pixel % image, first = pixel / image * w.height * w.width;
    u32 top = at / w.to_width * w.stride - w.padding, left = at % w.to_width * w.stride - w.padding;
    float best[WIDE] = {};
    bool any = mean != 0;
    for (u32 dy = 0; dy < w.side; dy++) {
        for (u32 dx = 0; dx < w.side; dx++) {
            u32 row = top + dy, column = left + dx;
            if (row >= w.height || column >= w.width) continue;
            float v[WIDE];
            load<WIDE>(x.at(first + row * w.width + column, channel), v);
            for (u32 i = 0; i < WIDE; i++) best[i] = mean ? best[i] + v[i] : (!any || v[i] > best[i] ? v[i] : best[i]);
            any = true;
        }
    }
    if (mean) {
        float all = float(w.side * w.side);
        for (u32 i = 0; i < WIDE; i++) best[i] = best[i] / all;
    }
    store<WIDE>(y.at(pixel, channel), best);
}

template <u32 WIDE>
__device__ inline void add(Columns<const float> a, Columns<const float> b, Columns<float> y, u32 pixels, u32 channels, u32 relu) {
    u32 pixel, channel;
    if (!place<WIDE>(pixels, channels, pixel, channel)) return;
    float v[WIDE], other[WIDE];
    load<WIDE>(a.at(pixel, channel), v);
    load<WIDE>(b.at(pixel, channel), other);
    for (u32 i = 0; i < WIDE; i++) {
        v[i] = v[i] + other[i];
        if (relu && v[i] < 0.0f) v[i] = 0.0f;
    }
    store<WIDE>(y.at(pixel, channel), v);
}

#define READ(X) const float *X, u32 X##_offset, u32 X##_stride
#define WRITTEN(X) float *X, u32 X##_offset, u32 X##_stride
#define COLUMNS(X) {X, X##_offset, X##_stride}

#define NETWORK(WIDE)                                                                                                            \
    extern "C" __global__ void network_affine_##WIDE(READ(x), const float *scale, const float *shift, WRITTEN(y), u32 pixels,    \
                                                     u32 channels, u32 relu) {                                                   \
        affine<WIDE>(COLUMNS(x), scale, shift, COLUMNS(y), pixels, channels, relu);                                              \
    }                                                                                                                            \
    extern "C" __global__ void network_affine_mean_##WIDE(READ(x), const float *scale, const float *shift, WRITTEN(y),           \
                                                          u32 pixels, u32 channels, u32 relu, u32 height, u32 width, u32 row,    \
                                                          u32 image) {                                                           \
        affine_mean<WIDE>(COLUMNS(x), scale, shift, COLUMNS(y), pixels, channels, relu, height, width, row, image);              \
    }                                                                                                                            \
    extern "C" __global__ void network_bias_##WIDE(WRITTEN(y), const float *shift, u32 pixels, u32 channels, u32 relu) {         \
        bias<WIDE>(COLUMNS(y), shift, pixels, channels, relu);                                                                   \
    }                                                                                                                            \
    extern "C" __global__ void network_taps_##WIDE(const float *x, const float *shift, WRITTEN(y), u32 pixels, u32 channels,     \
                                                   u32 relu, u32 height, u32 width, u32 side, u32 padding) {                     \
        taps<WIDE>(x, shift, COLUMNS(y), pixels, channels, relu, height, width, side, padding);                                  \
    }                                                                                                                            \
    extern "C" __global__ void network_columns_##WIDE(READ(x), float *y, u32 pixels, u32 channels, u32 height, u32 width,        \
                                                      u32 to_height, u32 to_width, u32 side, u32 stride, u32 padding) {          \
        Window window = {height, width, to_height, to_width, side, stride, padding};                                             \
        columns<WIDE>(COLUMNS(x), y, pixels, channels, window);                                                                  \
    }                                                                                                                            \
    extern "C" __global__ void network_pool_##WIDE(READ(x), WRITTEN(y), u32 pixels, u32 channels, u32 mean, u32 height,          \
                                                   u32 width, u32 to_height, u32 to_width, u32 side, u32 stride, u32 padding) {  \
        Window window = {height, width, to_height, to_width, side, stride, padding};                                             \
        pool<WIDE>(COLUMNS(x), COLUMNS(y), pixels, channels, mean, window);                                                      \
    }                                                                                                                            \
    extern "C" __global__ void network_add_##WIDE(READ(a), READ(b), WRITTEN(y), u32 pixels, u32 channels, u32 relu) {            \
        add<WIDE>(COLUMNS(a), COLUMNS(b), COLUMNS(y), pixels, channels, relu);                                                   \
    }

NETWORK(1)
NETWORK(4)

// Planes (NCHW) to pixels (NHWC), from image `first` on. `pixels` are of all images, `size` of one.
extern "C" __global__ void network_pixels(const float *x, float *y, u32 pixels, u32 channels, u32 size, u32 first) {
    u32 pixel = blockIdx.x * blockDim.x + threadIdx.x;
    if (pixel >= pixels) return;
    u32 image = first + pixel / size, at = pixel % size;
    for (u32 c = 0; c < channels; c++) y[index_t(pixel) * channels + c] = x[(index_t(image) * channels + c) * size + at];
}

// The mean over all `size` pixels of each image, changed as by affine. A thread adds alone and in order. Grid: channels in x,
// images in y.
extern "C" __global__ void network_mean(READ(x), const float *scale, const float *shift, float *y, u32 channels, u32 relu, u32 size) {
    u32 channel = blockIdx.x * blockDim.x + threadIdx.x, image = blockIdx.y;
    if (channel >= channels) return;
    Columns<const float> columns = COLUMNS(x);
    Change<1> change(scale, shift, channel, relu);
    double sum = 0.0;
    for (u32 p = 0; p < size; p++) sum += double(change.of(*columns.at(image * size + p, channel), 0));
    y[index_t(image) * channels + channel] = float(sum / double(size));
}
