#include <string.h>

#include "tinycc_conv2d.h"

#if defined(__AVX2__)

#include "tinycc_dot_s8_x86.h"

/* One input row with its padding, `columns` in all. */
static void tinycc_pad_row_x86(const tinycc_conv2d_s8_x86_params *p, const int8_t *row,
                               int32_t columns, uint8_t *to)
{
    const int32_t channels = p->in_channels, seen = columns - p->pad_left;
    const int32_t inside = row == NULL || seen < 0 ? 0 : seen < p->in_width ? seen : p->in_width;
    const int32_t before = p->pad_left < columns ? p->pad_left : columns;
    const int32_t behind = columns - before - inside;
    const int padding = p->in_zero + 128;
    memset(to, padding, (size_t)(before * channels));
    to += before * channels;
    if (inside > 0) {
        to = tinycc_flip_s8_x86(to, row, inside * channels);
    }
    memset(to, padding, (size_t)(behind * channels));
}

void tinycc_conv2d_s8_x86(const void *params, const void *const *in, void *out, int32_t n,
                          void *scratch)
{
    const tinycc_conv2d_s8_x86_params *p = params;
    const int32_t channels = p->in_channels, dense = p->dilation_width == 1;
    const int32_t reach = (p->kernel_width - 1) * p->dilation_width;
    const int32_t columns = (p->out_width - 1) * p->stride + reach + 1;
    const int32_t pitch = columns * channels;
    const int32_t rows = (p->kernel_height - 1) * p->dilation_height + (n - 1) * p->stride_height;
    const tinycc_walk_x86 walk = {
        .rows = p->kernel_height,
        .row_bytes = p->dilation_height * pitch,
        .taps = dense ? 1 : p->kernel_width,
        .tap_bytes = p->dilation_width * channels,
        .words = ((dense ? p->kernel_width : 1) * channels + 3) / 4,
        .pixel_bytes = p->stride * channels,
    };
    const uint8_t *x = scratch;
    int8_t *y = out;
    for (int32_t row = 0; row <= rows; row++) {
        tinycc_pad_row_x86(p, in[row], columns, (uint8_t *)scratch + row * pitch);
    }
    for (int32_t row = 0; row < n; row++) {
        tinycc_dot_s8_x86(&p->dot, p->packed, x, &walk, y, p->out_width);
        x += p->stride_height * pitch;
        y += p->out_width * p->dot.channels;
    }
}

#endif
