#include "tinycc_conv2d.h"

#if defined(__thumb__)

#include "tinycc_dot_s8_thumb.h"

void tinycc_conv1x1_s8_thumb(const void *params, const void *const *in, void *out, int32_t n,
                             void *scratch)
{
    const tinycc_conv1x1_s8_dsp_params *p = params;
    const int32_t channels = p->in_channels, whole = channels & ~3;
    const int8_t *x = in[0];
    int8_t *y = out;
    for (; n > 0; n--) {
        int32_t *const to = tinycc_widen_s8_thumb(scratch, x, whole / 2);
        if (whole < channels) {
            (void)tinycc_widen_last_s8_thumb(to, x + whole, channels - whole);
        }
        tinycc_dot_s8_thumb(&p->dot, p->packed, scratch, y);
        x += channels;
        y += p->dot.channels;
    }
}

#endif
