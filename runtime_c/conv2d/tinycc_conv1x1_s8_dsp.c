#include "tinycc_conv2d.h"

#if defined(__ARM_FEATURE_DSP)

#include "tinycc_conv1x1_dsp.h"
#include "tinycc_dot_s8_dsp.h"

void tinycc_conv1x1_s8_dsp(const void *params, const void *const *in, void *out, int32_t n,
                           void *scratch)
{
    tinycc_conv1x1_dsp(params, in[0], out, n, scratch, tinycc_dot_s8_dsp_block,
                       tinycc_dot_s8_dsp_pixels);
}

#endif
