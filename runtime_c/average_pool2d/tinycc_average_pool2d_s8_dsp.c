#include "tinycc_average_pool2d.h"

#if defined(__ARM_FEATURE_DSP)

#include <string.h>

/* Adds the even and the odd ones of four bytes to pairs of int16. */
static inline void tinycc_average_pool2d_s8_dsp_add(uint32_t bytes, int32_t *even, int32_t *odd)
{
    __asm__("sxtab16 %0, %0, %2\n\tsxtab16 %1, %1, %2, ror #8"
            : "+&r"(*even), "+r"(*odd)
            : "r"(bytes));
}

/* Sums of four channels over `taps` pixels of all rows; int16 holds those of one row. */
static void tinycc_average_pool2d_s8_dsp_sum(const tinycc_average_pool2d_s8_params *p,
                                             const void *const *rows, int32_t offset, int32_t taps,
                                             int32_t *sums)
{
    memset(sums, 0, 4 * sizeof *sums);
    for (int32_t ky = 0; ky < p->kernel_height; ky++) {
        const int8_t *x = rows[ky];
        int32_t even = 0, odd = 0;
        if (x == NULL) {
            continue;
        }
        x += offset;
        for (int32_t tap = 0; tap < taps; tap++) {
            uint32_t bytes;
            memcpy(&bytes, x, sizeof bytes);
            tinycc_average_pool2d_s8_dsp_add(bytes, &even, &odd);
            x += p->channels;
        }
        sums[0] += (int16_t)even;
        sums[1] += (int16_t)odd;
        sums[2] += even >> 16;
        sums[3] += odd >> 16;
    }
}

void tinycc_average_pool2d_s8_dsp(const void *params, const void *const *in, void *out, int32_t n,
                                  void *scratch)
{
    const tinycc_average_pool2d_s8_params *p = params;
    int8_t *y = out;
    int32_t rows = 0;
    (void)n; /* one row: the caller moves the window */
    (void)scratch;
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
        for (int32_t c = 0; c < p->channels; c += 4) {
            const int32_t from = c < p->channels - 4 ? c : p->channels - 4;
            int32_t sums[4];
            tinycc_average_pool2d_s8_dsp_sum(p, in, (left + first) * p->channels + from, taps,
                                             sums);
            for (int32_t i = 0; i < 4; i++) {
                y[from + i] = tinycc_requantize(sums[i] - pixels * p->in_zero, multiplier, p->shift,
                                                p->out_zero, p->low, p->high);
            }
        }
        y += p->channels;
    }
}

#endif
