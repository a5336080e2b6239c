/* Dot products for Armv7-M (Thumb-2 without the DSP extension): plain C that compilers translate to
 * multiply-accumulate instructions, 2 pixels x 4 channels at a time.
 *
 * A strip holds the inputs of 2 pixels (or of 1) as int32, interleaved, up to a multiple of 4; what
 * lies behind the last input is multiplied by zero. Packed weights, per four output channels (zeros
 * for those behind the last one), all int32 but the weights:
 *   start[4]                              bias >> fraction
 *   4 * quads times 4 weights             of the four channels for one input, int8
 *   rest[4]                               bias & (2**fraction - 1); only where fraction > 0
 *   multiplier[4]
 *
 *   acc = ((start + sum of products) << fraction) + rest
 *   y   = floor(acc * multiplier / 2**33 + zero + 1/2), saturated to int8, then clamped
 */
#ifndef TINYCC_DOT_S8_THUMB2_H
#define TINYCC_DOT_S8_THUMB2_H

#include "tinycc_conv2d.h"

/* All outputs of `pixels` (2 or 1) neighbouring pixels from their strip. */
void tinycc_dot_s8_thumb2(const tinycc_dot_s8_dsp_params *p, const int32_t *packed,
                          const int32_t *strip, int8_t *y, int32_t pixels);

/* Widens `count` inputs of one pixel into a strip of `pixels`; returns where its next one goes. */
int32_t *tinycc_widen_s8_thumb2(int32_t *to, const int8_t *x, int32_t count, int32_t pixels);

static inline int8_t tinycc_dot_s8_thumb2_requantize(int32_t acc, int32_t multiplier,
                                                     int32_t constant)
{
    const int32_t high = (int32_t)(((int64_t)acc * multiplier) >> 32) + constant;
    int32_t y;
    __asm__("ssat %0, #8, %1, asr #1" : "=r"(y) : "r"(high));
    return (int8_t)y;
}

/* Requantises and stores `count` (1 to 4) channels of one pixel; `behind` is what is packed behind
 * their weights. */
static inline void tinycc_dot_s8_thumb2_store(const tinycc_dot_s8_dsp_params *p, int32_t *sums,
                                              const int32_t *behind, int8_t *y, int32_t count)
{
    const int32_t constant = p->constant;
    if (p->fraction) {
        for (int32_t c = 0; c < 4; c++) {
            sums[c] = sums[c] * ((int32_t)1 << p->fraction) + *behind++;
        }
    }
    y[0] = tinycc_dot_s8_thumb2_requantize(sums[0], behind[0], constant);
    if (count == 4) {
        y[1] = tinycc_dot_s8_thumb2_requantize(sums[1], behind[1], constant);
        y[2] = tinycc_dot_s8_thumb2_requantize(sums[2], behind[2], constant);
        y[3] = tinycc_dot_s8_thumb2_requantize(sums[3], behind[3], constant);
        return;
    }
    for (int32_t c = 1; c < count; c++) {
        y[c] = tinycc_dot_s8_thumb2_requantize(sums[c], behind[c], constant);
    }
}

#endif
