/* Surrounds an image with a constant, int8, NHWC. ROWS with a window of one row (null: a row of
 * padding), no scratch. Output must not overlap the input.
 */
#ifndef TINYCC_PAD_H
#define TINYCC_PAD_H

#include "tinycc_runtime.h"

typedef struct {
    int32_t in_width, in_channels;
    int32_t left, right;   /* pixels */
    int32_t before, after; /* channels */
    int32_t value;         /* -128 .. 127 */
} tinycc_pad_s8_params;

tinycc_kernel tinycc_pad_s8;

#endif
