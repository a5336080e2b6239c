#include "tinycc_conv2d.h"

#if defined(__ARM_FEATURE_DSP)

#include "tinycc_vectors_dsp.h"

tinycc_vector_dsp tinycc_vector_s8_dsp;

__asm__(
    "tinycc_vector_function tinycc_vector_s8_dsp, tinycc_vector_products, tinycc_vector_sums, 64\n");

void tinycc_vectors_s8_dsp(const void *params, const void *const *in, void *out, int32_t n,
                           void *scratch)
{
    (void)scratch;
    tinycc_vectors_dsp(params, in[0], out, n, tinycc_vector_s8_dsp);
}

#endif
