#include "tinycc_average_pool2d.h"

/* The taps of a window of `kernel` columns from `left` on that lie inside the row. */
typedef struct {
    int32_t first, end;
} tinycc_average_pool2d_s8_taps;

static tinycc_average_pool2d_s8_taps
tinycc_average_pool2d_s8_inside(const tinycc_average_pool2d_s8_params *p, int32_t left)
{
    tinycc_average_pool2d_s8_taps taps = {0, p->kernel_width};
    while (taps.first < taps.end && left + taps.first * p->dilation_width < 0) {
        taps.first++;
    }
    while (taps.end > taps.first && left + (taps.end - 1) * p->dilation_width >= p->in_width) {
        taps.end--;
    }
    return taps;
}

/* Sum of one channel over the rows and taps of a window. */
static int32_t tinycc_average_pool2d_s8_sum(const tinycc_average_pool2d_s8_params *p,
                                            const void *const *rows, int32_t offset, int32_t taps)
{
    const int32_t step = p->dilation_width * p->channels;
    int32_t sum = 0;
    for (int32_t ky = 0; ky < p->kernel_height; ky++) {
        const int8_t *row = rows[ky * p->dilation_height];
        for (int32_t tap = 0; row != NULL && tap < taps; tap++) {
            sum += row[offset + tap * step];
        }
    }
    return sum;
}

static int32_t tinycc_average_pool2d_s8_rows(const tinycc_average_pool2d_s8_params *p,
                                             const void *const *rows)
{
    int32_t count = 0;
    for (int32_t ky = 0; ky < p->kernel_height; ky++) {
        count += rows[ky * p->dilation_height] != NULL;
    }
    return count;
}

void tinycc_average_pool2d_s8(const void *params, const void *const *in, void *out, int32_t n,
                              void *scratch)
{
    const tinycc_average_pool2d_s8_params *p = params;
    const int32_t rows = tinycc_average_pool2d_s8_rows(p, in);
    int8_t *y = out;
    (void)n; /* one row: the caller moves the window */
    (void)scratch;
    for (int32_t x = 0; x < p->out_width; x++) {
        const int32_t left = x * p->stride - p->pad_left;
        const tinycc_average_pool2d_s8_taps inside = tinycc_average_pool2d_s8_inside(p, left);
        const int32_t taps = inside.end - inside.first;
        const int32_t pixels = rows * taps;
        const int32_t count = p->count_padding ? p->kernel_height * p->kernel_width : pixels;
        const int32_t column = left + inside.first * p->dilation_width;
        for (int32_t c = 0; c < p->channels; c++) {
            const int32_t sum = tinycc_average_pool2d_s8_sum(p, in, column * p->channels + c, taps);
            *y++ = tinycc_requantize(sum - pixels * p->in_zero, p->multiplier[count - p->least],
                                     p->shift, p->out_zero, p->low, p->high);
        }
    }
}
