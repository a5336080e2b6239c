#include "tinycc_conv2d.h"

/* Sum of products of one channel's window whose leftmost column is `left`. */
static int32_t tinycc_dwconv2d_s8_window(const tinycc_conv2d_s8_params *p, const void *const *rows,
                                         int32_t left, int32_t channel, const int8_t *weights)
{
    int32_t sum = 0;
    for (int32_t ky = 0; ky < p->kernel_height; ky++) {
        const int8_t *row = rows[ky * p->dilation_height];
        for (int32_t kx = 0; kx < p->kernel_width; kx++) {
            const int32_t column = left + kx * p->dilation_width;
            const int inside = row != NULL && column >= 0 && column < p->in_width;
            sum += *weights++ * (inside ? row[column * p->in_channels + channel] : p->in_zero);
        }
    }
    return sum;
}

void tinycc_dwconv2d_s8(const void *params, const void *const *in, void *out, int32_t n,
                        void *scratch)
{
    const tinycc_conv2d_s8_params *p = params;
    const int32_t multiplier = p->out_channels / p->in_channels;
    const int32_t taps = p->kernel_height * p->kernel_width;
    int8_t *y = out;
    (void)n; /* one row: the caller moves the window */
    (void)scratch;
    for (int32_t x = 0; x < p->out_width; x++) {
        int32_t channel = 0;
        for (int32_t source = 0; source < p->in_channels; source++) {
            for (int32_t end = channel + multiplier; channel < end; channel++) {
                const int32_t sum = tinycc_dwconv2d_s8_window(p, in, x * p->stride - p->pad_left,
                                                              source, p->weights + channel * taps);
                const int32_t acc = sum * ((int32_t)1 << p->fraction) + p->bias[channel];
                *y++ = tinycc_requantize(acc, p->multiplier[channel], p->shift, p->out_zero,
                                         p->low, p->high);
            }
        }
    }
}
