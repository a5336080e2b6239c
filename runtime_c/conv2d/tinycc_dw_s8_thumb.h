/* Depthwise convolution for Arm cores without SIMD instructions, one channel at a time.
 *
 * The rows under a window are expanded to int32 with the padding in them; they lie in a ring of
 * `slots` rows of `pitch` words, so that output rows that are made together share them. Scratch,
 * aligned to 4 bytes: the ring, then the table of the row functions, 4 bytes each:
 *   rows[kernel_height]                     where the first output's window starts
 *   weights[kernel_height * kernel_width]   << fraction
 *   bias, multiplier
 *
 *   acc = sum of products + bias
 *   y   = floor(acc * multiplier / 2**33 + zero + 1/2), saturated to int8, then clamped
 *
 * |acc * multiplier| < 2**47 - 2**41 (proved by the compiler).
 */
#ifndef TINYCC_DW_S8_THUMB_H
#define TINYCC_DW_S8_THUMB_H

#include "tinycc_conv2d.h"

/* One row of outputs of one channel. The order is that of the assembly. */
typedef struct {
    const int32_t *const *rows; /* the table */
    int8_t *y, *end;            /* first output, behind the last one */
    int32_t step;               /* from one output to the next */
    int32_t constant;           /* 2 * out_zero + 1 */
} tinycc_dw_s8_thumb_line;

/* Assembly: 3x3 by stride, two outputs at a time. */
void tinycc_dw3x3_s8_thumb_1(const tinycc_dw_s8_thumb_line *line);
void tinycc_dw3x3_s8_thumb_2(const tinycc_dw_s8_thumb_line *line);

/* Makes a row of outputs. What lies behind the last one may be computed too, from what the ring
 * holds there, but not stored. */
typedef void tinycc_dw_s8_thumb_make(const tinycc_dwconv2d_s8_thumb_params *p,
                                     const tinycc_dw_s8_thumb_line *line);

/* Assembly: any window, two outputs at a time. Reads kernel_height, kernel_width, stride and
 * dilation_width of the parameters. */
tinycc_dw_s8_thumb_make tinycc_dw_s8_thumb;

/* Assembly: entry and exit of a function that uses all registers of Armv6-M. */
#define TINYCC_DW_S8_THUMB_ENTER                                                                   \
    "    push   {r4-r7, lr}\n"                                                                     \
    "    mov    r4, r8\n"                                                                          \
    "    mov    r5, r9\n"                                                                          \
    "    mov    r6, r10\n"                                                                         \
    "    mov    r7, r11\n"                                                                         \
    "    push   {r4-r7}\n"
#define TINYCC_DW_S8_THUMB_LEAVE                                                                   \
    "    pop    {r4-r7}\n"                                                                         \
    "    mov    r8, r4\n"                                                                          \
    "    mov    r9, r5\n"                                                                          \
    "    mov    r10, r6\n"                                                                         \
    "    mov    r11, r7\n"                                                                         \
    "    pop    {r4-r7, pc}\n"

/* r0 = the output of a sum in `acc`, with the multiplier in r3, its halves in r2 (low) and r4, and
 * the constant << 16 in another register; r1 is lost. */
#define TINYCC_DW_S8_THUMB_REQUANTIZE(acc, constant)                                               \
    "    uxth   r0, " acc "\n"                                                                     \
    "    asrs   " acc ", " acc ", #16\n"                                                           \
    "    muls   " acc ", r3, " acc "\n"                                                            \
    "    movs   r1, r4\n"                                                                          \
    "    muls   r1, r0, r1\n"                                                                      \
    "    muls   r0, r2, r0\n"                                                                      \
    "    lsrs   r0, r0, #16\n"                                                                     \
    "    adds   " acc ", " acc ", r1\n"                                                            \
    "    adds   " acc ", " acc ", r0\n"                                                            \
    "    add    " acc ", " constant "\n"                                                           \
    "    asrs   " acc ", " acc ", #17\n"                                                           \
    "    sxtb   r0, " acc "\n"                                                                     \
    "    cmp    r0, " acc "\n"                                                                     \
    "    beq    8f\n"                                                                              \
    "    asrs   r0, " acc ", #31\n"                                                                \
    "    movs   r1, #127\n"                                                                        \
    "    eors   r0, r0, r1\n"                                                                      \
    "8:\n"

/* The scratch: the ring and the members of the table. */
typedef struct {
    int32_t *ring, *to; /* `to`: where the next row of the image goes, behind the padding */
    const int32_t **rows;
    int32_t *weights; /* bias and multiplier behind them */
} tinycc_dw_s8_thumb_plan;

tinycc_dw_s8_thumb_plan tinycc_dw_s8_thumb_begin(const tinycc_dwconv2d_s8_thumb_params *p,
                                                 void *scratch);

/* Empties the ring; the table points at the window of the first output row. */
void tinycc_dw_s8_thumb_restart(const tinycc_dwconv2d_s8_thumb_params *p,
                                tinycc_dw_s8_thumb_plan *plan);

/* Expands `count` image rows of a channel. */
void tinycc_dw_s8_thumb_expand(const tinycc_dwconv2d_s8_thumb_params *p,
                               tinycc_dw_s8_thumb_plan *plan, const void *const *rows,
                               int32_t count, int32_t channel);

/* Moves the window of the table on by `count` rows. */
void tinycc_dw_s8_thumb_move(const tinycc_dwconv2d_s8_thumb_params *p,
                             const tinycc_dw_s8_thumb_plan *plan, int32_t count);

/* Fills the rest of the table for an output channel. */
void tinycc_dw_s8_thumb_load(const tinycc_dwconv2d_s8_thumb_params *p,
                             const tinycc_dw_s8_thumb_plan *plan, int32_t channel);

/* `n` output rows of all channels. */
static inline void tinycc_dw_s8_thumb_all(const tinycc_dwconv2d_s8_thumb_params *p,
                                          tinycc_dw_s8_thumb_make *make, const void *const *in,
                                          int8_t *y, int32_t n, void *scratch)
{
    tinycc_dw_s8_thumb_plan plan = tinycc_dw_s8_thumb_begin(p, scratch);
    const int32_t row_bytes = p->out_width * p->out_channels;
    const int32_t fresh = p->stride_height < p->slots ? p->stride_height : p->slots;
    tinycc_dw_s8_thumb_line line = {plan.rows, NULL, NULL, p->out_channels, 2 * p->out_zero + 1};
    int32_t to = 0; /* output channel */
    for (int32_t channel = 0; channel < p->in_channels; channel++) {
        const void *const *rows = in;
        tinycc_dw_s8_thumb_restart(p, &plan);
        tinycc_dw_s8_thumb_expand(p, &plan, rows, p->slots, channel);
        tinycc_dw_s8_thumb_load(p, &plan, to);
        rows += p->slots + p->stride_height - fresh;
        for (int32_t row = 0;;) {
            for (int32_t i = 0; i < p->times; i++) {
                if (p->times > 1) {
                    tinycc_dw_s8_thumb_load(p, &plan, to + i);
                }
                line.y = y + row * row_bytes + to + i;
                line.end = line.y + row_bytes;
                make(p, &line);
            }
            if (++row == n) {
                break;
            }
            tinycc_dw_s8_thumb_expand(p, &plan, rows, fresh, channel);
            tinycc_dw_s8_thumb_move(p, &plan, fresh);
            rows += p->stride_height;
        }
        to += p->times;
    }
    tinycc_clamp_s8(y, n * row_bytes, p->low, p->high);
}

#endif
