#include "tinycc_conv2d.h"

#if defined(__ARM_FEATURE_DSP)

#include "tinycc_dw_s8_dsp.h"

void tinycc_dwconv2d_s8_dsp(const void *params, const void *const *in, void *out, int32_t n,
                            void *scratch)
{
    const tinycc_dwconv2d_s8_dsp_params *p = params;
    tinycc_dw_s8_dsp_all(p, tinycc_dw_s8_dsp_pairs(p), tinycc_dw_s8_dsp_any, in, out, n,
                         scratch);
}

#endif
