/* Copies pixels: column x of the output is column columns[x] of the one input row, int8, NHWC.
 * ROWS with a window of one row, no scratch. Output must not overlap the input.
 */
#ifndef TINYCC_RESIZE_NEAREST_H
#define TINYCC_RESIZE_NEAREST_H

#include "tinycc_runtime.h"

typedef struct {
    int32_t out_width, channels;
    const uint16_t *columns; /* [out_width] */
} tinycc_resize_nearest_s8_params;

tinycc_kernel tinycc_resize_nearest_s8;

#endif
