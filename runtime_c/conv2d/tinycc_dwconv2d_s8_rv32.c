#include <string.h>

#include "tinycc_conv2d.h"

#if defined(__riscv)

#include "tinycc_dot_s8_rv32.h"

/* One tap of one pixel: four channels. */
#define TINYCC_DWCONV2D_S8_RV32_TAP(s, tap)                                                        \
    do {                                                                                           \
        const int8_t *const x = (tap) + channel;                                                   \
        TINYCC_PRODUCT_RV32(s##0, w0, x[0]);                                                       \
        TINYCC_PRODUCT_RV32(s##1, w1, x[1]);                                                       \
        TINYCC_PRODUCT_RV32(s##2, w2, x[2]);                                                       \
        TINYCC_PRODUCT_RV32(s##3, w3, x[3]);                                                       \
    } while (0)

/* Four channels of four pixels, whose taps are taps[4 * i], taps[4 * i + 1], ... */
TINYCC_ALONE_RV32 void tinycc_dwconv2d_s8_rv32_four(
    const int32_t *packed, const int8_t *const *taps, int32_t count, int32_t channel, int32_t *sums)
{
    const int8_t *w = (const int8_t *)(packed + 4);
    int32_t a0 = packed[0], a1 = packed[1], a2 = packed[2], a3 = packed[3];
    int32_t b0 = a0, b1 = a1, b2 = a2, b3 = a3, c0 = a0, c1 = a1, c2 = a2, c3 = a3;
    int32_t d0 = a0, d1 = a1, d2 = a2, d3 = a3;
    for (const int8_t *const *const end = taps + 4 * count; taps < end; taps += 4) {
        const int32_t w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];
        TINYCC_DWCONV2D_S8_RV32_TAP(a, taps[0]);
        TINYCC_DWCONV2D_S8_RV32_TAP(b, taps[1]);
        TINYCC_DWCONV2D_S8_RV32_TAP(c, taps[2]);
        TINYCC_DWCONV2D_S8_RV32_TAP(d, taps[3]);
        w += 4;
    }
    sums[0] = a0, sums[1] = a1, sums[2] = a2, sums[3] = a3;
    sums[4] = b0, sums[5] = b1, sums[6] = b2, sums[7] = b3;
    sums[8] = c0, sums[9] = c1, sums[10] = c2, sums[11] = c3;
    sums[12] = d0, sums[13] = d1, sums[14] = d2, sums[15] = d3;
}

/* Four channels of one pixel, the first of each four in `taps`. */
TINYCC_ALONE_RV32 void tinycc_dwconv2d_s8_rv32_one(
    const int32_t *packed, const int8_t *const *taps, int32_t count, int32_t channel, int32_t *sums)
{
    const int8_t *w = (const int8_t *)(packed + 4);
    int32_t a0 = packed[0], a1 = packed[1], a2 = packed[2], a3 = packed[3];
    for (const int8_t *const *const end = taps + 4 * count; taps < end; taps += 4) {
        const int32_t w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];
        TINYCC_DWCONV2D_S8_RV32_TAP(a, taps[0]);
        w += 4;
    }
    sums[0] = a0, sums[1] = a1, sums[2] = a2, sums[3] = a3;
}

/* Where the first channel of each tap of a pixel lies, into every fourth pointer. */
static void tinycc_find_taps_rv32(const tinycc_conv2d_s8_dsp_params *p, const void *const *rows,
                                  int32_t left, const int8_t *zeros, const int8_t **taps)
{
    for (int32_t ky = 0; ky < p->kernel_height; ky++) {
        const int8_t *row = rows[ky * p->dilation_height];
        int32_t column = left;
        for (int32_t kx = 0; kx < p->kernel_width; kx++) {
            const int inside = row != NULL && column >= 0 && column < p->in_width;
            *taps = inside ? row + column * p->in_channels : zeros;
            taps += 4;
            column += p->dilation_width;
        }
    }
}

/* All channels of a block of 1 or 4 pixels. The last group ends with the last channel: it may make
 * channels of the one before once more. */
static void tinycc_dwconv2d_s8_rv32_block(const tinycc_conv2d_s8_dsp_params *p,
                                          const int8_t *const *taps, int8_t *y, int32_t block)
{
    const int32_t count = p->kernel_height * p->kernel_width, channels = p->in_channels;
    const int32_t *packed = p->packed;
    for (int32_t next = 0; next < channels; next += 4) {
        const int32_t channel = next + 4 <= channels ? next : channels - 4;
        const int32_t *const behind = packed + 4 + count;
        int32_t sums[16];
        if (block == 4) {
            tinycc_dwconv2d_s8_rv32_four(packed, taps, count, channel, sums);
        } else {
            tinycc_dwconv2d_s8_rv32_one(packed, taps, count, channel, sums);
        }
        for (int32_t i = 0; i < block; i++) {
            tinycc_store_s8_rv32(&p->dot, behind, sums + 4 * i, y + i * channels + channel, 4);
        }
        packed = behind + (p->dot.fraction ? 8 : 4);
    }
}

void tinycc_dwconv2d_s8_rv32(const void *params, const void *const *in, void *out, int32_t n,
                             void *scratch)
{
    const tinycc_conv2d_s8_dsp_params *p = params;
    const int8_t **taps = scratch;
    int8_t *const zeros = (int8_t *)(taps + 4 * p->kernel_height * p->kernel_width);
    int8_t *y = out;
    (void)n; /* one row: the caller moves the window */
    memset(zeros, p->in_zero, (size_t)p->in_channels);
    for (int32_t x = 0; x < p->out_width;) {
        const int32_t block = p->out_width - x < 4 ? 1 : 4;
        for (int32_t i = 0; i < block; i++) {
            tinycc_find_taps_rv32(p, in, (x + i) * p->stride - p->pad_left, zeros, taps + i);
        }
        tinycc_dwconv2d_s8_rv32_block(p, taps, y, block);
        y += block * p->in_channels;
        x += block;
    }
}

#endif
