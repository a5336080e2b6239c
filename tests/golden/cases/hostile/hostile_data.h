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

static const int32_t conv2d_1_packed[2][14] = { /* c4, packed */
    {1112, 829, -271988703, 562161036, 2039399546, 715587213, 1709354695, 716254591, 1491684370, 1967165479, 40610, 3772, 141648480, 142102720},
    {1083, 0, 12976231, 14090334, 6357213, 721082, 9502896, 6422629, 3014880, 13566047, 160, 133, 96858904, 0},
};

static const int32_t transpose_3_extents[2] = {
    3, 9,
};

static const int32_t transpose_3_strides[2] = {
    1, 3,
};

#endif
