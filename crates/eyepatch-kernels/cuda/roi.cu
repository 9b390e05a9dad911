// Signed city-block distance of a batch of masks and its thresholds: every dilation and erosion at once.
//
// Two kernels. `roi_rows` reads the masks, a byte a pixel, and keeps half a byte a pixel: for every word of 32 pixels
// its bits and how far the nearest inside and outside pixels lie beyond either end of it, along the row. From that
// the signed distance along the row of any pixel is a few bit operations. `roi_levels` and `roi_thresholds` sweep
// columns in shared memory and write the answer. So little more moves than masks in and results out.
//
// A level is the smallest radius at which a pixel is inside: the distance to the inside for outside pixels, 1 minus
// the distance to the outside for inside pixels. Distances fit 15 bits: the host refuses width + height > FAR.
#ifndef EYEPATCH_COMMON
#include "common.cuh"
#endif

static const int FAR = 32767; // no such pixel
static const int NEVER = 0x7fffffff;
static const int ALWAYS = -NEVER - 1;
static const u32 ALL = 0xffffffffu; // lanes of a warp

// One word of a row: `inside` has its pixels' bits; `set` and `clear` hold the distance from its first pixel to the
// nearest inside (outside) pixel left of it in the low half, from its 32nd pixel to the right in the high half.
__device__ inline uint4 word_record(u32 inside, u32 set, u32 clear) {
    uint4 r;
    r.x = inside, r.y = set, r.z = clear, r.w = 0;
    return r;
}

__device__ inline int nearer(int a, int b) { return a < b ? a : b; }

// One bit for each of four bytes that is not 0.
__device__ inline u32 four_bits(u32 bytes) {
    u32 high = (((bytes & 0x7f7f7f7fu) + 0x7f7f7f7fu) | bytes) & 0x80808080u;
    return ((high >> 7) * 0x01020408u) >> 24 & 0xf;
}

// Bits of the `count` pixels at `mask`.
__device__ inline u32 read_word(const u8 *mask, u32 count, bool aligned) {
    u32 word = 0;
    if (aligned && count == 32) {
        const uint4 *four = reinterpret_cast<const uint4 *>(mask);
        uint4 a = four[0], b = four[1];
        word = four_bits(a.x) | four_bits(a.y) << 4 | four_bits(a.z) << 8 | four_bits(a.w) << 12;
        return word | four_bits(b.x) << 16 | four_bits(b.y) << 20 | four_bits(b.z) << 24 | four_bits(b.w) << 28;
    }
    for (u32 i = 0; i < count; i++) word |= u32(mask[i] != 0) << i;
    return word;
}

// The nearest pixel left of this lane's word that has its bit in `bits`, from the words of `group` lanes: distance to
// the word's first pixel. `carry` is that distance for the group's first word, and becomes the next group's.
__device__ inline int look_left(u32 bits, u32 lane, u32 group, int *carry) {
    u32 base = threadIdx.x % 32 - lane;
    u32 some = __ballot_sync(ALL, bits != 0) >> base & (ALL >> (32 - group));
    u32 left = some & ((1u << lane) - 1);
    u32 source = left ? 31 - __clz(left) : 0, last = some ? 31 - __clz(some) : 0;
    u32 word = __shfl_sync(ALL, bits, base + source), end = __shfl_sync(ALL, bits, base + last);
    int own = left ? int(32 * (lane - source)) - (31 - __clz(word)) : nearer(*carry + int(32 * lane), FAR);
    *carry = some ? int(32 * (group - last)) - (31 - __clz(end)) : nearer(*carry + int(32 * group), FAR);
    return own;
}

// As `look_left`, to the right: distance from the word's 32nd pixel.
__device__ inline int look_right(u32 bits, u32 lane, u32 group, int *carry) {
    u32 base = threadIdx.x % 32 - lane;
    u32 some = __ballot_sync(ALL, bits != 0) >> base & (ALL >> (32 - group));
    u32 right = some & ~((2u << lane) - 1);
    u32 source = right ? __ffs(right) - 1 : 0, first = some ? __ffs(some) - 1 : 0;
    u32 word = __shfl_sync(ALL, bits, base + source), start = __shfl_sync(ALL, bits, base + first);
    u32 beyond = group - 1 - lane;
    int own = right ? int(32 * (source - lane)) + __ffs(word) - 32 : nearer(*carry + int(32 * beyond), FAR);
    *carry = some ? int(32 * first) + __ffs(start) : nearer(*carry + int(32 * group), FAR);
    return own;
}

