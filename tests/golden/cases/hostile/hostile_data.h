/* hostile: weights and tables, made by tinycc 0.1.0. Included by hostile.c only. */
#ifndef HOSTILE_DATA_H
#define HOSTILE_DATA_H

#include <stdint.h>

static const int32_t transpose_0_extents[2] = {
    16, 2,
};

static const int32_t transpose_0_strides[2] = {
    1, 16,
};

static const int32_t conv2d_1_packed[1][28] = { /* c4, packed */
    {1112, 829, 1083, 0, 6801441, 6219148, 13037513, 14098817, 14533754, 12254861, 6388110, 731814, 11579079, 6630783, 9528802, 6433457, 14699538, 6262823, 3037417, 13595968, 10526370, 8720060, 0, 0, 141648480, 142102720, 96858904, 0},
};

static const int32_t transpose_3_extents[2] = {
    3, 9,
};

static const int32_t transpose_3_strides[2] = {
    1, 3,
};

#endif
