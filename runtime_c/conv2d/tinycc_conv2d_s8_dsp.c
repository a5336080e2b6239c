#include "tinycc_conv2d.h"

#if defined(__ARM_FEATURE_DSP)

#include <string.h>

#include "tinycc_dot_s8_dsp.h"

/* Neighbouring output pixels whose windows are gathered together. `first` is the input column of
 * the leftmost tap of the first one; `inside`: no tap of any leaves the row. */
typedef struct {
    int32_t first, pixels, inside;
} tinycc_conv2d_s8_dsp_block;

/* Channels in whole words: taps are widened where they lie. Padding lies at `zeros`. */
static void tinycc_conv2d_s8_dsp_gather(const tinycc_conv2d_s8_dsp_params *p,
                                        const tinycc_conv2d_s8_dsp_block *block,
                                        const void *const *rows, const int8_t *zeros,
                                        int32_t *strip)
{
    const int whole = block->inside && p->dilation_width == 1; /* a row of taps is contiguous */
    const int32_t segments = whole ? 1 : p->kernel_width;
    const int32_t quads = p->in_channels / 4 * (whole ? p->kernel_width : 1);
    for (int32_t ky = 0; ky < p->kernel_height; ky++) {
        const int8_t *row = rows[ky * p->dilation_height];
        for (int32_t kx = 0; kx < segments; kx++) {
            int32_t column = block->first + kx * p->dilation_width;
            const int8_t *from[4];
            for (int32_t i = 0; i < block->pixels; i++) {
                const int valid = row != NULL && column >= 0 && column < p->in_width;
                from[i] = valid ? row + column * p->in_channels : zeros;
                column += p->stride;
            }
            if (whole && row == NULL) { /* `zeros` holds one tap only */
                for (int32_t tap = 0; tap < p->kernel_width; tap++) {
                    strip = tinycc_widen_s8_dsp(strip, from, p->in_channels / 4, block->pixels);
                }
            } else {
                strip = tinycc_widen_s8_dsp(strip, from, quads, block->pixels);
            }
        }
    }
}

/* The window of one pixel that leaves the image, as bytes; taps may be apart. */
static void tinycc_conv2d_s8_dsp_edge(const tinycc_conv2d_s8_dsp_params *p, const void *const *rows,
                                      int32_t left, int8_t *to)
{
    const int32_t channels = p->in_channels;
    for (int32_t ky = 0; ky < p->kernel_height; ky++) {
        const int8_t *row = rows[ky * p->dilation_height];
        int32_t column = left;
        for (int32_t kx = 0; kx < p->kernel_width; kx++) {
            const int inside = row != NULL && column >= 0 && column < p->in_width;
            const int8_t *x = inside ? row + column * channels : NULL;
            for (int32_t i = 0; i < channels; i++) {
                *to++ = inside ? *x++ : (int8_t)p->in_zero;
            }
            column += p->dilation_width;
        }
    }
}

/* The window of one pixel where taps are neighbours and at least 3 more bytes of the row lie behind
 * them: rows of taps are copied in words, the next one overwrites what is too much. */
static void tinycc_conv2d_s8_dsp_words(const tinycc_conv2d_s8_dsp_params *p,
                                       const void *const *rows, int32_t left, int8_t *to)
{
    const int32_t bytes = p->kernel_width * p->in_channels, offset = left * p->in_channels;
    const void *const *const rows_end = rows + p->kernel_height * p->dilation_height;
    for (; rows != rows_end; rows += p->dilation_height) {
        const int8_t *x = *rows;
        int8_t *const end = to + bytes;
        if (x == NULL) {
            memset(to, p->in_zero, (size_t)bytes);
        } else {
            x += offset;
            do {
                memcpy(to, x, 4);
                to += 4;
                x += 4;
            } while (to < end);
        }
        to = end;
    }
}

/* Whether all rows of the window lie in the image. */
static int tinycc_conv2d_s8_dsp_filled(const tinycc_conv2d_s8_dsp_params *p,
                                       const void *const *rows)
{
    for (int32_t ky = 0; ky < p->kernel_height; ky++) {
        if (rows[ky * p->dilation_height] == NULL) {
            return 0;
        }
    }
    return 1;
}

