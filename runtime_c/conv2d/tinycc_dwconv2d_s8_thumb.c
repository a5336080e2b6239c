#include <string.h>

#include "tinycc_conv2d.h"

#if defined(__thumb__)

/* The common case of tinycc_requantize: shift 0, saturation only. */
static inline int8_t tinycc_dwconv2d_s8_thumb_output(const tinycc_conv2d_s8_params *p, int plain,
                                                     int32_t acc, int32_t multiplier, int32_t zero)
{
    int32_t value;
    if (!plain) {
        return tinycc_requantize(acc, multiplier, p->shift, p->out_zero, p->low, p->high);
    }
    value = ((int32_t)(((int64_t)acc * multiplier) >> 32) + zero) >> 1;
    value = value < INT8_MIN ? INT8_MIN : value;
    return (int8_t)(value > INT8_MAX ? INT8_MAX : value);
}

static int tinycc_dwconv2d_s8_thumb_plain(const tinycc_conv2d_s8_params *p)
{
    return p->shift == 0 && p->low == INT8_MIN && p->high == INT8_MAX;
}

/* One output pixel, all channels; taps[i] is where the first channel of tap i lies. */
static void tinycc_dwconv2d_s8_thumb_pixel(const tinycc_conv2d_s8_params *p,
                                           const int8_t *const *taps, int8_t *y)
{
    const int32_t count = p->kernel_height * p->kernel_width, channels = p->in_channels;
    const int32_t zero = 2 * p->out_zero + 1, fraction = p->fraction;
    const int32_t *bias = p->bias, *multiplier = p->multiplier;
    const int plain = tinycc_dwconv2d_s8_thumb_plain(p);
    const int8_t *w = p->weights;
    for (int32_t c = 0; c < channels; c++) {
        int32_t sum = 0;
        for (const int8_t *const *tap = taps; tap < taps + count; tap++) {
            sum += *w++ * (*tap)[c];
        }
        sum = sum * ((int32_t)1 << fraction) + bias[c];
        y[c] = tinycc_dwconv2d_s8_thumb_output(p, plain, sum, multiplier[c], zero);
    }
}

/* Row `ky` of a 3x3 window and its neighbour `step` bytes to the right: six values, three
 * weights. */
#define TINYCC_DWCONV2D_S8_THUMB_ROW(x, ky)                                                        \
    do {                                                                                           \
        const int32_t k0 = w[3 * (ky)], k1 = w[3 * (ky) + 1], k2 = w[3 * (ky) + 2];                \
        const int32_t left = (x)[pixel], right = (x)[2 * pixel];                                   \
        first += k0 * (x)[0] + k1 * left + k2 * right;                                             \
        second += k0 * left + k1 * right + k2 * (x)[3 * pixel];                                    \
        (x)++;                                                                                     \
    } while (0)

/* Two neighbouring output pixels of a 3x3 window with stride 1 inside the image; `taps` are those
 * of the first one. */
static void tinycc_dwconv2d_s8_thumb_two(const tinycc_conv2d_s8_params *p,
                                         const int8_t *const *taps, int8_t *y)
{
    const int8_t *w = p->weights, *x0 = taps[0], *x1 = taps[3], *x2 = taps[6];
    const int32_t pixel = p->in_channels, zero = 2 * p->out_zero + 1, fraction = p->fraction;
    const int plain = tinycc_dwconv2d_s8_thumb_plain(p);
    const int32_t *bias = p->bias, *multiplier = p->multiplier;
    for (const int8_t *const end = y + pixel; y < end; y++) {
        int32_t first = 0, second = 0;
        TINYCC_DWCONV2D_S8_THUMB_ROW(x0, 0);
        TINYCC_DWCONV2D_S8_THUMB_ROW(x1, 1);
        TINYCC_DWCONV2D_S8_THUMB_ROW(x2, 2);
        w += 9;
        first = first * ((int32_t)1 << fraction) + *bias;
        second = second * ((int32_t)1 << fraction) + *bias++;
        y[0] = tinycc_dwconv2d_s8_thumb_output(p, plain, first, *multiplier, zero);
        y[pixel] = tinycc_dwconv2d_s8_thumb_output(p, plain, second, *multiplier++, zero);
    }
}

/* Finds the taps of an output pixel; returns whether none is padding. */
static int tinycc_dwconv2d_s8_thumb_find(const tinycc_conv2d_s8_params *p, const void *const *rows,
                                         int32_t left, const int8_t *zeros, const int8_t **taps)
{
    int whole = 1;
    for (int32_t ky = 0; ky < p->kernel_height; ky++) {
        const int8_t *row = rows[ky * p->dilation_height];
        int32_t column = left;
        for (int32_t kx = 0; kx < p->kernel_width; kx++) {
            const int inside = row != NULL && column >= 0 && column < p->in_width;
            *taps++ = inside ? row + column * p->in_channels : zeros;
            whole = whole && inside;
            column += p->dilation_width;
        }
    }
    return whole;
}

void tinycc_dwconv2d_s8_thumb(const void *params, const void *const *in, void *out, int32_t n,
                              void *scratch)
{
    const tinycc_conv2d_s8_params *p = params;
    const int8_t **taps = scratch;
    int8_t *const zeros = (int8_t *)(taps + p->kernel_height * p->kernel_width);
    const int twos = p->kernel_height == 3 && p->kernel_width == 3 && p->stride == 1 &&
                     p->dilation_width == 1;
    int8_t *y = out;
    (void)n; /* one row: the caller moves the window */
    memset(zeros, p->in_zero, (size_t)p->in_channels);
    for (int32_t x = 0; x < p->out_width; x++) {
        const int32_t left = x * p->stride - p->pad_left;
        const int whole = tinycc_dwconv2d_s8_thumb_find(p, in, left, zeros, taps);
        if (twos && whole && x + 1 < p->out_width && left + 3 < p->in_width) {
            tinycc_dwconv2d_s8_thumb_two(p, taps, y);
            y += p->in_channels;
            x++;
        } else {
            tinycc_dwconv2d_s8_thumb_pixel(p, taps, y);
        }
        y += p->in_channels;
    }
}

#endif
