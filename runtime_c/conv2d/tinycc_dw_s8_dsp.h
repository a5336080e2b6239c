/* Depthwise convolution for cores with the DSP extension, four channels at a time.
 *
 * The rows under a window are expanded to planes of int16, one per channel, with the padding in
 * them; a plane is a ring of kernel_height rows of `pitch` words. Weights are expanded to pairs of
 * int16, shifted left by the fraction bits. Per output channel:
 *   start                                  bias
 *   per row of the window: its pairs       see tinycc_dw_s8_dsp_plan
 *   multiplier
 * The row functions are assembly. They make four outputs at a time, compute what lies behind the
 * last one too (from what the row of a plane holds there) and store only what is inside.
 */
#ifndef TINYCC_DW_S8_DSP_H
#define TINYCC_DW_S8_DSP_H

#include "tinycc_conv2d.h"

/* One row of `channels` neighbouring output channels.
 *   weights        expanded, channel after channel
 *   rows           the rows of the window in the first channel's plane
 *   y, width       first output; outputs of a channel, pixel_bytes apart
 *   plane_bytes    from one channel's plane to the next one's
 *   constant       2 * out_zero + 1 */
typedef void tinycc_dw_s8_dsp_row(const int32_t *weights, const int32_t *const *rows, int8_t *y,
                                  int32_t width, int32_t channels, int32_t plane_bytes,
                                  int32_t constant, int32_t pixel_bytes, int32_t kernel_height);

/* 3x3; the pairs of a row are (k0, k1), (k1, k2). By stride. */
tinycc_dw_s8_dsp_row tinycc_dw3x3_s8_dsp_1, tinycc_dw3x3_s8_dsp_2;

/* Any height; by pairs and stride. Stride 1: per pair (k[2i], k[2i + 1]), (k[2i - 1], k[2i]);
 * stride 2: (k[2i], k[2i + 1]); 0 for weights outside of the kernel. */
tinycc_dw_s8_dsp_row tinycc_dw_s8_dsp_2_1, tinycc_dw_s8_dsp_3_1, tinycc_dw_s8_dsp_4_1;
tinycc_dw_s8_dsp_row tinycc_dw_s8_dsp_2_2, tinycc_dw_s8_dsp_3_2, tinycc_dw_s8_dsp_4_2;

/* What follows from the parameters. `words` per channel of expanded weights, `pitch` and `plane`
 * in words; `doubled`: fraction bits that do not fit the weights and go to the inputs. */
typedef struct {
    int32_t pairs, words, pitch, plane, doubled, multiplier;
    int32_t *weights, *planes;
} tinycc_dw_s8_dsp_plan;

/* `pairs` of a row: 0 for the 3x3 functions. */
tinycc_dw_s8_dsp_plan tinycc_dw_s8_dsp_begin(const tinycc_dwconv2d_s8_dsp_params *p, int32_t pairs,
                                             void *scratch);

/* Expands the weights of the outputs of four channels from `channel` on. */
void tinycc_dw_s8_dsp_weights(const tinycc_dwconv2d_s8_dsp_params *p,
                              const tinycc_dw_s8_dsp_plan *plan, int32_t channel);

/* Expands one image row (null: padding) of four channels into the ring's row `slot`. */
void tinycc_dw_s8_dsp_expand(const tinycc_dwconv2d_s8_dsp_params *p,
                             const tinycc_dw_s8_dsp_plan *plan, const int8_t *row, int32_t channel,
                             int32_t slot);

/* Four channels, `n` rows of the output. */
static inline void tinycc_dw_s8_dsp_quad(const tinycc_dwconv2d_s8_dsp_params *p,
                                         const tinycc_dw_s8_dsp_plan *plan,
                                         tinycc_dw_s8_dsp_row *make, const void *const *in,
                                         int8_t *y, int32_t n, int32_t channel)
{
    const int32_t height = p->kernel_height, times = plan->multiplier;
    int32_t next = 0;
    for (int32_t first = 0; n > 0; n--) {
        const int32_t *rows[TINYCC_DW_S8_DSP_MOST];
        int8_t *to = y + channel * times;
        for (next = next < first ? first : next; next < first + height; next++) {
            tinycc_dw_s8_dsp_expand(p, plan, in[next], channel, next % height);
        }
        for (int32_t i = 0; i < height; i++) {
            rows[i] = plan->planes + (first + i) % height * plan->pitch;
        }
        if (times == 1) {
            make(plan->weights, rows, to, p->out_width, 4, 4 * plan->plane, 2 * p->out_zero + 1,
                 p->out_channels, height);
        }
        for (int32_t i = 0; times > 1 && i < 4; i++) {
            make(plan->weights + i * times * plan->words, rows, to + i * times, p->out_width, times,
                 0, 2 * p->out_zero + 1, p->out_channels, height);
            for (int32_t j = 0; j < height; j++) {
                rows[j] += plan->plane;
            }
        }
        y += p->out_width * p->out_channels;
        first += p->stride_height;
    }
}

/* All channels: in fours, the last four overlapping those before where they are no multiple. */
static inline void tinycc_dw_s8_dsp_all(const tinycc_dwconv2d_s8_dsp_params *p, int32_t pairs,
                                        tinycc_dw_s8_dsp_row *make, const void *const *in,
                                        int8_t *y, int32_t n, void *scratch)
{
    const tinycc_dw_s8_dsp_plan plan = tinycc_dw_s8_dsp_begin(p, pairs, scratch);
    for (int32_t channel = 0; channel < p->in_channels; channel += 4) {
        const int32_t last = p->in_channels - 4;
        const int32_t from = channel < last ? channel : last;
        tinycc_dw_s8_dsp_weights(p, &plan, from);
        tinycc_dw_s8_dsp_quad(p, &plan, make, in, y, n, from);
    }
    tinycc_dw_s8_dsp_clamp(p, y, n);
}

#endif
