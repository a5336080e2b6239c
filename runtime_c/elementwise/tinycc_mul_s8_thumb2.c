#include "tinycc_elementwise.h"

#if defined(__thumb2__)

/* The multiplier is that of products which are not shifted first. */
static inline int8_t tinycc_mul_s8_thumb2_one(int32_t a, int32_t b, int32_t left,
                                              int32_t multiplier, int32_t constant)
{
    const int32_t product = (int32_t)((uint32_t)(a * b) << left);
    const int32_t high = (int32_t)(((int64_t)product * multiplier) >> 32) + constant;
    int32_t y;
    __asm__("ssat %0, #8, %1, asr #1" : "=r"(y) : "r"(high));
    return (int8_t)y;
}

static void tinycc_mul_s8_thumb2_line(const void *params, const int8_t *a, const int8_t *b,
                                      int8_t *y, int32_t n)
{
    const tinycc_mul_s8_params *p = params;
    const int32_t zero1 = p->zero1, zero2 = p->zero2, left = p->shift, multiplier = p->multiplier;
    const int32_t constant = 2 * p->out_zero + 1, step1 = p->walk.step1, step2 = p->walk.step2;
    int8_t *const start = y;
    for (int8_t *const end = y + n; y < end; y++) {
        *y = tinycc_mul_s8_thumb2_one(*a - zero1, *b - zero2, left, multiplier, constant);
        a += step1;
        b += step2;
    }
    tinycc_clamp_s8(start, n, p->low, p->high);
}

void tinycc_mul_s8_thumb2(const void *params, const void *const *in, void *out, int32_t n,
                          void *scratch)
{
    const tinycc_mul_s8_params *p = params;
    (void)scratch;
    tinycc_walk_lines(&p->walk, tinycc_mul_s8_thumb2_line, p, in, out, n);
}

#endif
