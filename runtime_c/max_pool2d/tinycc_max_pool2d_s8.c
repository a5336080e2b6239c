#include <string.h>

#include "tinycc_max_pool2d.h"

static void tinycc_max_pool2d_s8_raise(int8_t *y, const int8_t *x, int32_t channels)
{
    for (int32_t c = 0; c < channels; c++) {
        y[c] = x[c] > y[c] ? x[c] : y[c];
    }
}

/* One pixel of the output, whose leftmost column of input is `left`. */
static void tinycc_max_pool2d_s8_pixel(const tinycc_max_pool2d_s8_params *p,
                                       const void *const *rows, int32_t left, int8_t *y)
{
    memset(y, INT8_MIN, (size_t)p->channels);
    for (int32_t ky = 0; ky < p->kernel_height; ky++) {
        const int8_t *row = rows[ky * p->dilation_height];
        for (int32_t kx = 0; row != NULL && kx < p->kernel_width; kx++) {
            const int32_t column = left + kx * p->dilation_width;
            if (column >= 0 && column < p->in_width) {
                tinycc_max_pool2d_s8_raise(y, row + column * p->channels, p->channels);
            }
        }
    }
}

void tinycc_max_pool2d_s8(const void *params, const void *const *in, void *out, int32_t n,
                          void *scratch)
{
    const tinycc_max_pool2d_s8_params *p = params;
    int8_t *y = out;
    (void)n; /* one row: the caller moves the window */
    (void)scratch;
    for (int32_t x = 0; x < p->out_width; x++) {
        tinycc_max_pool2d_s8_pixel(p, in, x * p->stride - p->pad_left, y);
        y += p->channels;
    }
}
