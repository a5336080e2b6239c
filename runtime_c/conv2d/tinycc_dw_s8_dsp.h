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

/* Lays out the scratch for so many channels at a time, a multiple of 2, and fills the planes with
 * padding. */
tinycc_dw_s8_dsp_plan tinycc_dw_s8_dsp_begin(const tinycc_dwconv2d_s8_dsp_params *p, int32_t pairs,
                                             int32_t channels, void *scratch);

/* Rows of four channels to expand. The order is that of the assembly. */
typedef struct {
    int8_t *to; /* in the first channel's plane; moves on */
    int32_t pitch_bytes;
    const void *const *rows; /* of the image; null: padding */
    const void *const *rows_end;
    int32_t plane_bytes, pixel_bytes;
    int32_t width, channel;
    uint32_t zeros; /* four bytes of padding */
} tinycc_dw_s8_dsp_rows;

/* Assembly. At least one row. */
void tinycc_dw_s8_dsp_expand(tinycc_dw_s8_dsp_rows *rows);

/* Shifts the inputs in `count` expanded rows from `slot` on; rare, hence plain. */
void tinycc_dw_s8_dsp_double(const tinycc_dwconv2d_s8_dsp_params *p,
                             const tinycc_dw_s8_dsp_plan *plan, int32_t slot, int32_t count);

/* Expands `count` image rows of four channels, the first into row `slot` of their planes. */
static inline void tinycc_dw_s8_dsp_take(const tinycc_dwconv2d_s8_dsp_params *p,
                                         const tinycc_dw_s8_dsp_plan *plan,
                                         tinycc_dw_s8_dsp_rows *taken, const void *const *rows,
                                         int32_t count, int32_t slot)
{
    while (count > 0) {
        const int32_t room = p->kernel_height - slot, now = count < room ? count : room;
        taken->to = (int8_t *)(plan->planes + slot * plan->pitch) + 2 * p->pad_left;
        taken->rows = rows;
        taken->rows_end = rows + now;
        tinycc_dw_s8_dsp_expand(taken);
        if (p->doubled) {
            tinycc_dw_s8_dsp_double(p, plan, slot, now);
        }
        rows += now;
        count -= now;
        slot = 0;
    }
}

/* Points at the rows of a window whose first row is in row `slot` of the first plane. */
static inline void tinycc_dw_s8_dsp_window(const tinycc_dwconv2d_s8_dsp_params *p,
                                           const tinycc_dw_s8_dsp_plan *plan, int32_t slot)
{
    for (int32_t i = 0; i < p->kernel_height; i++) {
        plan->rows[i] = plan->planes + slot * plan->pitch;
        slot = slot + 1 == p->kernel_height ? 0 : slot + 1;
    }
}

/* Calls the row function that a plan needs. */
typedef void tinycc_dw_s8_dsp_make(const tinycc_dw_s8_dsp_plan *plan,
                                   const tinycc_dw_s8_dsp_line *line);

/* Pairs of weights in a row of a window. */
static inline int32_t tinycc_dw_s8_dsp_pairs(const tinycc_dwconv2d_s8_dsp_params *p)
{
    const int32_t pairs = p->stride == 1 ? p->kernel_width / 2 + 1 : (p->kernel_width + 1) / 2;
    return pairs < 2 ? 2 : pairs;
}

/* One row of channels by the row function for any window. */
static inline void tinycc_dw_s8_dsp_any(const tinycc_dw_s8_dsp_plan *plan,
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

/* Several outputs per input channel: after the first of four channels, the three others. */
static inline void tinycc_dw_s8_dsp_others(const tinycc_dwconv2d_s8_dsp_params *p,
                                           const tinycc_dw_s8_dsp_plan *plan,
                                           tinycc_dw_s8_dsp_make *make, tinycc_dw_s8_dsp_line *line)
{
    for (int32_t i = 1; i < 4; i++) {
        line->packed += plan->multiplier * p->words;
        line->y += plan->multiplier;
        for (int32_t j = 0; j < p->kernel_height; j++) {
            plan->rows[j] += plan->plane;
        }
        make(plan, line);
    }
}

/* `n` output rows of all channels: in fours, the last four overlapping those before where the
 * channels are no multiple of four. */
static inline void tinycc_dw_s8_dsp_all(const tinycc_dwconv2d_s8_dsp_params *p, int32_t pairs,
                                        tinycc_dw_s8_dsp_make *make, const void *const *in,
                                        int8_t *y, int32_t n, void *scratch)
{
    const tinycc_dw_s8_dsp_plan plan = tinycc_dw_s8_dsp_begin(p, pairs, 4, scratch);
    const int32_t times = plan.multiplier, height = p->kernel_height;
    tinycc_dw_s8_dsp_line line = {NULL,
                                  plan.rows,
                                  NULL,
                                  p->out_width * p->out_channels,
                                  times == 1 ? 4 : times,
                                  times == 1 ? 4 * plan.plane : 0,
                                  2 * p->out_zero + 1,
                                  p->out_channels,
                                  plan.rows + height,
                                  (p->out_width & ~3) * p->out_channels};
    tinycc_dw_s8_dsp_rows taken = {NULL,
                                   4 * plan.pitch,
                                   NULL,
                                   NULL,
                                   4 * plan.plane,
                                   p->in_channels,
                                   p->in_width,
                                   0,
                                   (uint32_t)(p->in_zero & 255) * 0x01010101u};
    int8_t *const start = (int8_t *)plan.planes + 2 * p->pad_left;
    const int32_t last_four = p->in_channels - 4, words = times * p->words;
    int32_t pointed = -1; /* where the window starts that plan.rows points at */
    for (int32_t channel = 0; channel < last_four + 4; channel += 4) {
        int32_t next = 0, first = 0, slot = 0; /* slot: of row `first` */
        taken.channel = channel < last_four ? channel : last_four;
        for (int32_t row = 0; row < n; row++) {
            if (row == 0) { /* the common case without a remainder */
                taken.to = start;
                taken.rows = in;
                taken.rows_end = in + height;
                tinycc_dw_s8_dsp_expand(&taken);
                if (p->doubled) {
                    tinycc_dw_s8_dsp_double(p, &plan, 0, height);
                }
            } else {
                const int32_t from = next < first ? first : next;
                tinycc_dw_s8_dsp_take(p, &plan, &taken, in + from, first + height - from,
                                      from % height);
            }
            if (slot != pointed) {
                tinycc_dw_s8_dsp_window(p, &plan, slot);
                pointed = slot;
            }
            line.packed = p->packed + taken.channel * words;
            line.y = y + row * line.bytes + taken.channel * times;
            make(&plan, &line);
            if (times > 1) {
                tinycc_dw_s8_dsp_others(p, &plan, make, &line);
                pointed = -1;
            }
            next = first + height;
            first += p->stride_height;
            slot = n == 1 ? 0 : first % height;
        }
    }
    tinycc_clamp_s8_dsp(y, n * line.bytes, p->low, p->high);
}

#endif
