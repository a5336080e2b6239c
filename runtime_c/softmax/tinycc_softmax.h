/* Softmax over vectors, int8. RUN over vectors, no scratch; output may be the input.
 *
 *   t[i] = table[max - x[i]]          table[d] = round(exp(-d * in_scale) * 2**31)
 *   s    = sum of t                   2**31 <= s < 2**47
 *   y[i] = floor((t[i] * inverse_scale + s * 2**15) / (s * 2**16)) + out_zero, saturated
 *
 * which is floor(softmax / out_scale + 1/2) + out_zero, inverse_scale = round(2**16 / out_scale).
 * t * inverse_scale <= 2**31 * (2**32 - 1), so that every term fits 64 unsigned bits for up to
 * 65535 values in a vector; the quotient is at most 65536.
 */
#ifndef TINYCC_SOFTMAX_H
#define TINYCC_SOFTMAX_H

#include "tinycc_runtime.h"

typedef struct {
    int32_t length;         /* 1 .. 65535 values in a vector */
    int32_t out_zero;       /* -128 .. 127 */
    uint32_t inverse_scale;
    const uint32_t *table;  /* [256] */
} tinycc_softmax_s8_params;

tinycc_kernel tinycc_softmax_s8;

#endif
