#include "tinycc_conv2d.h"

#if defined(__thumb2__)

#include <string.h>

enum { TINYCC_DW3X3_S8_THUMB2_BLOCK = 64 }; /* channels of a window that is gathered */

/* Some channels of two neighbouring outputs. The order is that of the assembly.
 *
 * Packed, per channel, 20 bytes:
 *   start                bias >> fraction
 *   multiplier
 *   nine weights, int8, then a byte of nothing
 *   rest                 bias & (2**fraction - 1), 16 bits
 *
 *   acc = ((start + sum of products) << fraction) + rest
 *   y   = floor(acc * multiplier / 2**33 + zero + 1/2), saturated to int8, then clamped
 */
typedef struct {
    const int8_t *rows[3]; /* the first one's leftmost column */
    int32_t pixel;         /* bytes from column to column */
    const int32_t *packed;
    int8_t *y, *end;  /* of the first output */
    int32_t constant; /* 2 * out_zero + 1 */
    int32_t step;     /* to the second output; 0: there is none */
    int32_t fraction;
} tinycc_dw3x3_s8_thumb2_pair;

void tinycc_dw3x3_s8_thumb2_1(const tinycc_dw3x3_s8_thumb2_pair *pair);
void tinycc_dw3x3_s8_thumb2_2(const tinycc_dw3x3_s8_thumb2_pair *pair);

/* r0-r2 rows, r3 pixel, r4 three pixels; r5, r6 sums, which start at r5; r7-r11 inputs and a
 * weight; r12 packed, lr y. On the stack the end of the line, from `end` on. */
__asm__(
    "    .syntax unified\n"
    "    .thumb\n"
    "    .macro tinycc_dw3x3_thumb2_tap first, second, sum=r6\n"
    "    ldrsb  r11, [r12], #1\n"
    "    mla    r6, r11, \\second, \\sum\n"
    "    mla    r5, r11, \\first, r5\n"
    "    .endm\n"
    "    .macro tinycc_dw3x3_thumb2_row_1 row, sum=r6\n"
    "    ldrsb  r8, [\\row, r3]\n"
    "    ldrsb  r9, [\\row, r3, lsl #1]\n"
    "    ldrsb  r10, [\\row, r4]\n"
    "    ldrsb  r7, [\\row], #1\n"
    "    tinycc_dw3x3_thumb2_tap r7, r8, \\sum\n"
    "    tinycc_dw3x3_thumb2_tap r8, r9\n"
    "    tinycc_dw3x3_thumb2_tap r9, r10\n"
    "    .endm\n"
    "    .macro tinycc_dw3x3_thumb2_row_2 row, sum=r6\n"
    "    ldrsb  r9, [\\row, r3, lsl #1]\n"
    "    ldrsb  r8, [\\row, r3]\n"
    "    ldrsb  r10, [\\row, r4]\n"
    "    ldrsb  r7, [\\row], #1\n"
    "    tinycc_dw3x3_thumb2_tap r7, r9, \\sum\n"
    "    tinycc_dw3x3_thumb2_tap r8, r10\n"
    "    add    r7, \\row, r3, lsl #2\n"
    "    ldrsb  r7, [r7, #-1]\n"
    "    tinycc_dw3x3_thumb2_tap r9, r7\n"
    "    .endm\n"

    "    .irp   stride, 1, 2\n"
    "    .pushsection .text.tinycc_dw3x3_s8_thumb2_\\stride, \"ax\", %progbits\n"
    "    .balign 4\n"
    "    .global tinycc_dw3x3_s8_thumb2_\\stride\n"
    "    .type  tinycc_dw3x3_s8_thumb2_\\stride, %function\n"
    "    .thumb_func\n"
    "tinycc_dw3x3_s8_thumb2_\\stride:\n"
    "    push   {r4-r11, lr}\n"
    "    ldmia  r0, {r0-r9}\n"
    "    push   {r6-r9}\n" /* end, constant, step, fraction */
    "    mov    r12, r4\n"
    "    mov    lr, r5\n"
    "    add    r4, r3, r3, lsl #1\n"
    "1:  ldr    r5, [r12], #8\n"
    "    tinycc_dw3x3_thumb2_row_\\stride r0, r5\n"
    "    tinycc_dw3x3_thumb2_row_\\stride r1\n"
    "    tinycc_dw3x3_thumb2_row_\\stride r2\n"
    "    ldr    r7, [sp, #12]\n"
    "    cbnz   r7, 3f\n"
    "2:  ldr    r7, [r12, #-13]\n"
    "    ldrd   r9, r10, [sp, #4]\n"
    "    smull  r8, r5, r5, r7\n"
    "    smull  r8, r6, r6, r7\n"
    "    add    r5, r5, r9\n"
    "    add    r6, r6, r9\n"
    "    ssat   r5, #8, r5, asr #1\n"
    "    ssat   r6, #8, r6, asr #1\n"
    "    ldr    r9, [sp]\n"
    "    strb   r6, [lr, r10]\n"
    "    strb   r5, [lr], #1\n"
    "    add    r12, r12, #3\n"
    "    cmp    lr, r9\n"
    "    bne    1b\n"
    "    add    sp, sp, #16\n"
    "    pop    {r4-r11, pc}\n"
    "3:  ldrh   r10, [r12, #1]\n"
    "    lsl    r5, r5, r7\n"
    "    lsl    r6, r6, r7\n"
    "    add    r5, r5, r10\n"
    "    add    r6, r6, r10\n"
    "    b      2b\n"
    "    .size  tinycc_dw3x3_s8_thumb2_\\stride, . - tinycc_dw3x3_s8_thumb2_\\stride\n"
    "    .popsection\n"
    "    .endr\n");

