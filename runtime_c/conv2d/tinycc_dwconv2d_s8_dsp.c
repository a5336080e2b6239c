#include "tinycc_conv2d.h"

#if defined(__ARM_FEATURE_DSP)

#include "tinycc_dw_s8_dsp.h"

static void tinycc_dwconv2d_s8_dsp_make(const tinycc_dw_s8_dsp_plan *plan,
                                        const tinycc_dw_s8_dsp_line *line)
{
    switch (2 * plan->pairs + plan->stride) {
    case 2 * 2 + 1: tinycc_dw_s8_dsp_2_1(line); break;
    case 2 * 3 + 1: tinycc_dw_s8_dsp_3_1(line); break;
    case 2 * 4 + 1: tinycc_dw_s8_dsp_4_1(line); break;
    case 2 * 2 + 2: tinycc_dw_s8_dsp_2_2(line); break;
    case 2 * 3 + 2: tinycc_dw_s8_dsp_3_2(line); break;
    default: tinycc_dw_s8_dsp_4_2(line); break;
    }
}

void tinycc_dwconv2d_s8_dsp(const void *params, const void *const *in, void *out, int32_t n,
                            void *scratch)
{
    const tinycc_dwconv2d_s8_dsp_params *p = params;
    const int32_t pairs = p->stride == 1 ? p->kernel_width / 2 + 1 : (p->kernel_width + 1) / 2;
    tinycc_dw_s8_dsp_all(p, pairs < 2 ? 2 : pairs, tinycc_dwconv2d_s8_dsp_make, in, out, n, scratch);
}

#endif
