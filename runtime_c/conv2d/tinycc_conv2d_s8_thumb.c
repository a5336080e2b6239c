#include "tinycc_conv2d.h"

#if defined(__thumb__)

#include <string.h>

#include "tinycc_dot_s8_thumb.h"

/* Widens the window of one pixel. Pairs of an even number of channels are found where they lie;
 * other windows are first copied to `copy`. Padding lies at `zeros`. */
static void tinycc_conv2d_s8_thumb_gather(const tinycc_conv2d_s8_dsp_params *p,
                                          const void *const *rows, int32_t left,
                                          const int8_t *zeros, int8_t *copy, int32_t *strip)
{
    const int32_t channels = p->in_channels, width = p->kernel_width;
    const void *const *const rows_end = rows + p->kernel_height * p->dilation_height;
    int8_t *to = copy;
    for (; rows != rows_end; rows += p->dilation_height) {
        const int8_t *const row = *rows;
        for (int32_t kx = 0, taps; kx < width; kx += taps) {
            const int32_t column = left + kx * p->dilation_width, inside = p->in_width - column;
            const int8_t *x = zeros;
            taps = 1;
            if (row != NULL && column >= 0 && inside > 0) {
                x = row + column * channels;
                if (p->dilation_width == 1) { /* with its neighbours */
                    taps = width - kx < inside ? width - kx : inside;
                }
            }
            if (channels % 2 == 0) {
                strip = tinycc_widen_s8_thumb(strip, x, taps * channels / 2);
            } else {
                for (const int8_t *const end = x + taps * channels; x < end;) {
                    *to++ = *x++;
                }
            }
        }
    }
    if (channels % 2 != 0) { /* what lies behind the window meets weights of 0 */
        (void)tinycc_widen_s8_thumb(strip, copy, 2 * p->dot.quads);
    } else if (p->kernel_height * width * channels % 4 != 0) {
        (void)tinycc_widen_s8_thumb(strip, zeros, 1);
    }
}

void tinycc_conv2d_s8_thumb(const void *params, const void *const *in, void *out, int32_t n,
                            void *scratch)
{
    const tinycc_conv2d_s8_dsp_params *p = params;
    int32_t *const strip = scratch;
    int8_t *const zeros = (int8_t *)(strip + TINYCC_DOT_S8_THUMB_QUAD * p->dot.quads);
    int8_t *const copy = zeros + p->in_channels;
    int8_t *y = out;
    (void)n; /* one row: the caller moves the window */
    memset(zeros, p->in_zero, (size_t)p->in_channels);
    for (int32_t x = 0; x < p->out_width; x++) {
        const int32_t left = x * p->stride - p->pad_left;
        tinycc_conv2d_s8_thumb_gather(p, in, left, zeros, copy, strip);
        tinycc_dot_s8_thumb(&p->dot, p->packed, strip, y);
        y += p->dot.channels;
    }
}

#endif
