/* Bytes as they are: a tensor that waits goes to another memory. RUN over elements, no scratch. */
#ifndef TINYCC_COPY_H
#define TINYCC_COPY_H

#include "tinycc_runtime.h"

typedef struct {
    int32_t element_bytes;
} tinycc_copy_params;

tinycc_kernel tinycc_copy;

#endif
