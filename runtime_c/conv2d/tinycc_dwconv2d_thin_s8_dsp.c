#include "tinycc_conv2d.h"

#if defined(__ARM_FEATURE_DSP)

#include "tinycc_dw_s8_dsp.h"

/* One image row (null: padding) of two channels into one row of their planes. */
static void tinycc_dwconv2d_thin_s8_dsp_expand(const tinycc_dwconv2d_s8_dsp_params *p,
                                               const tinycc_dw_s8_dsp_plan *plan, int32_t slot,
                                               const int8_t *x)
{
    int16_t *first = (int16_t *)(void *)(plan->planes + slot * plan->pitch) + p->pad_left;
    int16_t *second = first + 2 * plan->plane;
    const int8_t zeros[2] = {(int8_t)p->in_zero, (int8_t)p->in_zero};
    const int32_t step = x == NULL ? 0 : p->in_channels;
    x = x == NULL ? zeros : x;
    for (int32_t i = 0; i < p->in_width; i++) {
        *first++ = (int16_t)(x[0] * (1 << p->doubled));
        *second++ = (int16_t)(x[1] * (1 << p->doubled));
        x += step;
    }
}

void tinycc_dwconv2d_thin_s8_dsp(const void *params, const void *const *in, void *out, int32_t n,
                                 void *scratch)
{
    const tinycc_dwconv2d_s8_dsp_params *p = params;
    const tinycc_dw_s8_dsp_plan plan =
        tinycc_dw_s8_dsp_begin(p, tinycc_dw_s8_dsp_pairs(p), 2, scratch);
    const int32_t bytes = p->out_width * p->out_channels;
    (void)n; /* one row: the caller moves the window */
    tinycc_dw_s8_dsp_window(p, &plan, 0);
    for (int32_t channel = 0; channel < p->in_channels; channel += 2) {
        const tinycc_dw_s8_dsp_line line = {p->packed + channel * p->words,
                                            plan.rows,
                                            (int8_t *)out + channel,
                                            bytes,
                                            2,
                                            4 * plan.plane,
                                            2 * p->out_zero + 1,
                                            p->out_channels,
                                            plan.rows + p->kernel_height,
                                            (p->out_width & ~3) * p->out_channels};
        for (int32_t ky = 0; ky < p->kernel_height; ky++) {
            const int8_t *const row = in[ky];
            tinycc_dwconv2d_thin_s8_dsp_expand(p, &plan, ky, row == NULL ? NULL : row + channel);
        }
        tinycc_dw_s8_dsp_any(&plan, &line);
    }
    tinycc_clamp_s8_dsp(out, bytes, p->low, p->high);
}

#endif
