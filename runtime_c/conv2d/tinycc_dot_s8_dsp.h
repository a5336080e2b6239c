/* Dot products for cores with the DSP extension: the inner part of convolutions and fully connected
 * layers. Pointers to words are aligned to 4 bytes, `quads` and `channels` are at
 * least 1, nothing is checked and nothing outside the stated elements is read or written.
 *
 * A strip holds the inputs of 4, 2 or 1 pixels as pairs of int16, interleaved: per quad of inputs
 * (x0, x2) of every pixel, then (x1, x3) of every pixel. 8 * quads bytes per pixel.
 *
 * Packed weights, per two output channels c0 and c1 (a last odd one has a c1 of zeros):
 *   start[c0], start[c1]                 bias >> fraction
 *   per quad: (c0k0, c1k0, c0k2, c1k2), (c0k1, c1k1, c0k3, c1k3)     int8, lowest byte first
 *   rest[c0], rest[c1]                   bias & (2**fraction - 1); only where fraction > 0
 *   multiplier[c0], multiplier[c1]       > 0
 * so that SXTB16 of a word, and of the word rotated by 8, are the pairs of the two channels.
 *
 *   acc = ((start + sum of products) << fraction) + rest
 *   y   = floor(acc * multiplier / 2**33 + zero + 1/2), saturated to int8; constant = 2 * zero + 1
 *
 * No partial sum leaves int32 (proved by the compiler). Channel c of pixel i goes to
 * y[i * channels + c]; y must not overlap strip or packed.
 */
#ifndef TINYCC_DOT_S8_DSP_H
#define TINYCC_DOT_S8_DSP_H

#include "tinycc_conv2d.h"

/* `y` gets the outputs of 4, 2 or 1 pixels, one behind the other. Reads the first four members of
 * the parameters. */
typedef void tinycc_dot_s8_dsp(const int32_t *packed, const int32_t *strip, int8_t *y,
                               const tinycc_dot_s8_dsp_params *p);

tinycc_dot_s8_dsp tinycc_dot_s8_dsp_4, tinycc_dot_s8_dsp_2, tinycc_dot_s8_dsp_1;

/* Widens 4 * quads int8 from each of 4 pointers (any alignment) into a strip of 4 pixels; returns
 * the end of what was written. */
int32_t *tinycc_widen_s8_dsp_4(int32_t *strip, const int8_t *const *from, int32_t quads);

/* The same for any number of pixels up to 4. */
int32_t *tinycc_widen_s8_dsp(int32_t *strip, const int8_t *const *from, int32_t quads,
                             int32_t pixels);

/* All outputs of `pixels` neighbouring pixels (4, 2 or 1) from their strip, clamped. */
void tinycc_dot_s8_dsp_pixels(const tinycc_dot_s8_dsp_params *p, const int32_t *packed,
                              const int32_t *strip, int8_t *y, int32_t pixels);

/* The largest of 4, 2 and 1 pixels that is neither above p->pixels nor above what is left. */
static inline int32_t tinycc_dot_s8_dsp_block(const tinycc_dot_s8_dsp_params *p, int32_t left)
{
    const int32_t most = left < p->pixels ? left : p->pixels;
    return most >= 4 ? 4 : most >= 2 ? 2 : 1;
}

#endif
