/* Depthwise convolution for cores with the DSP extension, four input channels at a time.
 *
 * The rows under a window are expanded to planes of int16, one per channel, with the padding in
 * them; a plane is a ring of kernel_height rows of `pitch` words.
 *
 * Packed weights, per output channel: its bias, the pairs of int16 of every row of the window (the
 * first one in the low half), its multiplier. A fraction (a shift) is folded into weights and bias;
 * bits that int16 does not hold are folded into the inputs (`doubled`).
 */
#ifndef TINYCC_DW_S8_DSP_H
#define TINYCC_DW_S8_DSP_H

#include "tinycc_clamp_s8_dsp.h"
#include "tinycc_conv2d.h"

/* One row of `channels` neighbouring output channels. The order is that of the assembly. */
typedef struct {
    const int32_t *packed;      /* channel after channel */
    const int32_t *const *rows; /* of the window, in the first channel's plane */
    int8_t *y;                  /* first output */
    int32_t bytes;              /* from a channel's first output to the end of the row */
    int32_t channels;
    int32_t plane_bytes; /* from one channel's plane to the next one's */
    int32_t constant;    /* 2 * out_zero + 1 */
    int32_t pixel_bytes; /* from one output to the next */
    const int32_t *const *rows_end;
    int32_t fours_bytes; /* from a channel's first output to the end of whole fours */
} tinycc_dw_s8_dsp_line;

/* Assembly: four outputs at a time. What lies behind the last output is computed too, from what the
 * planes hold there, but not stored. */
typedef void tinycc_dw_s8_dsp_function(const tinycc_dw_s8_dsp_line *line);

/* 3x3 by stride; the pairs of a row are (k0, k1), (k1, k2). Fours, then twos. */
tinycc_dw_s8_dsp_function tinycc_dw3x3_s8_dsp_1, tinycc_dw3x3_s8_dsp_2;

/* Any height, by pairs and stride; the pairs are (k[2i], k[2i + 1]), 0 behind the kernel. */
tinycc_dw_s8_dsp_function tinycc_dw_s8_dsp_2_1, tinycc_dw_s8_dsp_3_1, tinycc_dw_s8_dsp_4_1;
tinycc_dw_s8_dsp_function tinycc_dw_s8_dsp_2_2, tinycc_dw_s8_dsp_3_2, tinycc_dw_s8_dsp_4_2;

/* What follows from the parameters; `pitch` and `plane` in words. */
typedef struct {
    int32_t stride, pairs, pitch, plane, multiplier;
    int32_t *planes;
    const int32_t **rows; /* those of the window in a plane */
} tinycc_dw_s8_dsp_plan;

/* Lays out the scratch and fills the planes with padding. */
tinycc_dw_s8_dsp_plan tinycc_dw_s8_dsp_begin(const tinycc_dwconv2d_s8_dsp_params *p, int32_t pairs,
                                             void *scratch);

/* Expands one image row (null: padding) of four channels into row `slot` of their planes. */
void tinycc_dw_s8_dsp_expand(const tinycc_dwconv2d_s8_dsp_params *p,
                             const tinycc_dw_s8_dsp_plan *plan, const int8_t *row, int32_t channel,
                             int32_t slot);

/* Calls the row function that a plan needs. */
typedef void tinycc_dw_s8_dsp_make(const tinycc_dw_s8_dsp_plan *plan,
                                   const tinycc_dw_s8_dsp_line *line);

/* One output row of four channels whose rows are expanded. */
static inline void tinycc_dw_s8_dsp_four(const tinycc_dwconv2d_s8_dsp_params *p,
                                         const tinycc_dw_s8_dsp_plan *plan,
                                         tinycc_dw_s8_dsp_make *make, const int32_t *packed,
                                         int8_t *y)
{
    const int32_t times = plan->multiplier, calls = times == 1 ? 1 : 4;
    tinycc_dw_s8_dsp_line line = {packed,
                                  plan->rows,
                                  y,
                                  p->out_width * p->out_channels,
                                  times == 1 ? 4 : times,
                                  times == 1 ? 4 * plan->plane : 0,
                                  2 * p->out_zero + 1,
                                  p->out_channels,
                                  plan->rows + p->kernel_height,
                                  (p->out_width & ~3) * p->out_channels};
    for (int32_t i = 0; i < calls; i++) { /* several outputs per input: plane by plane */
        make(plan, &line);
        line.packed += times * p->words;
        line.y += times;
        for (int32_t j = 0; j < p->kernel_height; j++) {
            plan->rows[j] += plan->plane;
        }
    }
}

/* `n` output rows of all channels: in fours, the last four overlapping those before where the
 * channels are no multiple of four. */
static inline void tinycc_dw_s8_dsp_all(const tinycc_dwconv2d_s8_dsp_params *p, int32_t pairs,
                                        tinycc_dw_s8_dsp_make *make, const void *const *in,
                                        int8_t *y, int32_t n, void *scratch)
{
    const tinycc_dw_s8_dsp_plan plan = tinycc_dw_s8_dsp_begin(p, pairs, scratch);
    const int32_t height = p->kernel_height, row_bytes = p->out_width * p->out_channels;
    for (int32_t channel = 0; channel < p->in_channels; channel += 4) {
        const int32_t last = p->in_channels - 4, from = channel < last ? channel : last;
        const int32_t *packed = p->packed + from * plan.multiplier * p->words;
        int32_t next = 0;
        for (int32_t row = 0; row < n; row++) {
            const int32_t first = row * p->stride_height;
            for (next = next < first ? first : next; next < first + height; next++) {
                tinycc_dw_s8_dsp_expand(p, &plan, in[next], from, next % height);
            }
            for (int32_t i = 0; i < height; i++) {
                plan.rows[i] = plan.planes + (first + i) % height * plan.pitch;
            }
            tinycc_dw_s8_dsp_four(p, &plan, make, packed,
                                  y + row * row_bytes + from * plan.multiplier);
        }
    }
    tinycc_clamp_s8_dsp(y, n * row_bytes, p->low, p->high);
}

#endif
