#include "tinycc_max_pool2d.h"

#if defined(__ARM_FEATURE_DSP)

#include <string.h>

/* The larger of each of four bytes: SSUB8 sets the flags that SEL reads. */
static inline uint32_t tinycc_max_pool2d_s8_dsp_larger(uint32_t a, uint32_t b)
{
    uint32_t larger;
    __asm__("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(larger) : "r"(a), "r"(b) : "cc");
    return larger;
}

/* Four channels of `taps` pixels of all rows; -128 where there is none. */
static uint32_t tinycc_max_pool2d_s8_dsp_largest(const tinycc_max_pool2d_s8_params *p,
                                                 const void *const *rows, int32_t offset,
                                                 int32_t taps)
{
    const int32_t step = p->dilation_width * p->channels;
    uint32_t largest = 0x80808080u;
    for (int32_t ky = 0; ky < p->kernel_height; ky++) {
        const int8_t *x = rows[ky * p->dilation_height];
        if (x == NULL) {
            continue;
        }
        x += offset;
        for (int32_t tap = 0; tap < taps; tap++) {
            uint32_t bytes;
            memcpy(&bytes, x, sizeof bytes);
            largest = tinycc_max_pool2d_s8_dsp_larger(largest, bytes);
            x += step;
        }
    }
    return largest;
}

/* In fours, the last four overlapping those before. */
void tinycc_max_pool2d_s8_dsp(const void *params, const void *const *in, void *out, int32_t n,
                              void *scratch)
{
    const tinycc_max_pool2d_s8_params *p = params;
    const int32_t dilation = p->dilation_width, last = p->channels - 4;
    int8_t *y = out;
    (void)n; /* one row: the caller moves the window */
    (void)scratch;
    for (int32_t x = 0; x < p->out_width; x++) {
        const int32_t left = x * p->stride - p->pad_left;
        int32_t first = 0, end = p->kernel_width; /* the taps inside the row */
        while (first < end && left + first * dilation < 0) {
            first++;
        }
        while (end > first && left + (end - 1) * dilation >= p->in_width) {
            end--;
        }
        for (int32_t c = 0; c < p->channels; c += 4) {
            const int32_t from = c < last ? c : last;
            const int32_t offset = (left + first * dilation) * p->channels + from;
            const uint32_t largest =
                tinycc_max_pool2d_s8_dsp_largest(p, in, offset, end - first);
            memcpy(y + from, &largest, sizeof largest);
        }
        y += p->channels;
    }
}

#endif
