/* Mean of the values under a window, int8, NHWC. ROWS, no scratch.
 *
 *   count = pixels under the window, padding not counted; kernel_height * kernel_width
 *           where count_padding is 1
 *   acc   = sum over the pixels under the window of (x - in_zero)
 *   y     = tinycc_requantize(acc, multiplier[count - least], shift, out_zero, low, high)
 *
 * A window without any pixel gives the real number 0. 255 * kernel_height * kernel_width < 2**31.
 * Output must not overlap the input.
 */
#ifndef TINYCC_AVERAGE_POOL2D_H
#define TINYCC_AVERAGE_POOL2D_H

#include "tinycc_runtime.h"

typedef struct {
    int32_t in_width, out_width, channels;
    int32_t kernel_height, kernel_width;
    int32_t stride, pad_left; /* along the row */
    int32_t dilation_height, dilation_width;
    int32_t count_padding;    /* 0 or 1 */
    int32_t in_zero, out_zero; /* -128 .. 127 */
    int32_t low, high;         /* bounds of y */
    int32_t shift;             /* 0 .. 31 */
    int32_t least;             /* smallest count that occurs */
    const int32_t *multiplier; /* one per count from `least` on */
} tinycc_average_pool2d_s8_params;

tinycc_kernel tinycc_average_pool2d_s8;

/* The same for 4 or more channels, at most 255 columns under a window, no dilation; with the DSP
 * extension. */
tinycc_kernel tinycc_average_pool2d_s8_dsp;
tinycc_kernel tinycc_average_pool2d_s8_x86; /* AVX2; 16 or more channels, any width of the window */
tinycc_kernel tinycc_average_pool2d_s8_mve; /* kernel_width <= 255; the sum << shift fits int32 */

/* ACCUMULATE: the same where the window is the whole map and nothing is padded. Called once per input
 * row, n is its number from 0 on; the output is written with the last. Scratch: channels int32_t,
 * kept from the first call to the last. */
tinycc_kernel tinycc_global_average_pool2d_s8;

#endif
