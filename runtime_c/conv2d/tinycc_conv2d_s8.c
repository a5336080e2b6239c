#include <string.h>

#include "tinycc_conv2d.h"

/* Copies the window of one group at input column `left` into `window`, padding included, so that
 * the products run over one contiguous vector. */
static void tinycc_conv2d_s8_gather(const tinycc_conv2d_s8_params *p, const void *const *rows,
                                    int32_t left, int32_t group, int8_t *window)
{
    const int32_t channels = p->in_channels / p->groups;
    for (int32_t ky = 0; ky < p->kernel_height; ky++) {
        const int8_t *row = rows[ky * p->dilation_height];
        for (int32_t kx = 0; kx < p->kernel_width; kx++) {
            const int32_t column = left + kx * p->dilation_width;
            if (row != NULL && column >= 0 && column < p->in_width) {
                memcpy(window, row + column * p->in_channels + group * channels, (size_t)channels);
            } else {
                memset(window, p->in_zero, (size_t)channels);
            }
            window += channels;
        }
    }
}

/* One output channel: `size` products. */
static int32_t tinycc_conv2d_s8_dot(const int8_t *weights, const int8_t *x, int32_t size)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < size; i++) {
        sum += weights[i] * x[i];
    }
    return sum;
}

void tinycc_conv2d_s8(const void *params, const void *const *in, void *out, int32_t n,
                      void *scratch)
{
    const tinycc_conv2d_s8_params *p = params;
    const int32_t per_group = p->out_channels / p->groups;
    const int32_t size = p->kernel_height * p->kernel_width * (p->in_channels / p->groups);
    int8_t *y = out;
    (void)n; /* one row: the caller moves the window */
    for (int32_t x = 0; x < p->out_width; x++) {
        int32_t channel = 0;
        for (int32_t group = 0; group < p->groups; group++) {
            tinycc_conv2d_s8_gather(p, in, x * p->stride - p->pad_left, group, scratch);
            for (int32_t end = channel + per_group; channel < end; channel++) {
                const int32_t sum = tinycc_conv2d_s8_dot(p->weights + channel * size, scratch, size);
                const int32_t acc = sum * ((int32_t)1 << p->fraction) + p->bias[channel];
                *y++ = tinycc_requantize(acc, p->multiplier[channel], p->shift, p->out_zero,
                                         p->low, p->high);
            }
        }
    }
}
