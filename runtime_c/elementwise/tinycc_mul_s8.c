#include "tinycc_elementwise.h"

static void tinycc_mul_s8_line(const void *params, const int8_t *a, const int8_t *b, int8_t *y,
                               int32_t n)
{
    /* By value: the compiler cannot know that a store to y leaves the parameters alone. */
    const tinycc_mul_s8_params p = *(const tinycc_mul_s8_params *)params;
    for (int32_t i = 0; i < n; i++) {
        y[i] = tinycc_requantize((*a - p.zero1) * (*b - p.zero2), p.multiplier, p.shift,
                                 p.out_zero, p.low, p.high);
        a += p.walk.step1;
        b += p.walk.step2;
    }
}

void tinycc_mul_s8(const void *params, const void *const *in, void *out, int32_t n, void *scratch)
{
    const tinycc_mul_s8_params *p = params;
    (void)scratch;
    tinycc_walk_lines(&p->walk, tinycc_mul_s8_line, p, in, out, n);
}
