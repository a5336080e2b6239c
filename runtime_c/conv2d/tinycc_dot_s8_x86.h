/* Dot products for x86-64 with AVX2 or AVX-512 VNNI (tinycc_sums_x86.h).
 *
 * Packed weights, per 16 output channels (zeros for those behind the last one), all int32 but the
 * weights:
 *   start[16]                             bias >> fraction, less 128 times the sum of the weights
 *   quads times 4 weights for each channel, int8
 *   rest[16]                              bias & (2**fraction - 1); only where fraction > 0
 *   multiplier[16]
 *
 *   acc = ((start + sum of products) << fraction) + rest      modulo 2**32; acc itself fits int32
 *   y   = floor(acc * multiplier / 2**33 + zero + 1/2), saturated to int8, then clamped
 */
#ifndef TINYCC_DOT_S8_X86_H
#define TINYCC_DOT_S8_X86_H

#include "tinycc_conv2d.h"

/* Where the inputs of an output lie: `rows` times `taps` runs of `words` words of four. What fills
 * up the last word of a run is multiplied by zero. */
typedef struct {
    int32_t rows, row_bytes;
    int32_t taps, tap_bytes;
    int32_t words;
    int32_t pixel_bytes; /* from the inputs of a pixel to those of the next one */
} tinycc_walk_x86;

/* All outputs of some neighbouring pixels. */
void tinycc_dot_s8_x86(const tinycc_dot_s8_dsp_params *p, const int32_t *packed, const uint8_t *x,
                       const tinycc_walk_x86 *walk, int8_t *y, int32_t pixels);

/* Copies bytes with their sign bits flipped; returns the end. */
uint8_t *tinycc_flip_s8_x86(uint8_t *to, const int8_t *from, int32_t bytes);

#endif
