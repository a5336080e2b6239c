/* 1x1 convolution with any of the dot products for the DSP extension. */
#ifndef TINYCC_CONV1X1_DSP_H
#define TINYCC_CONV1X1_DSP_H

#include <string.h>

#include "tinycc_dot_s8_dsp.h"

/* How many pixels to take when so many are left. */
typedef int32_t tinycc_dot_dsp_block(const tinycc_dot_s8_dsp_params *p, int32_t left);

/* All outputs of so many neighbouring pixels from their strip, clamped. */
typedef void tinycc_dot_dsp_pixels(const tinycc_dot_s8_dsp_params *p, const int32_t *packed,
                                   const int32_t *strip, int8_t *y, int32_t pixels);

/* Scratch: 8 * dot.quads bytes for each of dot.pixels, then 4 * dot.quads where in_channels is no
 * multiple of 4. */
static inline void tinycc_conv1x1_dsp(const tinycc_conv1x1_s8_dsp_params *p, const int8_t *x,
                                      int8_t *y, int32_t n, void *scratch,
                                      tinycc_dot_dsp_block *block, tinycc_dot_dsp_pixels *dot)
{
    const int32_t channels = p->in_channels;
    int32_t *const strip = scratch;
    int8_t *const last = (int8_t *)scratch + p->dot.pixels * p->dot.quads * 8;
    if (channels % 4 != 0) { /* reads of whole words leave a pixel; nothing lies behind the last */
        memcpy(last, x + (n - 1) * channels, (size_t)channels);
    }
    while (n > 0) {
        const int32_t pixels = block(&p->dot, n);
        const int8_t *from[4];
        for (int32_t i = 0; i < pixels; i++) {
            from[i] = x;
            x += channels;
        }
        if (channels % 4 != 0 && pixels == n) {
            from[pixels - 1] = last;
        }
        tinycc_widen_s8_dsp(strip, from, p->dot.quads, pixels);
        dot(&p->dot, p->packed, strip, y, pixels);
        y += pixels * p->dot.channels;
        n -= pixels;
    }
}

#endif
