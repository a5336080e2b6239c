/* Turns uint8 into int8 and back: y = x ^ flip, so that the same real numbers have a zero point
 * that differs by 128. RUN over elements, no scratch; output may be the input.
 */
#ifndef TINYCC_RECENTRE_H
#define TINYCC_RECENTRE_H

#include "tinycc_runtime.h"

typedef struct {
    int32_t flip; /* 128 */
} tinycc_recentre_params;

tinycc_kernel tinycc_recentre;

#endif
