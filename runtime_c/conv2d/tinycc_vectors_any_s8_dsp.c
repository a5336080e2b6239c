#include "tinycc_conv2d.h"

#if defined(__ARM_FEATURE_DSP)

#include "tinycc_vectors_dsp.h"

tinycc_vector_dsp tinycc_vector_any_s8_dsp;

__asm__(
    ".macro tinycc_vector_any_two weights, x, low, high\n"
    "    sxtb16 r10, \\weights\n"
    "    sxtb16 \\weights, \\weights, ror #8\n"
    "    smlad  \\low, r10, \\x, \\low\n"
    "    smlad  \\high, \\weights, \\x, \\high\n"
    ".endm\n"

    ".macro tinycc_vector_any_products\n"
    "    sxtb16 r5, r4, ror #8\n"
    "    sxtb16 r4, r4\n"
    "    ldmia  lr!, {r6-r9}\n"
    "    tinycc_vector_any_two r6, r4, r0, r1\n"
    "    tinycc_vector_any_two r7, r5, r0, r1\n"
    "    tinycc_vector_any_two r8, r4, r2, r3\n"
    "    tinycc_vector_any_two r9, r5, r2, r3\n"
    ".endm\n"

    ".macro tinycc_vector_any_sums\n"
    ".endm\n"

    "tinycc_vector_function tinycc_vector_any_s8_dsp, tinycc_vector_any_products, "
    "tinycc_vector_any_sums, 80\n");

void tinycc_vectors_any_s8_dsp(const void *params, const void *const *in, void *out, int32_t n,
                               void *scratch)
{
    (void)scratch;
    tinycc_vectors_dsp(params, in[0], out, n, tinycc_vector_any_s8_dsp);
}

#endif
