// Masked images for coalitions of segments, and what each segment contributed.
#ifndef EYEPATCH_COMMON
#include "common.cuh"
#endif

// Turns the bit matrix: bit i of shown[chunk * players + player] says whether coalition 32 * chunk + i shows the player,
// so that one load serves a pixel for 32 images. Grid: players in x, chunks in y.
extern "C" __global__ void coalition_columns(const u64 *bits, u32 *shown, u32 rows, u32 players) {
    u32 player = blockIdx.x * blockDim.x + threadIdx.x, chunk = blockIdx.y;
    if (player >= players) return;
    u32 words = (players + 63) / 64, column = 0;
    for (u32 i = 0; i < 32 && chunk * 32 + i < rows; i++) {
        u64 word = bits[index_t(chunk * 32 + i) * words + player / 64];
        column |= u32(word >> (player % 64) & 1) << i;
    }
    shown[index_t(chunk) * players + player] = column;
}

// A thread takes four pixels and writes them in 32 images, one a coalition. Values are copied as bits, whatever they
// stand for. Grid: pixels / 4 in x, chunks in y.
template <typename Id, typename Value>
__device__ inline void composite(const Value *image, const Value *background, const Id *ids, const u32 *shown, Value *out,
                                 u32 rows, u32 players, u32 planes, u32 size) {
    u32 p = (blockIdx.x * blockDim.x + threadIdx.x) * 4, chunk = blockIdx.y;
    if (p >= size) return;
    u32 count = size - p < 4 ? size - p : 4;
    bool aligned = size % 4 == 0;
    Id id[4];
    u32 here[4];
    load4(ids + p, id, count, aligned);
    for (u32 i = 0; i < 4; i++) here[i] = id[i] < players ? shown[index_t(chunk) * players + id[i]] : 0;
    u32 images = rows - chunk * 32 < 32 ? rows - chunk * 32 : 32;
    for (u32 plane = 0; plane < planes; plane++) {
        Value front[4], back[4];
        load4(image + index_t(plane) * size + p, front, count, aligned);
        load4(background + index_t(plane) * size + p, back, count, aligned);
        Value *to = out + (index_t(chunk) * 32 * planes + plane) * size + p;
        for (u32 k = 0; k < images; k++) {
            Value values[4];
            for (u32 i = 0; i < 4; i++) values[i] = here[i] >> k & 1 ? front[i] : back[i];
            store4(to + index_t(k) * planes * size, values, count, aligned);
        }
    }
}

#define COMPOSITE(NAME, ID, VALUE)                                                                                    \
    extern "C" __global__ void NAME(const VALUE *image, const VALUE *background, const ID *ids, const u32 *shown,     \
                                    VALUE *out, u32 rows, u32 players, u32 planes, u32 size) {                        \
        composite(image, background, ids, shown, out, rows, players, planes, size);                                   \
    }

COMPOSITE(composite_u16_f32, u16, float)
COMPOSITE(composite_u16_u16, u16, u16)
COMPOSITE(composite_u32_f32, u32, float)
COMPOSITE(composite_u32_u16, u32, u16)

// phi[player, class] += weight * (outputs[with] - outputs[without]), in the order of the pairs: a thread adds alone, so
// the sum is always the same. Pairs are sorted by player and start at starts[player]. Grid: players * classes.
extern "C" __global__ void coalition_pairs(const u32 *starts, const u32 *with, const u32 *without, const double *weights,
                                           const float *outputs, double *phi, u32 players, u32 classes) {
    u32 i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= players * classes) return;
    u32 player = i / classes, label = i % classes;
    double sum = phi[i];
    for (u32 k = starts[player]; k < starts[player + 1]; k++) {
        double gain = double(outputs[index_t(with[k]) * classes + label]) - double(outputs[index_t(without[k]) * classes + label]);
        sum += weights[k] * gain;
    }
    phi[i] = sum;
}

// phi[player, class] += (shown ? shown_weight : -hidden_weight) * output, coalition by coalition. `shown` is what
// `coalition_columns` made. Grid: players in x, so that a warp reads one piece of `shown`, classes in y.
extern "C" __global__ void coalition_signed(const u32 *shown, const double *shown_weights, const double *hidden_weights,
                                            const float *outputs, double *phi, u32 rows, u32 players, u32 classes) {
    u32 player = blockIdx.x * blockDim.x + threadIdx.x, label = blockIdx.y;
    if (player >= players) return;
    double sum = phi[index_t(player) * classes + label];
    u32 column = 0;
    for (u32 row = 0; row < rows; row++) {
        if (row % 32 == 0) column = shown[index_t(row / 32) * players + player];
        double weight = column >> row % 32 & 1 ? shown_weights[row] : -hidden_weights[row];
        sum += weight * double(outputs[index_t(row) * classes + label]);
    }
    phi[index_t(player) * classes + label] = sum;
}

// One image a coalition of boxes: what lies in one of coalition k's boxes, boxes[starts[k]] to boxes[starts[k + 1] - 1], is
// the image's, all else the background's. A box is six numbers:
// rows, columns and planes, from the first to before the last. A thread takes four pixels of a row in one plane. Grid: pixels / 4 in x (a row
// begins a thread), coalitions in y.
extern "C" __global__ void composite_boxes(const float *image, const float *background, const u32 *boxes, const u32 *starts,
                                           float *out, u32 planes, u32 height, u32 width) {
    u32 quads = (width + 3) / 4, i = blockIdx.x * blockDim.x + threadIdx.x, k = blockIdx.y;
    if (i >= quads * height * planes) return;
    u32 left = i % quads * 4, row = i / quads % height, plane = i / quads / height;
    u32 count = width - left < 4 ? width - left : 4;
    bool aligned = width % 4 == 0, shown[4] = {};
    for (u32 b = starts[k]; b < starts[k + 1]; b++) {
        const u32 *box = boxes + index_t(b) * 6;
        if (row < box[0] || row >= box[1] || plane < box[4] || plane >= box[5]) continue;
        for (u32 j = 0; j < 4; j++) shown[j] = shown[j] || (left + j >= box[2] && left + j < box[3]);
    }
    index_t size = index_t(planes) * height * width, at = (index_t(plane) * height + row) * width + left;
    float front[4], back[4], values[4];
    load4(image + at, front, count, aligned);
    load4(background + at, back, count, aligned);
    for (u32 j = 0; j < 4; j++) values[j] = shown[j] ? front[j] : back[j];
    store4(out + k * size + at, values, count, aligned);
}
