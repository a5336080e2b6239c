#include <string.h>

#include "tinycc_conv2d.h"

#if defined(__riscv)

#include "tinycc_dot_s8_rv32.h"

typedef uint32_t __attribute__((may_alias)) tinycc_word_rv32;

/* As memcpy, which is a call. */
static inline int8_t *tinycc_copy_s8_rv32(int8_t *to, const int8_t *from, int32_t bytes)
{
    const int8_t *const end = from + bytes;
    if ((((uintptr_t)to | (uintptr_t)from | (uintptr_t)bytes) & 3) == 0) {
        while (from < end) {
            *(tinycc_word_rv32 *)(void *)to = *(const tinycc_word_rv32 *)(const void *)from;
            from += 4, to += 4;
        }
        return to;
    }
    while (end - from >= 4) {
        const int8_t a = from[0], b = from[1], c = from[2], d = from[3];
        to[0] = a, to[1] = b, to[2] = c, to[3] = d;
        from += 4, to += 4;
    }
    while (from < end) {
        *to++ = *from++;
    }
    return to;
}

/* The window of one pixel, padding included. */
static void tinycc_gather_s8_rv32(const tinycc_conv2d_s8_dsp_params *p, const void *const *rows,
                                  int32_t left, int8_t *to)
{
    const int32_t channels = p->in_channels;
    const int32_t reach = (p->kernel_width - 1) * p->dilation_width;
    const int whole = left >= 0 && left + reach < p->in_width && p->dilation_width == 1;
    for (int32_t ky = 0; ky < p->kernel_height; ky++) {
        const int8_t *row = rows[ky * p->dilation_height];
        int32_t column = left;
        if (whole && row != NULL) { /* a row of taps is contiguous */
            to = tinycc_copy_s8_rv32(to, row + column * channels, p->kernel_width * channels);
            continue;
        }
        for (int32_t kx = 0; kx < p->kernel_width; kx++) {
            if (row != NULL && column >= 0 && column < p->in_width) {
                to = tinycc_copy_s8_rv32(to, row + column * channels, channels);
            } else {
                memset(to, p->in_zero, (size_t)channels);
                to += channels;
            }
            column += p->dilation_width;
        }
    }
}

void tinycc_conv2d_s8_rv32(const void *params, const void *const *in, void *out, int32_t n,
                           void *scratch)
{
    const tinycc_conv2d_s8_dsp_params *p = params;
    const int32_t inputs = p->kernel_height * p->kernel_width * p->in_channels;
    const int32_t pitch = 4 * p->dot.quads;
    int8_t *y = out;
    (void)n; /* one row: the caller moves the window */
    for (int32_t x = 0; x < p->out_width;) {
        const int32_t left = p->out_width - x;
        const int32_t pixels = left < p->dot.pixels ? left : p->dot.pixels;
        for (int32_t i = 0; i < pixels; i++) {
            tinycc_gather_s8_rv32(p, in, (x + i) * p->stride - p->pad_left,
                                  (int8_t *)scratch + i * pitch);
        }
        tinycc_dot_s8_rv32(&p->dot, p->packed, scratch, inputs, pitch, y, pixels);
        y += pixels * p->dot.channels;
        x += pixels;
    }
}

#endif
