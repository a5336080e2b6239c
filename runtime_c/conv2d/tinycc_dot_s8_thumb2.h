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

#endif
