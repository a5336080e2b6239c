#include "tinycc_average_pool2d.h"

#ifdef __ARM_FEATURE_MVE

#include <arm_mve.h>

/* Values that a sum in 16 bits can hold: 255 * 128 < 2**15. */
enum { TINYCC_AVERAGE_POOL2D_S8_MVE_MOST = 255 };

/* Sums of 8 channels: lanes 0, 2, 4, 6 and lanes 1, 3, 5, 7. */
typedef struct {
    int32x4_t even, odd;
} tinycc_average_pool2d_s8_mve_sums;

/* The taps of a window that lie inside the row, and its rows inside the image. */
typedef struct {
    int32_t first, taps, rows;
} tinycc_average_pool2d_s8_mve_inside;

static tinycc_average_pool2d_s8_mve_inside
tinycc_average_pool2d_s8_mve_clip(const tinycc_average_pool2d_s8_params *p, int32_t left,
                                  int32_t rows)
{
    int32_t first = 0, end = p->kernel_width;
    while (first < end && left + first * p->dilation_width < 0) {
        first++;
    }
    while (end > first && left + (end - 1) * p->dilation_width >= p->in_width) {
        end--;
    }
    const tinycc_average_pool2d_s8_mve_inside inside = {first, end - first, rows};
    return inside;
}

static void tinycc_average_pool2d_s8_mve_flush(tinycc_average_pool2d_s8_mve_sums *sums,
                                               int16x8_t part)
{
    sums->even = vaddq_s32(sums->even, vmovlbq_s16(part));
    sums->odd = vaddq_s32(sums->odd, vmovltq_s16(part));
}

/* Up to 8 channels of one pixel: `offset` is that of the first tap. */
static void tinycc_average_pool2d_s8_mve_add(const tinycc_average_pool2d_s8_params *p,
                                             const void *const *rows, int32_t offset, int32_t taps,
                                             mve_pred16_t lanes,
                                             tinycc_average_pool2d_s8_mve_sums *sums)
{
    const int32_t step = p->dilation_width * p->channels;
    int16x8_t part = vdupq_n_s16(0);
    int32_t count = 0;
    for (int32_t ky = 0; ky < p->kernel_height; ky++) {
        const int8_t *x = rows[ky * p->dilation_height];
        if (x == NULL) {
            continue;
        }
        if (count + taps > TINYCC_AVERAGE_POOL2D_S8_MVE_MOST) {
            tinycc_average_pool2d_s8_mve_flush(sums, part);
            part = vdupq_n_s16(0);
            count = 0;
        }
        count += taps;
        x += offset;
        for (int32_t tap = 0; tap < taps; tap++) {
            part = vaddq_s16(part, vldrbq_z_s16(x, lanes));
            x += step;
        }
    }
    tinycc_average_pool2d_s8_mve_flush(sums, part);
}

static int32x4_t tinycc_average_pool2d_s8_mve_finish(const tinycc_average_pool2d_s8_params *p,
                                                     int32x4_t sum, int32_t zeros,
                                                     int32_t multiplier)
{
    int32x4_t value = vshlq_r_s32(vsubq_n_s32(sum, zeros), p->shift);
    value = vrshrq_n_s32(vmulhq_s32(value, vdupq_n_s32(multiplier)), 1);
    value = vmaxq_s32(vaddq_n_s32(value, p->out_zero), vdupq_n_s32(p->low));
    return vminq_s32(value, vdupq_n_s32(p->high));
}

/* One output pixel. */
static void tinycc_average_pool2d_s8_mve_pixel(const tinycc_average_pool2d_s8_params *p,
                                               const void *const *rows, int32_t left,
                                               tinycc_average_pool2d_s8_mve_inside inside,
                                               int8_t *y)
{
    const int32_t pixels = inside.rows * inside.taps;
    const int32_t count = p->count_padding ? p->kernel_height * p->kernel_width : pixels;
    const int32_t multiplier = p->multiplier[count - p->least];
    const int32_t column = left + inside.first * p->dilation_width;
    for (int32_t c = 0; c < p->channels; c += 8) {
        const mve_pred16_t lanes = vctp16q((uint32_t)(p->channels - c));
        tinycc_average_pool2d_s8_mve_sums sums = {vdupq_n_s32(0), vdupq_n_s32(0)};
        int16x8_t results = vdupq_n_s16(0);
        tinycc_average_pool2d_s8_mve_add(p, rows, column * p->channels + c, inside.taps, lanes,
                                         &sums);
        sums.even = tinycc_average_pool2d_s8_mve_finish(p, sums.even, pixels * p->in_zero,
                                                        multiplier);
        sums.odd = tinycc_average_pool2d_s8_mve_finish(p, sums.odd, pixels * p->in_zero,
                                                       multiplier);
        results = vmovntq_s32(vmovnbq_s32(results, sums.even), sums.odd);
        vstrbq_p_s16(y + c, results, lanes);
    }
}

void tinycc_average_pool2d_s8_mve(const void *params, const void *const *in, void *out, int32_t n,
                                  void *scratch)
{
    const tinycc_average_pool2d_s8_params *p = params;
    int8_t *y = out;
    int32_t rows = 0;
    (void)n; /* one row: the caller moves the window */
    (void)scratch;
    for (int32_t ky = 0; ky < p->kernel_height; ky++) {
        rows += in[ky * p->dilation_height] != NULL;
    }
    for (int32_t x = 0; x < p->out_width; x++) {
        const int32_t left = x * p->stride - p->pad_left;
        tinycc_average_pool2d_s8_mve_pixel(
            p, in, left, tinycc_average_pool2d_s8_mve_clip(p, left, rows), y);
        y += p->channels;
    }
}

#endif
