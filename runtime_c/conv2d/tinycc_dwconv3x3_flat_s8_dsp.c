#include "tinycc_dw_s8_dsp.h"

#if defined(__ARM_FEATURE_DSP)

#include <string.h>

/* Narrow images: n output rows are one long row of the assembly. The image rows of a channel lie one
 * behind the other in its plane, with the padding between them; where a window reaches over the end
 * of a row, an output is made that nobody takes. */
typedef struct {
    int32_t pitch;     /* of a row of a plane, in int16 */
    int32_t plane;     /* of four, in int16; behind the last row is room for what fours read */
    int32_t length;    /* outputs of the long row */
    int32_t row_bytes; /* of the output */
} tinycc_dw_flat_s8_dsp_plan;

static tinycc_dw_flat_s8_dsp_plan
tinycc_dw_flat_s8_dsp_planned(const tinycc_dwconv2d_s8_dsp_params *p, int32_t n)
{
    const int32_t pad_right = p->out_width + 2 - p->in_width - p->pad_left;
    const int32_t pad = p->pad_left > pad_right ? p->pad_left : pad_right;
    tinycc_dw_flat_s8_dsp_plan plan;
    plan.pitch = (p->in_width + pad + 1) & ~1;
    plan.plane = (n + 2) * plan.pitch + 8;
    plan.length = (n - 1) * plan.pitch + p->out_width;
    plan.row_bytes = p->out_width * p->out_channels;
    return plan;
}

/* Four channels of all outputs from [length][4] to where they belong. */
static void tinycc_dw_flat_s8_dsp_take(const tinycc_dwconv2d_s8_dsp_params *p,
                                       const tinycc_dw_flat_s8_dsp_plan *plan, const int8_t *from,
                                       int8_t *y, int32_t n)
{
    const int32_t step = p->out_channels, skipped = 4 * (plan->pitch - p->out_width);
    for (; n > 0; n--) {
        for (const int8_t *const end = y + plan->row_bytes; y < end; y += step) {
            memcpy(y, from, 4);
            from += 4;
        }
        from += skipped;
    }
}

void tinycc_dwconv3x3_flat_s8_dsp(const void *params, const void *const *in, void *out, int32_t n,
                                  void *scratch)
{
    const tinycc_dwconv2d_s8_dsp_params *p = params;
    const tinycc_dw_flat_s8_dsp_plan plan = tinycc_dw_flat_s8_dsp_planned(p, n);
    const uint32_t zero = (uint32_t)p->in_zero & 0xFFFFu;
    int32_t *const planes = scratch, *const planes_end = planes + 2 * plan.plane;
    int8_t *const made = (int8_t *)planes_end;
    const int32_t *const rows[3] = {planes, planes + plan.pitch / 2, planes + plan.pitch};
    tinycc_dw_s8_dsp_rows taken = {NULL,
                                   2 * plan.pitch,
                                   in,
                                   in + n + 2,
                                   2 * plan.plane,
                                   p->in_channels,
                                   p->in_width,
                                   0,
                                   (uint32_t)(p->in_zero & 255) * 0x01010101u};
    tinycc_dw_s8_dsp_line line = {
        NULL, rows, made,     4 * plan.length,           4, 2 * plan.plane, 2 * p->out_zero + 1,
        4,    rows + 3, 4 * (plan.length & ~3),
    };
    for (int32_t *to = planes; to < planes_end; to++) {
        *to = (int32_t)(zero * 0x10001u);
    }
    for (int32_t channel = 0; channel < p->in_channels; channel += 4) {
        const int32_t last = p->in_channels - 4, first = channel < last ? channel : last;
        taken.to = (int8_t *)planes + 2 * p->pad_left;
        taken.channel = first;
        tinycc_dw_s8_dsp_expand(&taken);
        line.packed = p->packed + first * p->words;
        tinycc_dw3x3_s8_dsp_1(&line);
        tinycc_dw_flat_s8_dsp_take(p, &plan, made, (int8_t *)out + first, n);
    }
    tinycc_clamp_s8_dsp(out, n * plan.row_bytes, p->low, p->high);
}

#endif
