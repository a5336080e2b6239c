#include "tinycc_elementwise.h"

static void tinycc_add_s8_line(const void *params, const int8_t *a, const int8_t *b, int8_t *y,
                               int32_t n)
{
    /* By value: the compiler cannot know that a store to y leaves the parameters alone. */
    const tinycc_add_s8_params p = *(const tinycc_add_s8_params *)params;
    for (int32_t i = 0; i < n; i++) {
        const int32_t sum = *a * p.multiplier1 + *b * p.multiplier2 + p.constant;
        const int32_t value = sum >> p.shift;
        const int32_t raised = value < p.low ? p.low : value;
        y[i] = (int8_t)(raised > p.high ? p.high : raised);
        a += p.walk.step1;
        b += p.walk.step2;
    }
}

void tinycc_add_s8(const void *params, const void *const *in, void *out, int32_t n, void *scratch)
{
    const tinycc_add_s8_params *p = params;
    (void)scratch;
    tinycc_walk_lines(&p->walk, tinycc_add_s8_line, p, in, out, n);
}