/* The same for neighbouring pixels, rows of 9 to 12 bytes (3 channels, 3 columns): no inner loop. */
static void tinycc_conv2d_s8_dsp_three(const tinycc_conv2d_s8_dsp_params *p,
                                       const tinycc_conv2d_s8_dsp_block *block,
                                       const void *const *rows, int8_t *windows)
{
    const int32_t bytes = p->kernel_width * p->in_channels, step = p->stride * p->in_channels;
    const int32_t pitch = 4 * p->dot.quads + 4, offset = block->first * p->in_channels;
    for (int32_t ky = 0; ky < p->kernel_height; ky++) {
        const int8_t *x = (const int8_t *)rows[ky * p->dilation_height] + offset;
        int8_t *const end = windows + block->pixels * pitch;
        for (int8_t *to = windows; to < end; to += pitch) {
            memcpy(to, x, 12);
            x += step;
        }
        windows += bytes;
    }
}

/* Any number of channels: windows are gathered as bytes at `windows`, then widened. */
static void tinycc_conv2d_s8_dsp_copy(const tinycc_conv2d_s8_dsp_params *p,
                                      const tinycc_conv2d_s8_dsp_block *block,
                                      const void *const *rows, int8_t *windows, int32_t *strip)
{
    const int32_t last = p->in_width - p->kernel_width - (2 + p->in_channels) / p->in_channels;
    const int32_t pitch = 4 * p->dot.quads + 4, bytes = p->kernel_width * p->in_channels;
    const int32_t right = block->first + (block->pixels - 1) * p->stride;
    const int8_t *from[4];
    if (bytes > 8 && bytes <= 12 && block->inside && right <= last && p->dilation_width == 1 &&
        tinycc_conv2d_s8_dsp_filled(p, rows)) {
        tinycc_conv2d_s8_dsp_three(p, block, rows, windows);
    } else {
        for (int32_t i = 0; i < block->pixels; i++) {
            const int32_t left = block->first + i * p->stride;
            if (left >= 0 && left <= last && p->dilation_width == 1) {
                tinycc_conv2d_s8_dsp_words(p, rows, left, windows + i * pitch);
            } else {
                tinycc_conv2d_s8_dsp_edge(p, rows, left, windows + i * pitch);
            }
        }
    }
    for (int32_t i = 0; i < block->pixels; i++) {
        from[i] = windows + i * pitch;
    }
    tinycc_widen_s8_dsp(strip, from, p->dot.quads, block->pixels);
}

void tinycc_conv2d_s8_dsp(const void *params, const void *const *in, void *out, int32_t n,
                          void *scratch)
{
    const tinycc_conv2d_s8_dsp_params *p = params;
    const int32_t reach = (p->kernel_width - 1) * p->dilation_width;
    const int whole = p->in_channels % 4 == 0;
    int32_t *strip = scratch;
    int8_t *bytes = (int8_t *)scratch + p->dot.pixels * p->dot.quads * 8;
    int8_t *y = out;
    (void)n; /* one row: the caller moves the window */
    if (whole) {
        memset(bytes, p->in_zero, (size_t)p->in_channels);
    }
    for (int32_t x = 0; x < p->out_width;) {
        tinycc_conv2d_s8_dsp_block block;
        block.pixels = tinycc_dot_s8_dsp_block(&p->dot, p->out_width - x);
        block.first = x * p->stride - p->pad_left;
        block.inside = block.first >= 0 &&
                       block.first + (block.pixels - 1) * p->stride + reach < p->in_width;
        if (whole) {
            tinycc_conv2d_s8_dsp_gather(p, &block, in, bytes, strip);
        } else {
            tinycc_conv2d_s8_dsp_copy(p, &block, in, bytes, strip);
        }
        tinycc_dot_s8_dsp_pixels(&p->dot, p->packed, strip, y, block.pixels);
        y += block.pixels * p->dot.channels;
        x += block.pixels;
    }
}

#endif
