/* Largest value under a window, int8, NHWC. ROWS, no scratch.
 *
 * Padding is ignored; a window without any pixel gives -128. Output must not overlap the input.
 */
#ifndef TINYCC_MAX_POOL2D_H
#define TINYCC_MAX_POOL2D_H

#include "tinycc_runtime.h"

typedef struct {
    int32_t in_width, out_width, channels;
    int32_t kernel_height, kernel_width;
    int32_t stride, pad_left; /* along the row */
    int32_t dilation_height, dilation_width;
} tinycc_max_pool2d_s8_params;

tinycc_kernel tinycc_max_pool2d_s8;
tinycc_kernel tinycc_max_pool2d_s8_mve;
tinycc_kernel tinycc_max_pool2d_s8_dsp; /* 4 or more channels */

#endif
