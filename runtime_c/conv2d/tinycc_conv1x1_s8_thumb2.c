#include "tinycc_conv2d.h"

#if defined(__thumb2__)

#include "tinycc_dot_s8_thumb2.h"

void tinycc_conv1x1_s8_thumb2(const void *params, const void *const *in, void *out, int32_t n,
                              void *scratch)
{
    const tinycc_conv1x1_s8_dsp_params *p = params;
    const int8_t *x = in[0];
    int8_t *y = out;
    while (n > 0) {
        const int32_t pixels = n < p->dot.pixels ? n : p->dot.pixels;
        for (int32_t i = 0; i < pixels; i++) {
            tinycc_widen_s8_thumb2((int32_t *)scratch + i, x, p->in_channels, pixels);
            x += p->in_channels;
        }
        tinycc_dot_s8_thumb2(&p->dot, p->packed, scratch, y, pixels);
        y += pixels * p->dot.channels;
        n -= pixels;
    }
}

#endif
