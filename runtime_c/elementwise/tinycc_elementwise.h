/* Sums and products of two int8 tensors with broadcasting. RUN, no scratch.
 *
 * A run is n units of `groups` lines of `length` elements; the output is contiguous. Per unit, per
 * group and per element an operand advances by the bytes below, 0 where it is broadcast. Length 0:
 * the run is a single line of n elements.
 * The output may be the same memory as an operand that has all of its elements; else no overlap.
 */
#ifndef TINYCC_ELEMENTWISE_H
#define TINYCC_ELEMENTWISE_H

#include "tinycc_runtime.h"

typedef struct {
    int32_t groups, length;
    int32_t unit1, group1, step1; /* first operand; step is 0 or 1 */
    int32_t unit2, group2, step2; /* second operand */
} tinycc_walk;

/* One line of an operator: n elements. */
typedef void tinycc_line(const void *params, const int8_t *a, const int8_t *b, int8_t *y,
                         int32_t n);

static inline void tinycc_walk_lines(const tinycc_walk *walk, tinycc_line *line, const void *params,
                                     const void *const *in, int8_t *y, int32_t n)
{
    const int32_t length = walk->length ? walk->length : n;
    const int32_t units = walk->length ? n : 1;
    for (int32_t unit = 0; unit < units; unit++) {
        const int8_t *a = (const int8_t *)in[0] + unit * walk->unit1;
        const int8_t *b = (const int8_t *)in[1] + unit * walk->unit2;
        for (int32_t group = 0; group < walk->groups; group++) {
            line(params, a, b, y, length);
            a += walk->group1;
            b += walk->group2;
            y += length;
        }
    }
}

/* y = (x1 * multiplier1 + x2 * multiplier2 + constant) >> shift, clamped to [low, high].
 * Every partial sum fits int32 (chosen so by the compiler). */
typedef struct {
    tinycc_walk walk;
    int32_t multiplier1, multiplier2;
    int32_t constant; /* zero points and the rounding half */
    int32_t shift;    /* 10 .. 30 */
    int32_t low, high;
} tinycc_add_s8_params;

tinycc_kernel tinycc_add_s8;
tinycc_kernel tinycc_add_s8_mve;
tinycc_kernel tinycc_add_s8_thumb2;
tinycc_kernel tinycc_add_s8_x86; /* AVX2 */

/* y = tinycc_requantize((x1 - zero1) * (x2 - zero2), multiplier, shift, out_zero, low, high) */
typedef struct {
    tinycc_walk walk;
    int32_t zero1, zero2;
    int32_t multiplier, shift;
    int32_t out_zero;
    int32_t low, high;
} tinycc_mul_s8_params;

tinycc_kernel tinycc_mul_s8;
tinycc_kernel tinycc_mul_s8_thumb2; /* 255 * 255 << shift fits int32 */
tinycc_kernel tinycc_mul_s8_mve; /* 255 * 255 << shift fits int32 */

#endif
