/* Softmax over vectors, int8 to float32. RUN over vectors, no scratch.
 *
 *   t[i] = table[max - x[i]]     table[d] = exp(-d * in_scale), rounded to float32; table[0] = 1
 *   y[i] = t[i] / (t[0] + t[1] + ...), added in this order
 *
 * Every operation rounds once, so that all IEEE cores (and soft float) give the same bits.
 */
#ifndef TINYCC_SOFTMAX_FLOAT_H
#define TINYCC_SOFTMAX_FLOAT_H

#include "tinycc_runtime.h"

typedef struct {
    int32_t length;     /* values in a vector */
    const float *table; /* [256] */
} tinycc_softmax_s8_f32_params;

tinycc_kernel tinycc_softmax_s8_f32;

#endif
