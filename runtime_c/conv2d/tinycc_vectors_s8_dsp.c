#include "tinycc_conv2d.h"

#if defined(__ARM_FEATURE_DSP)

#include "tinycc_vectors_dsp.h"

tinycc_vector_dsp tinycc_vector_s8_dsp;

/* r0 the sum of c0, r1 that of c0 and 256 times c1, r2 and r3 those of c2 and c3. */
__asm__(
    ".macro tinycc_vector_two weights, x, low, both\n"
    "    smlad  \\both, \\weights, \\x, \\both\n"
    "    sxtb16 \\weights, \\weights\n"
    "    smlad  \\low, \\weights, \\x, \\low\n"
    ".endm\n"

    ".macro tinycc_vector_products\n"
    "    sxtb16 r5, r4, ror #8\n"
    "    sxtb16 r4, r4\n"
    "    ldmia  lr!, {r6-r9}\n"
    "    tinycc_vector_two r6, r4, r0, r1\n"
    "    tinycc_vector_two r7, r5, r0, r1\n"
    "    tinycc_vector_two r8, r4, r2, r3\n"
    "    tinycc_vector_two r9, r5, r2, r3\n"
    ".endm\n"

    ".macro tinycc_vector_sums\n"
    "    subs   r1, r1, r0\n"
    "    asrs   r1, r1, #8\n"
    "    subs   r3, r3, r2\n"
    "    asrs   r3, r3, #8\n"
    ".endm\n"

    "tinycc_vector_function tinycc_vector_s8_dsp, tinycc_vector_products, tinycc_vector_sums, 64\n");

void tinycc_vectors_s8_dsp(const void *params, const void *const *in, void *out, int32_t n,
                           void *scratch)
{
    (void)scratch;
    tinycc_vectors_dsp(params, in[0], out, n, tinycc_vector_s8_dsp);
}

#endif
