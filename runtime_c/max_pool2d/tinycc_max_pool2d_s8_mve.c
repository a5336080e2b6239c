#include "tinycc_max_pool2d.h"

#ifdef __ARM_FEATURE_MVE

#include <arm_mve.h>

/* The taps of a window of `kernel` columns from `left` on that lie inside the row. */
typedef struct {
    int32_t first, end;
} tinycc_max_pool2d_s8_mve_taps;

static tinycc_max_pool2d_s8_mve_taps
tinycc_max_pool2d_s8_mve_inside(const tinycc_max_pool2d_s8_params *p, int32_t left)
{
    tinycc_max_pool2d_s8_mve_taps taps = {0, p->kernel_width};
    while (taps.first < taps.end && left + taps.first * p->dilation_width < 0) {
        taps.first++;
    }
    while (taps.end > taps.first && left + (taps.end - 1) * p->dilation_width >= p->in_width) {
        taps.end--;
    }
    return taps;
}

/* Up to 16 channels of one pixel: `offset` is that of the first tap, `taps` their number. */
static int8x16_t tinycc_max_pool2d_s8_mve_block(const tinycc_max_pool2d_s8_params *p,
                                                const void *const *rows, int32_t offset,
                                                int32_t taps, mve_pred16_t lanes)
{
    const int32_t step = p->dilation_width * p->channels;
    int8x16_t largest = vdupq_n_s8(INT8_MIN);
    for (int32_t ky = 0; ky < p->kernel_height; ky++) {
        const int8_t *x = rows[ky * p->dilation_height];
        if (x == NULL) {
            continue;
        }
        x += offset;
        for (int32_t tap = 0; tap < taps; tap++) {
            largest = vmaxq_s8(largest, vldrbq_z_s8(x, lanes));
            x += step;
        }
    }
    return largest;
}

void tinycc_max_pool2d_s8_mve(const void *params, const void *const *in, void *out, int32_t n,
                              void *scratch)
{
    const tinycc_max_pool2d_s8_params *p = params;
    int8_t *y = out;
    (void)n; /* one row: the caller moves the window */
    (void)scratch;
    for (int32_t x = 0; x < p->out_width; x++) {
        const int32_t left = x * p->stride - p->pad_left;
        const tinycc_max_pool2d_s8_mve_taps inside = tinycc_max_pool2d_s8_mve_inside(p, left);
        const int32_t column = left + inside.first * p->dilation_width;
        for (int32_t c = 0; c < p->channels; c += 16) {
            const mve_pred16_t lanes = vctp8q((uint32_t)(p->channels - c));
            const int8x16_t largest = tinycc_max_pool2d_s8_mve_block(
                p, in, column * p->channels + c, inside.end - inside.first, lanes);
            vstrbq_p_s8(y + c, largest, lanes);
        }
        y += p->channels;
    }
}

#endif
