#include "tinycc_average_pool2d.h"

#if defined(__ARM_FEATURE_DSP)

#include <string.h>

#include "tinycc_average_pool2d_lanes.h"

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
    (void)n; /* one row: the caller moves the window */
    (void)scratch;
    tinycc_average_pool2d_s8_lanes(params, in, out, tinycc_average_pool2d_s8_dsp_sum, 4);
}

#endif
