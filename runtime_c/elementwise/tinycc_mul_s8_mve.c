#include "tinycc_elementwise.h"

#ifdef __ARM_FEATURE_MVE

/* What the assembly reads; it knows the offsets. A factor is x * step + offset. */
typedef struct {
    int32_t step1, step2;     /*  0,  4 */
    int32_t multiplier, left; /*  8, 12: left is the shift of the product */
    int32_t low, high;        /* 16, 20 */
    int32_t offset1, offset2; /* 24, 28 */
    int32_t zero;             /* 32 */
} tinycc_mul_s8_mve_constants;

/* Four elements per turn. */
static void tinycc_mul_s8_mve_products(const tinycc_mul_s8_mve_constants *c, const int8_t *a,
                                       const int8_t *b, int8_t *y, int32_t n)
{
    __asm__ volatile("ldrd r6, r8, [%[c]]\n"
                     "vdup.32 q2, r6\n"
                     "vdup.32 q3, r8\n"
                     "ldrd r6, r9, [%[c], #8]\n"
                     "vdup.32 q4, r6\n"
                     "ldrd r6, r8, [%[c], #16]\n"
                     "vdup.32 q5, r6\n"
                     "vdup.32 q6, r8\n"
                     "ldrd r6, r8, [%[c], #24]\n"
                     "ldr r10, [%[c], #32]\n"
                     "dlstp.32 lr, %[n]\n"
                     "1: vldrb.s32 q0, [%[a]], #4\n"
                     "vldrb.s32 q1, [%[b]], #4\n"
                     "vmlas.s32 q0, q2, r6\n"
                     "vmlas.s32 q1, q3, r8\n"
                     "vmul.i32 q0, q0, q1\n"
                     "vshl.s32 q0, r9\n"
                     "vmulh.s32 q0, q0, q4\n"
                     "vrshr.s32 q0, q0, #1\n"
                     "vadd.i32 q0, q0, r10\n"
                     "vmax.s32 q0, q0, q5\n"
                     "vmin.s32 q0, q0, q6\n"
                     "vstrb.32 q0, [%[y]], #4\n"
                     "letp lr, 1b\n"
                     : [a] "+l"(a), [b] "+l"(b), [y] "+l"(y)
                     : [n] "r"(n), [c] "r"(c)
                     : "r6", "r8", "r9", "r10", "lr", "q0", "q1", "q2", "q3", "q4", "q5", "q6",
                       "memory");
}

/* An operand of step 0 is part of the offset; its lanes are read elsewhere and multiplied by 0. */
static void tinycc_mul_s8_mve_line(const void *params, const int8_t *a, const int8_t *b, int8_t *y,
                                   int32_t n)
{
    const tinycc_mul_s8_params *p = params;
    const int32_t step1 = p->walk.step1, step2 = p->walk.step2;
    const tinycc_mul_s8_mve_constants c = {
        step1, step2, p->multiplier, p->shift, p->low, p->high,
        (step1 == 0 ? *a : 0) - p->zero1, (step2 == 0 ? *b : 0) - p->zero2, p->out_zero,
    };
    tinycc_mul_s8_mve_products(&c, step1 == 0 ? y : a, step2 == 0 ? y : b, y, n);
}

void tinycc_mul_s8_mve(const void *params, const void *const *in, void *out, int32_t n,
                       void *scratch)
{
    const tinycc_mul_s8_params *p = params;
    (void)scratch;
    tinycc_walk_lines(&p->walk, tinycc_mul_s8_mve_line, p, in, out, n);
}

#endif
