#include "tinycc_conv2d.h"

#if defined(__ARM_FEATURE_DSP)

#include "tinycc_dw_s8_dsp.h"

static void tinycc_dwconv3x3_s8_dsp_make(const tinycc_dw_s8_dsp_plan *plan,
                                         const tinycc_dw_s8_dsp_line *line)
{
    if (plan->stride == 1) {
        tinycc_dw3x3_s8_dsp_1(line);
    } else {
        tinycc_dw3x3_s8_dsp_2(line);
    }
}

void tinycc_dwconv3x3_s8_dsp(const void *params, const void *const *in, void *out, int32_t n,
                             void *scratch)
{
    tinycc_dw_s8_dsp_all(params, 2, tinycc_dwconv3x3_s8_dsp_make, in, out, n, scratch);
}

#endif