static void tinycc_dwconv3x3_s8_thumb2_two(const tinycc_dwconv3x3_s8_thumb2_params *p,
                                           const tinycc_dw3x3_s8_thumb2_pair *pair)
{
    /* Not through a pointer: the stack bound follows direct calls. */
    if (p->stride == 1) {
        tinycc_dw3x3_s8_thumb2_1(pair);
    } else {
        tinycc_dw3x3_s8_thumb2_2(pair);
    }
}

/* Copies some channels of all columns under two windows, padding included. */
static void tinycc_dwconv3x3_s8_thumb2_gather(const tinycc_dwconv3x3_s8_thumb2_params *p,
                                              const void *const *in, int32_t left, int32_t channel,
                                              int32_t count, int8_t *to)
{
    for (int32_t ky = 0; ky < 3; ky++) {
        const int8_t *row = in[ky];
        for (int32_t column = left; column < left + 3 + p->stride; column++) {
            if (row != NULL && column >= 0 && column < p->in_width) {
                memcpy(to, row + column * p->channels + channel, (size_t)count);
            } else {
                memset(to, p->in_zero, (size_t)count);
            }
            to += count;
        }
    }
}

/* Two outputs, of which some column or row may be padding: from copies of blocks of channels. */
static void tinycc_dwconv3x3_s8_thumb2_edge(const tinycc_dwconv3x3_s8_thumb2_params *p,
                                            const void *const *in, int32_t left,
                                            tinycc_dw3x3_s8_thumb2_pair *pair, int8_t *copy)
{
    for (int32_t channel = 0; channel < p->channels;) {
        const int32_t rest = p->channels - channel;
        const int32_t most = TINYCC_DW3X3_S8_THUMB2_BLOCK, count = rest < most ? rest : most;
        tinycc_dwconv3x3_s8_thumb2_gather(p, in, left, channel, count, copy);
        for (int32_t ky = 0; ky < 3; ky++) {
            pair->rows[ky] = copy + ky * (3 + p->stride) * count;
        }
        pair->pixel = count;
        pair->packed = p->packed + 5 * channel;
        pair->end = pair->y + count;
        tinycc_dwconv3x3_s8_thumb2_two(p, pair);
        pair->y += count;
        channel += count;
    }
}

void tinycc_dwconv3x3_s8_thumb2(const void *params, const void *const *in, void *out, int32_t n,
                                void *scratch)
{
    const tinycc_dwconv3x3_s8_thumb2_params *p = params;
    const int filled = in[0] != NULL && in[1] != NULL && in[2] != NULL;
    const int32_t channels = p->channels;
    int8_t *y = out;
    (void)n; /* one row: the caller moves the window */
    for (int32_t x = 0; x < p->out_width; x += 2) {
        const int32_t left = x * p->stride - p->pad_left;
        const int both = x + 1 < p->out_width;
        tinycc_dw3x3_s8_thumb2_pair pair = {
            {NULL, NULL, NULL}, channels,    p->packed,
            y,                  y + channels, p->constant,
            both ? channels : 0, p->fraction,
        };
        if (filled && left >= 0 && left + 3 + p->stride <= p->in_width) {
            for (int32_t ky = 0; ky < 3; ky++) {
                pair.rows[ky] = (const int8_t *)in[ky] + left * channels;
            }
            tinycc_dwconv3x3_s8_thumb2_two(p, &pair);
        } else {
            tinycc_dwconv3x3_s8_thumb2_edge(p, in, left, &pair, scratch);
        }
        y += both ? 2 * channels : channels;
    }
    tinycc_clamp_s8(out, p->out_width * channels, p->low, p->high);
}

#endif
