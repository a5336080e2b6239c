#include "tinycc_conv2d.h"

#if defined(__ARM_FEATURE_DSP)

#include "tinycc_clamp_s8_dsp.h"
#include "tinycc_conv1x1_dsp.h"
#include "tinycc_dot_s8_dsp.h"
#include "tinycc_dot_s8_w16_dsp.h"

static void tinycc_conv1x1_s8_w16_dsp_pixels(const tinycc_dot_s8_dsp_params *p,
                                             const int32_t *packed, const int32_t *strip,
                                             int8_t *y, int32_t pixels)
{
    if (pixels == 4) {
        tinycc_dot_s8_w16_dsp_4(packed, strip, y, p);
    } else {
        tinycc_dot_s8_w16_dsp_1(packed, strip, y, p);
    }
    tinycc_clamp_s8_dsp(y, pixels * p->channels, p->low, p->high);
}

static int32_t tinycc_conv1x1_s8_w16_dsp_block(const tinycc_dot_s8_dsp_params *p, int32_t left)
{
    return left >= 4 && p->pixels == 4 ? 4 : 1;
}

void tinycc_conv1x1_s8_w16_dsp(const void *params, const void *const *in, void *out, int32_t n,
                               void *scratch)
{
    tinycc_conv1x1_dsp(params, in[0], out, n, scratch, tinycc_conv1x1_s8_w16_dsp_block,
                       tinycc_conv1x1_s8_w16_dsp_pixels);
}

#endif
