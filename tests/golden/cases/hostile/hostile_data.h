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

static const int8_t conv2d_1_weights[3][3][3][2] = { /* c4 */
    {{{33, -116}, {-55, -127}, {122, -115}}, {{-114, -90}, {-57, 127}, {-30, -79}}, {{18, 39}, {-23, 64}, {-94, -68}}},
    {{{-56, -27}, {-17, 33}, {-60, -2}}, {{121, 42}, {-82, 45}, {101, 42}}, {{76, -112}, {88, 117}, {-98, 14}}},
    {{{103, 94}, {-58, -41}, {-35, -70}}, {{97, 11}, {-80, 101}, {-111, 98}}, {{-32, 95}, {46, -49}, {-96, -123}}},
};

static const int32_t conv2d_1_bias[3] = {
    1112, 829, 1083,
};

static const int32_t conv2d_1_multiplier[3] = {
    141648480, 142102720, 96858904,
};

static const int32_t transpose_3_extents[2] = {
    3, 9,
};

static const int32_t transpose_3_strides[2] = {
    1, 3,
};

#endif
