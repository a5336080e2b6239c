/* Joins tensors along one axis. RUN over the indices before that axis, no scratch.
 *
 * A unit of the output is bytes[0] bytes of the first input, then bytes[1] of the second, and so
 * on. Output must not overlap any input.
 */
#ifndef TINYCC_CONCAT_H
#define TINYCC_CONCAT_H

#include "tinycc_runtime.h"

typedef struct {
    int32_t inputs;
    const int32_t *bytes; /* [inputs]: bytes of a unit of each input */
} tinycc_concat_s8_params;

tinycc_kernel tinycc_concat_s8;

#endif
