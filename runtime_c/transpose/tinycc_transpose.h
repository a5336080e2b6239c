/* Copies a tensor whose axes lie at any distance from each other: transposes, slices.
 *
 *   y[i0][i1]... = x[offset + i0 * strides[0] + i1 * strides[1] + ...]
 *
 * RUN of one unit, the whole tensor; no scratch. Output must not overlap the input.
 */
#ifndef TINYCC_TRANSPOSE_H
#define TINYCC_TRANSPOSE_H

#include "tinycc_runtime.h"

#define TINYCC_TRANSPOSE_MAX_RANK 6

typedef struct {
    int32_t rank; /* 1 .. 6 */
    int32_t offset;
    const int32_t *extents; /* [rank], of the output */
    const int32_t *strides; /* [rank], bytes in the input; negative where it is read backwards */
} tinycc_transpose_s8_params;

tinycc_kernel tinycc_transpose_s8;

#endif
