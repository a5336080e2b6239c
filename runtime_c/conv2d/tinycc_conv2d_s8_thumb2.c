#include "tinycc_conv2d.h"

#if defined(__thumb2__)

#include "tinycc_dot_s8_thumb2.h"

/* Widens the window of one pixel, padding included, into a strip of `pixels`. */
static void tinycc_conv2d_s8_thumb2_gather(const tinycc_conv2d_s8_dsp_params *p,
                                           const void *const *rows, int32_t left, int32_t *to,
                                           int32_t pixels)
{
    const int32_t channels = p->in_channels;
    const int32_t reach = (p->kernel_width - 1) * p->dilation_width;
    const int whole = left >= 0 && left + reach < p->in_width && p->dilation_width == 1;
    for (int32_t ky = 0; ky < p->kernel_height; ky++) {
        const int8_t *row = rows[ky * p->dilation_height];
        int32_t column = left;
        if (whole && row != NULL) { /* a row of taps is contiguous */
            to = tinycc_widen_s8_thumb2(to, row + column * channels, p->kernel_width * channels,
                                        pixels);
            continue;
        }
        for (int32_t kx = 0; kx < p->kernel_width; kx++) {
            if (row != NULL && column >= 0 && column < p->in_width) {
                to = tinycc_widen_s8_thumb2(to, row + column * channels, channels, pixels);
            } else {
                for (int32_t i = 0; i < channels; i++) {
                    *to = p->in_zero;
                    to += pixels;
                }
            }
            column += p->dilation_width;
        }
    }
}

void tinycc_conv2d_s8_thumb2(const void *params, const void *const *in, void *out, int32_t n,
                             void *scratch)
{
    const tinycc_conv2d_s8_dsp_params *p = params;
    int8_t *y = out;
    (void)n; /* one row: the caller moves the window */
    for (int32_t x = 0; x < p->out_width;) {
        const int32_t left = p->out_width - x;
        const int32_t pixels = left < p->dot.pixels ? left : p->dot.pixels;
        for (int32_t i = 0; i < pixels; i++) {
            tinycc_conv2d_s8_thumb2_gather(p, in, (x + i) * p->stride - p->pad_left,
                                           (int32_t *)scratch + i, pixels);
        }
        tinycc_dot_s8_thumb2(&p->dot, p->packed, scratch, y, pixels);
        y += pixels * p->dot.channels;
        x += pixels;
    }
}

#endif
