/* One kernel call as data, made by tests/kernel_cases.py; harness.c drives it in every way that
 * generated code may. */
#ifndef HARNESS_H
#define HARNESS_H

#include "tinycc_runtime.h"

typedef struct {
    const void *data;
    int32_t bytes;
    int32_t rows;       /* rows that can be handed over one by one; 1: the same for all rows */
    int32_t unit_bytes; /* bytes per unit of a run; -1 when runs cannot be cut here */
    int32_t same_as;    /* index of the first input that is the same tensor */
    int in_place;       /* the output may overwrite it */
} harness_input;

typedef struct {
    const char *name;
    tinycc_kernel *kernel;
    const void *params;
    const tinycc_rows *image; /* of ROWS kernels, else NULL */
    int32_t inputs;
    const harness_input *input;
    const void *expected;
    int32_t out_bytes;
    int32_t out_rows; /* 0: the rows cannot be made one by one */
    int32_t units;
    int32_t scratch;
} harness_case;

/* Runs all cases; returns the number of failures, each printed. */
int harness_run(const harness_case *cases, int count);

#endif
