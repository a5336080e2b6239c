#include "tinycc_elementwise.h"

#ifdef __ARM_FEATURE_MVE

/* What the assembly reads; it knows the offsets. */
typedef struct {
    int32_t multiplier1, multiplier2; /*  0,  4 */
    int32_t constant;                 /*  8 */
    int32_t right;                    /* 12: -shift */
    int32_t low, high;                /* 16, 20 */
} tinycc_add_s8_mve_constants;

/* Four elements per turn. */
static void tinycc_add_s8_mve_sums(const tinycc_add_s8_mve_constants *c, const int8_t *a,
                                   const int8_t *b, int8_t *y, int32_t n)
{
    __asm__ volatile("ldrd r6, r8, [%[c], #16]\n"
                     "vdup.32 q3, r6\n"
                     "vdup.32 q4, r8\n"
                     "ldrd r6, r9, [%[c]]\n"
                     "vdup.32 q2, r6\n"
                     "ldrd r6, r8, [%[c], #8]\n"
                     "dlstp.32 lr, %[n]\n"
                     "1: vldrb.s32 q0, [%[a]], #4\n"
                     "vldrb.s32 q1, [%[b]], #4\n"
                     "vmlas.s32 q0, q2, r6\n" /* a * multiplier1 + constant */
                     "vmla.s32 q0, q1, r9\n"
                     "vshl.s32 q0, r8\n"
                     "vmax.s32 q0, q0, q3\n"
                     "vmin.s32 q0, q0, q4\n"
                     "vstrb.32 q0, [%[y]], #4\n"
                     "letp lr, 1b\n"
                     : [a] "+l"(a), [b] "+l"(b), [y] "+l"(y)
                     : [n] "r"(n), [c] "r"(c)
                     : "r6", "r8", "r9", "lr", "q0", "q1", "q2", "q3", "q4", "memory");
}

/* An operand of step 0 is part of the constant; its lanes are read elsewhere and multiplied by 0,
 * which no sum notices. */
static void tinycc_add_s8_mve_line(const void *params, const int8_t *a, const int8_t *b, int8_t *y,
                                   int32_t n)
{
    const tinycc_add_s8_params *p = params;
    tinycc_add_s8_mve_constants c = {p->multiplier1, p->multiplier2, p->constant,
                                     -p->shift,      p->low,         p->high};
    if (p->walk.step1 == 0) {
        c.constant += *a * c.multiplier1;
        c.multiplier1 = 0;
        a = y;
    }
    if (p->walk.step2 == 0) {
        c.constant += *b * c.multiplier2;
        c.multiplier2 = 0;
        b = y;
    }
    tinycc_add_s8_mve_sums(&c, a, b, y, n);
}

void tinycc_add_s8_mve(const void *params, const void *const *in, void *out, int32_t n,
                       void *scratch)
{
    const tinycc_add_s8_params *p = params;
    (void)scratch;
    tinycc_walk_lines(&p->walk, tinycc_add_s8_mve_line, p, in, out, n);
}

#endif
