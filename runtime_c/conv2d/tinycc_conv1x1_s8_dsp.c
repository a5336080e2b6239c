#include "tinycc_conv2d.h"

#if defined(__ARM_FEATURE_DSP)

#include <string.h>

#include "tinycc_dot_s8_dsp.h"

void tinycc_conv1x1_s8_dsp(const void *params, const void *const *in, void *out, int32_t n,
                           void *scratch)
{
    const tinycc_conv1x1_s8_dsp_params *p = params;
    const int32_t channels = p->in_channels;
    const int8_t *x = in[0];
    int8_t *y = out;
    int32_t *strip = scratch;
    int8_t *last = (int8_t *)scratch + p->dot.pixels * p->dot.quads * 8;
    if (channels % 4 != 0) { /* reads of whole words leave a pixel; nothing lies behind the last */
        memcpy(last, x + (n - 1) * channels, (size_t)channels);
    }
    while (n > 0) {
        const int32_t pixels = tinycc_dot_s8_dsp_block(&p->dot, n);
        const int8_t *from[4];
        for (int32_t i = 0; i < pixels; i++) {
            from[i] = x;
            x += channels;
        }
        if (channels % 4 != 0 && pixels == n) {
            from[pixels - 1] = last;
        }
        tinycc_widen_s8_dsp(strip, from, p->dot.quads, pixels);
        tinycc_dot_s8_dsp_pixels(&p->dot, p->packed, strip, y, pixels);
        y += pixels * p->dot.channels;
        n -= pixels;
    }
}

#endif