// A warp takes 32 / group rows, a lane a word; rows of more than 32 words go in steps. Grid: all rows of the batch.
// `words` is [image][word of the row][row], so that a column of words is read in one piece afterwards.
extern "C" __global__ void roi_rows(const u8 *masks, uint4 *words, u32 rows, u32 width, u32 height, u32 group) {
    u32 row = (blockIdx.x * blockDim.x + threadIdx.x) / group, lane = threadIdx.x % group;
    u32 per_row = (width + 31) / 32, steps = (per_row + group - 1) / group;
    bool here = row < rows, aligned = width % 16 == 0;
    const u8 *mask = masks + index_t(here ? row : 0) * width;
    uint4 *column = words + (index_t(row / height) * per_row) * height + row % height;

    uint4 mine = word_record(0, 0, 0);
    int set = FAR, clear = FAR;
    for (u32 step = 0; step < steps; step++) {
        u32 word = step * group + lane, count = 0;
        if (here && word < per_row) count = width - 32 * word < 32 ? width - 32 * word : 32;
        u32 inside = read_word(mask + 32 * word, count, aligned);
        u32 outside = count ? ~inside & (ALL >> (32 - count)) : 0;
        u32 to_set = look_left(inside, lane, group, &set);
        u32 to_clear = look_left(outside, lane, group, &clear);
        mine = word_record(inside, to_set, to_clear);
        // The way back needs it again; a row of one step keeps it.
        if (steps > 1 && count) column[index_t(word) * height] = mine;
    }
    set = FAR, clear = FAR;
    for (u32 step = steps; step-- > 0;) {
        u32 word = step * group + lane, count = 0;
        if (here && word < per_row) count = width - 32 * word < 32 ? width - 32 * word : 32;
        if (steps > 1) mine = count ? column[index_t(word) * height] : word_record(0, 0, 0);
        u32 outside = count ? ~mine.x & (ALL >> (32 - count)) : 0;
        u32 to_set = look_right(mine.x, lane, group, &set);
        u32 to_clear = look_right(outside, lane, group, &clear);
        if (count) column[index_t(word) * height] = word_record(mine.x, mine.y | to_set << 16, mine.z | to_clear << 16);
    }
}

// Signed distance along the row of the word's pixel `bit`: positive outside, negative inside, never 0.
__device__ inline int along_row(uint4 word, u32 bit, u32 valid) {
    bool inside = word.x >> bit & 1;
    u32 sought = inside ? ~word.x & valid : word.x, beyond = inside ? word.z : word.y;
    u32 left = sought & ((2u << bit) - 1), right = sought >> bit;
    int to_left = left ? int(bit) - (31 - __clz(left)) : int(beyond & 0xffff) + int(bit);
    int to_right = right ? __ffs(right) - 1 : int(beyond >> 16) + int(31 - bit);
    int distance = nearer(nearer(to_left, to_right), FAR);
    return inside ? -distance : distance;
}

// Distance to the inside (outside) that a signed distance stands for.
__device__ inline int to_inside(int d) { return d > 0 ? d : 0; }
__device__ inline int to_outside(int d) { return d < 0 ? -d : 0; }

// Sweeps distances along a column: each becomes the nearer of itself and one more than the one before, on either side.
// A pixel is 0 away from its own side, so one signed number carries both distances.
struct Reach {
    int inside, outside;
    __device__ int pass(int d) {
        inside = nearer(to_inside(d), inside + 1), outside = nearer(to_outside(d), outside + 1);
        return d > 0 ? inside : -outside;
    }
};

struct Levels {
    int *out;
    __device__ void write(index_t pixel, const int levels[4], u32 count, bool aligned) const {
        store4(out + pixel, levels, count, aligned);
    }
};

// One mask a radius, [radius][image][row][column].
struct Thresholds {
    u8 *out;
    const int *radii;
    u32 count_radii;
    index_t batch; // pixels of all images
    __device__ void write(index_t pixel, const int levels[4], u32 count, bool aligned) const {
        for (u32 r = 0; r < count_radii; r++) {
            int radius = __ldg(radii + r);
            u8 inside[4];
            for (u32 i = 0; i < 4; i++) inside[i] = levels[i] <= radius;
            store4(out + r * batch + pixel, inside, count, aligned);
        }
    }
};

