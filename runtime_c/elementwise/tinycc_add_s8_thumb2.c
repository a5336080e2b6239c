#include "tinycc_elementwise.h"

#if defined(__thumb2__)

static inline int8_t tinycc_add_s8_thumb2_one(const tinycc_add_s8_params *p, int32_t a, int32_t b)
{
    const int32_t sum = (a * p->multiplier1 + p->constant + b * p->multiplier2) >> p->shift;
    int32_t y;
    __asm__("ssat %0, #8, %1" : "=r"(y) : "r"(sum));
    return (int8_t)y;
}

/* Four at a time. An operand of step 0 is part of the constant; the other is read in its place and
 * multiplied by 0. */
static void tinycc_add_s8_thumb2_line(const void *params, const int8_t *a, const int8_t *b,
                                      int8_t *y, int32_t n)
{
    tinycc_add_s8_params p = *(const tinycc_add_s8_params *)params;
    int8_t *const end = y + n, *const start = y;
    if (p.walk.step1 == 0) {
        p.constant += *a * p.multiplier1;
        p.multiplier1 = 0;
        a = p.walk.step2 == 0 ? y : b;
    }
    if (p.walk.step2 == 0) {
        p.constant += *b * p.multiplier2;
        p.multiplier2 = 0;
        b = a;
    }
    for (; end - y >= 4; y += 4) {
        const int32_t a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3];
        const int32_t b0 = b[0], b1 = b[1], b2 = b[2], b3 = b[3];
        y[0] = tinycc_add_s8_thumb2_one(&p, a0, b0);
        y[1] = tinycc_add_s8_thumb2_one(&p, a1, b1);
        y[2] = tinycc_add_s8_thumb2_one(&p, a2, b2);
        y[3] = tinycc_add_s8_thumb2_one(&p, a3, b3);
        a += 4;
        b += 4;
    }
    while (y < end) {
        *y++ = tinycc_add_s8_thumb2_one(&p, *a++, *b++);
    }
    tinycc_clamp_s8(start, n, p.low, p.high);
}

void tinycc_add_s8_thumb2(const void *params, const void *const *in, void *out, int32_t n,
                          void *scratch)
{
    const tinycc_add_s8_params *p = params;
    (void)scratch;
    tinycc_walk_lines(&p->walk, tinycc_add_s8_thumb2_line, p, in, out, n);
}

#endif
