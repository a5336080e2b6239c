/* What the kernels that take several channels at once share. No dilation. */
#ifndef TINYCC_AVERAGE_POOL2D_LANES_H
#define TINYCC_AVERAGE_POOL2D_LANES_H

#include "tinycc_average_pool2d.h"

/* Sums of some channels over `taps` pixels of all rows, from `offset` on. */
typedef void tinycc_average_pool2d_s8_sums(const tinycc_average_pool2d_s8_params *p,
                                           const void *const *rows, int32_t offset, int32_t taps,
                                           int32_t *sums);

/* A row of outputs, `lanes` channels at once: at most 16, and no more than there are. `sum` and
 * `lanes` are constants where this is inlined. */
static inline __attribute__((always_inline)) void
tinycc_average_pool2d_s8_lanes(const tinycc_average_pool2d_s8_params *p, const void *const *in,
                               int8_t *y, tinycc_average_pool2d_s8_sums *sum, int32_t lanes)
{
    int32_t rows = 0;
    for (int32_t ky = 0; ky < p->kernel_height; ky++) {
        rows += in[ky] != NULL;
    }
    for (int32_t x = 0; x < p->out_width; x++) {
        const int32_t left = x * p->stride - p->pad_left, right = p->in_width - left;
        const int32_t first = left < 0 ? -left : 0;
        const int32_t end = right < p->kernel_width ? right : p->kernel_width;
        const int32_t taps = end > first ? end - first : 0, pixels = rows * taps;
        const int32_t count = p->count_padding ? p->kernel_height * p->kernel_width : pixels;
        const int32_t multiplier = p->multiplier[count - p->least];
        for (int32_t c = 0; c < p->channels; c += lanes) {
            const int32_t from = c < p->channels - lanes ? c : p->channels - lanes;
            int32_t sums[16];
            sum(p, in, (left + first) * p->channels + from, taps, sums);
            for (int32_t i = 0; i < lanes; i++) {
                y[from + i] = tinycc_requantize(sums[i] - pixels * p->in_zero, multiplier, p->shift,
                                                p->out_zero, p->low, p->high);
            }
        }
        y += p->channels;
    }
}

#endif