// A block takes `columns` (8, 16 or 32, so all in one word) columns of one image, top to bottom, in shared memory:
// 2 bytes a pixel, then 8 bytes a thread. Each thread sweeps one strip of one column; strips then meet through their
// edges. Grid: images * tiles, tiles fastest.
template <typename Out>
__device__ inline void sweep_columns(const uint4 *words, u32 width, u32 height, u32 columns, const Out &out) {
    extern __shared__ uint4 shared[];
    short *tile = reinterpret_cast<short *>(shared);
    // After the tile, whose size in bytes is a multiple of 16 as `columns` is a multiple of 8.
    short4 *edges = reinterpret_cast<short4 *>(tile + height * columns);

    u32 tiles = (width + columns - 1) / columns;
    u32 image = blockIdx.x / tiles, x0 = blockIdx.x % tiles * columns;
    u32 per_row = (width + 31) / 32, first_bit = x0 % 32;
    u32 in_word = width - (x0 - first_bit), valid = in_word < 32 ? ALL >> (32 - in_word) : ALL;
    const uint4 *column = words + (index_t(image) * per_row + x0 / 32) * height;

    // Within each strip, down and up: each thread alone, several rows in flight. Columns past the width are computed and
    // never written.
    u32 strips = blockDim.x / columns, rows = (height + strips - 1) / strips;
    u32 x = threadIdx.x % columns, strip = threadIdx.x / columns;
    u32 top = strip * rows, bottom = top + rows < height ? top + rows : height;
    Reach reach = {FAR, FAR};
    for (u32 y = top; y < bottom; y += 4) {
        uint4 word[4];
#pragma unroll
        for (u32 i = 0; i < 4; i++)
            if (y + i < bottom) word[i] = column[y + i];
#pragma unroll
        for (u32 i = 0; i < 4; i++)
            if (y + i < bottom) tile[(y + i) * columns + x] = reach.pass(along_row(word[i], first_bit + x, valid));
    }
    reach = {FAR, FAR};
    for (u32 left = bottom > top ? bottom - top : 0; left;) {
        u32 count = left < 8 ? left : 8;
        short *last = tile + (top + left - 1) * columns + x;
        int d[8];
#pragma unroll
        for (u32 i = 0; i < 8; i++) d[i] = i < count ? *(last - i * columns) : 0;
#pragma unroll
        for (u32 i = 0; i < 8; i++)
            if (i < count) *(last - i * columns) = reach.pass(d[i]);
        left -= count;
    }
    __syncthreads();

    // What comes in over a strip's edges: from its top row to the nearest pixels above, from its bottom row below.
    int above_in = FAR, above_out = FAR, below_in = FAR, below_out = FAR;
    for (u32 other = 0; other < strips && other * rows < height; other++) {
        u32 first = other * rows, last = (first + rows < height ? first + rows : height) - 1;
        if (other < strip) {
            int d = tile[last * columns + x], away = int(top) - int(last);
            above_in = nearer(above_in, to_inside(d) + away), above_out = nearer(above_out, to_outside(d) + away);
        } else if (other > strip) {
            int d = tile[first * columns + x], away = int(first) - (int(bottom) - 1);
            below_in = nearer(below_in, to_inside(d) + away), below_out = nearer(below_out, to_outside(d) + away);
        }
    }
    short4 edge;
    edge.x = above_in, edge.y = above_out, edge.z = below_in, edge.w = below_out;
    edges[threadIdx.x] = edge;
    __syncthreads();

    // The answer, four columns a thread.
    u32 fours = columns / 4, left = threadIdx.x % fours * 4, y_first = threadIdx.x / fours, y_step = blockDim.x / fours;
    if (x0 + left >= width) return;
    bool aligned = width % 4 == 0;
    u32 count = width - (x0 + left) < 4 ? width - (x0 + left) : 4;
    u32 s = 0, s_top = 0, s_end = rows;
    for (u32 y = y_first; y < height; y += y_step) {
        while (y >= s_end) s++, s_top += rows, s_end += rows;
        int from_top = int(y - s_top), from_bottom = int((s_end < height ? s_end : height) - 1 - y);
        short own[4];
        load4(tile + y * columns + left, own, 4, true);
        int levels[4];
        for (u32 c = 0; c < 4; c++) {
            short4 e = edges[s * columns + left + c];
            int d = own[c];
            if (d > 0) {
                d = nearer(d, nearer(e.x + from_top, e.z + from_bottom));
                levels[c] = d >= FAR ? NEVER : d;
            } else {
                d = nearer(-d, nearer(e.y + from_top, e.w + from_bottom));
                levels[c] = d >= FAR ? ALWAYS : 1 - d;
            }
        }
        out.write((index_t(image) * height + y) * width + x0 + left, levels, count, aligned);
    }
}

extern "C" __global__ void __launch_bounds__(256, 6) roi_levels(const uint4 *words, int *out, u32 width, u32 height, u32 columns) {
    Levels levels = {out};
    sweep_columns(words, width, height, columns, levels);
}

extern "C" __global__ void __launch_bounds__(256, 6) roi_sweep(const uint4 *words, const int *radii, u8 *out, u32 count_radii,
                                                               u64 batch, u32 width, u32 height, u32 columns) {
    Thresholds thresholds = {out, radii, count_radii, batch};
    sweep_columns(words, width, height, columns, thresholds);
}

// Thresholds of levels that are kept. A thread takes four pixels of the batch, whatever image they are of.
extern "C" __global__ void roi_thresholds(const int *levels, const int *radii, u8 *out, u32 count_radii, u64 batch) {
    index_t pixel = (index_t(blockIdx.x) * blockDim.x + threadIdx.x) * 4;
    if (pixel >= batch) return;
    u32 count = batch - pixel < 4 ? u32(batch - pixel) : 4;
    int own[4];
    load4(levels + pixel, own, count, count == 4);
    Thresholds thresholds = {out, radii, count_radii, batch};
    thresholds.write(pixel, own, count, batch % 4 == 0);
}
