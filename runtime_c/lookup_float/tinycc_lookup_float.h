/* Any function of one int8 value with float32 results. RUN over elements, no scratch. */
#ifndef TINYCC_LOOKUP_FLOAT_H
#define TINYCC_LOOKUP_FLOAT_H

#include "tinycc_runtime.h"

typedef struct {
    const float *table; /* [256]: the results of 0 .. 127, then of -128 .. -1 */
} tinycc_lookup_s8_f32_params;

tinycc_kernel tinycc_lookup_s8_f32;

#endif
