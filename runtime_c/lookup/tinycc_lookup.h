/* Any function of one int8 value. RUN over elements, no scratch; output may be the input. */
#ifndef TINYCC_LOOKUP_H
#define TINYCC_LOOKUP_H

#include "tinycc_runtime.h"

typedef struct {
    const int8_t *table; /* [256]: the results of 0 .. 127, then of -128 .. -1 */
} tinycc_lookup_s8_params;

tinycc_kernel tinycc_lookup_s8;
tinycc_kernel tinycc_lookup_s8_mve;

#endif
