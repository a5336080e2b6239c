/* Dot products for cores with Thumb instructions alone (Armv6-M): a 32-bit multiplication makes the
 * products of one input with two output channels.
 *
 * A word of weights holds u = weight + 128 of four channels c0 .. c3, lowest byte first, so that
 *   x * word                           = x * (u0 + u2 << 16) + 256 * x * (u1 + u3 << 16)
 *   x * ((word >> 8) & 0x00FF00FF)     = x * (u1 + u3 << 16)
 * modulo 2**32. Sums of two inputs are taken apart: the compiler has proved that those of two
 * products with signed weights fit 16 bits. What 128 adds depends on the inputs alone: a strip holds
 * per pair of inputs (p, q, x0, x1), all int32, with q = 2**15 - (128 + 128 << 16) * (x0 + x1),
 * where sums of (u1, u3) start, and p = 257 * q for the others. The 2**15 makes the lower of two
 * sums positive, so that shifting it out leaves the upper one exact.
 *
 * Packed weights, per four output channels (those behind the last one are 0), all int32:
 *   4 * quads words of weights                   one per input
 *   (bias, multiplier) of c0, c1, c2, c3         less 2**15 << fraction per pair for c0 and c1
 *
 *   acc = (sum of products << fraction) + bias
 *   y   = floor(acc * multiplier / 2**33 + zero + 1/2), saturated to int8, then clamped
 *
 * |acc * multiplier| < 2**47 - 2**41 (proved by the compiler): three 32-bit products give the rest.
 */
#ifndef TINYCC_DOT_S8_THUMB_H
#define TINYCC_DOT_S8_THUMB_H

#include "tinycc_conv2d.h"

enum { TINYCC_DOT_S8_THUMB_QUAD = 8 }; /* words of a strip per four inputs */

/* All outputs of a pixel from its strip, saturated; reads the first four members of the
 * parameters. Assembly. */
void tinycc_dot_s8_thumb_outputs(const int32_t *packed, const int32_t *strip, int8_t *y,
                                 const tinycc_dot_s8_dsp_params *p);

/* The same, clamped. */
void tinycc_dot_s8_thumb(const tinycc_dot_s8_dsp_params *p, const int32_t *packed,
                         const int32_t *strip, int8_t *y);

/* Writes `pairs` pairs of inputs to a strip; returns where the next one goes. Assembly. */
int32_t *tinycc_widen_s8_thumb(int32_t *strip, const int8_t *x, int32_t pairs);

/* The last inputs of a strip, at x: `count` of them, 1 to 3; zeros behind. Returns the strip's end. */
int32_t *tinycc_widen_last_s8_thumb(int32_t *strip, const int8_t *x, int32_t count);

#endif
