#include "tinycc_dw_s8_dsp.h"

#if defined(__ARM_FEATURE_DSP)

/* Stack of a row function: what follows, then nine saved registers. */
__asm__(
    "    .syntax unified\n"
    "    .thumb\n"
    "    .set tinycc_dw_offset, 0\n" /* into a row of a plane, in bytes */
    "    .set tinycc_dw_to, 4\n" /* where the next output goes */
    "    .set tinycc_dw_plane, 12\n" /* from the first channel's plane, in bytes */
    "    .set tinycc_dw_weights, 16\n" /* from here on tinycc_dw_s8_dsp_line */
    "    .set tinycc_dw_rows, 20\n"
    "    .set tinycc_dw_y, 24\n"
    "    .set tinycc_dw_bytes, 28\n"
    "    .set tinycc_dw_channels, 32\n"
    "    .set tinycc_dw_plane_bytes, 36\n"
    "    .set tinycc_dw_constant, 40\n"
    "    .set tinycc_dw_pixel_bytes, 44\n"
    "    .set tinycc_dw_rows_end, 48\n"
    "    .set tinycc_dw_fours_bytes, 52\n"
    "    .set tinycc_dw_fours_end, 56\n" /* where the channel's whole fours end */
    "    .set tinycc_dw_end, 60\n"       /* where its outputs end */

    "    .macro tinycc_dw_function name\n"
    "    .pushsection .text.\\name, \"ax\", %progbits\n"
    "    .balign 4\n"
    "    .global \\name\n"
    "    .type  \\name, %function\n"
    "    .thumb_func\n"
    "\\name:\n"
    "    push   {r4-r11, lr}\n"
    "    ldmia  r0, {r0-r9}\n"
    "    push   {r0-r11}\n"
    "    sub    sp, sp, #16\n"
    "    movs   r4, #0\n"
    "    str    r4, [sp, #tinycc_dw_plane]\n"
    "    .endm\n"

    /* Start of a channel: r0 its plane, r12 its weights, lr its first output, r7 where fours end. */
    "    .macro tinycc_dw_channel\n"
    "    ldrd   r0, r12, [sp, #tinycc_dw_plane]\n"
    "    ldrd   lr, r1, [sp, #tinycc_dw_y]\n"
    "    ldr    r7, [sp, #tinycc_dw_fours_bytes]\n"
    "    add    r1, r1, lr\n"
    "    add    r7, r7, lr\n"
    "    str    r1, [sp, #tinycc_dw_end]\n"
    "    str    r7, [sp, #tinycc_dw_fours_end]\n"
    "    .endm\n"

    /* To the next channel at label 1; r12 points behind this one's weights. */
    "    .macro tinycc_dw_end_function name\n"
    "    ldr    r0, [sp, #tinycc_dw_plane]\n"
    "    ldrd   r2, r1, [sp, #tinycc_dw_channels]\n"
    "    ldr    r3, [sp, #tinycc_dw_y]\n"
    "    add    r0, r0, r1\n"
    "    add    r3, r3, #1\n"
    "    subs   r2, r2, #1\n"
    "    strd   r0, r12, [sp, #tinycc_dw_plane]\n"
    "    str    r3, [sp, #tinycc_dw_y]\n"
    "    str    r2, [sp, #tinycc_dw_channels]\n"
    "    bne    1b\n"
    "    add    sp, sp, #64\n"
    "    pop    {r4-r11, pc}\n"
    "    .size  \\name, . - \\name\n"
    "    .popsection\n"
    "    .endm\n"

    /* Requantises outputs that are left in r0-r3 with the multiplier in r4; r6 becomes pixel_bytes. */
    "    .macro tinycc_dw_requantize sums:vararg\n"
    "    ldrd   r5, r6, [sp, #tinycc_dw_constant]\n"
    "    .irp   acc, \\sums\n"
    "    smmla  \\acc, \\acc, r4, r5\n"
    "    .endr\n"
    "    .irp   acc, \\sums\n"
    "    ssat   \\acc, #8, \\acc, asr #1\n"
    "    .endr\n"
    "    .endm\n"
    /* Four outputs to lr, which moves on. */
    "    .macro tinycc_dw_store_4\n"
    "    strb   r0, [lr]\n"
    "    strb   r1, [lr, r6]\n"
    "    add    lr, lr, r6, lsl #1\n"
    "    strb   r2, [lr]\n"
    "    strb   r3, [lr, r6]\n"
    "    add    lr, lr, r6, lsl #1\n"
    "    .endm\n");

/* 3x3. r0-r3 sums, which start at the bias in r3; r4-r6 inputs; r7, r8 weights (k0, k1), (k1, k2);
 * r9-r11 rows; r12 weights; lr output. */
__asm__(
    /* An output that starts at the low half of xa, and one that starts at its high half. */
    "    .macro tinycc_dw_3_even xa, xb, acc, sum\n"
    "    smlad  \\acc, \\xa, r7, \\sum\n"
    "    smlabt \\acc, \\xb, r8, \\acc\n"
    "    .endm\n"
    "    .macro tinycc_dw_3_odd xa, xb, acc, sum\n"
    "    smlatb \\acc, \\xa, r7, \\sum\n"
    "    smlad  \\acc, \\xb, r8, \\acc\n"
    "    .endm\n"

    "    .macro tinycc_dw_3_row_1 row, weights, s0, s1, s2\n"
    "    ldrd   r4, r5, [\\row], #8\n"
    "    ldrd   r7, r8, [r12, #\\weights]\n"
    "    ldr    r6, [\\row]\n"
    "    tinycc_dw_3_even r4, r5, r0, \\s0\n"
    "    tinycc_dw_3_odd r4, r5, r1, \\s1\n"
    "    tinycc_dw_3_even r5, r6, r2, \\s2\n"
    "    tinycc_dw_3_odd r5, r6, r3, r3\n"
    "    .endm\n"

    "    .macro tinycc_dw_3_row_2 row, weights, s0, s1, s2\n"
    "    ldrd   r4, r5, [\\row], #8\n"
    "    ldrd   r7, r8, [r12, #\\weights]\n"
    "    tinycc_dw_3_even r4, r5, r0, \\s0\n"
    "    ldrd   r6, r4, [\\row], #8\n"
    "    tinycc_dw_3_even r5, r6, r1, \\s1\n"
    "    ldr    r5, [\\row]\n"
    "    tinycc_dw_3_even r6, r4, r2, \\s2\n"
    "    tinycc_dw_3_even r4, r5, r3, r3\n"
    "    .endm\n"

    /* Two outputs only. */
    "    .macro tinycc_dw_3_pair_1 row, weights, s0, s1\n"
    "    ldrd   r4, r5, [\\row], #4\n"
    "    ldrd   r7, r8, [r12, #\\weights]\n"
    "    tinycc_dw_3_even r4, r5, r0, \\s0\n"
    "    tinycc_dw_3_odd r4, r5, r1, \\s1\n"
    "    .endm\n"
    "    .macro tinycc_dw_3_pair_2 row, weights, s0, s1\n"
    "    ldrd   r4, r5, [\\row], #8\n"
    "    ldrd   r7, r8, [r12, #\\weights]\n"
    "    ldr    r6, [\\row]\n"
    "    tinycc_dw_3_even r4, r5, r0, \\s0\n"
    "    tinycc_dw_3_even r5, r6, r1, \\s1\n"
    "    .endm\n"

    "    .irp stride, 1, 2\n"
    "    tinycc_dw_function tinycc_dw3x3_s8_dsp_\\stride\n"
    "1:  tinycc_dw_channel\n"
    "    ldr    r1, [sp, #tinycc_dw_rows]\n"
    "    ldmia  r1, {r9-r11}\n"
    "    add    r9, r9, r0\n"
    "    add    r10, r10, r0\n"
    "    add    r11, r11, r0\n"
    "    cmp    lr, r7\n"
    "    beq    4f\n"
    "2:  ldr    r3, [r12]\n"
    "    tinycc_dw_3_row_\\stride r9, 4, r3, r3, r3\n"
    "    tinycc_dw_3_row_\\stride r10, 12, r0, r1, r2\n"
    "    tinycc_dw_3_row_\\stride r11, 20, r0, r1, r2\n"
    "    ldr    r4, [r12, #28]\n"
    "    ldr    r7, [sp, #tinycc_dw_fours_end]\n"
    "    tinycc_dw_requantize r0, r1, r2, r3\n"
    "    tinycc_dw_store_4\n"
    "    cmp    lr, r7\n"
    "    bne    2b\n"
    "    b      4f\n"
    "3:  ldr    r1, [r12]\n"
    "    tinycc_dw_3_pair_\\stride r9, 4, r1, r1\n"
    "    tinycc_dw_3_pair_\\stride r10, 12, r0, r1\n"
    "    tinycc_dw_3_pair_\\stride r11, 20, r0, r1\n"
    "    ldr    r4, [r12, #28]\n"
    "    tinycc_dw_requantize r0, r1\n"
    "    ldr    r7, [sp, #tinycc_dw_end]\n"
    "    strb   r0, [lr]\n"
    "    add    lr, lr, r6\n"
    "    cmp    lr, r7\n"
    "    beq    5f\n"
    "    strb   r1, [lr]\n"
    "    add    lr, lr, r6\n"
    "4:  ldr    r7, [sp, #tinycc_dw_end]\n"
    "    cmp    lr, r7\n"
    "    bne    3b\n"
    "5:  add    r12, r12, #32\n"
    "    tinycc_dw_end_function tinycc_dw3x3_s8_dsp_\\stride\n"
    "    .endr\n");

/* Any height, 2 to 4 pairs of weights per row, (k0, k1), (k2, k3) and so on, zeros behind the last.
 * r0-r3 sums; r11 next row of the window; r12 weights. Stride 1: r4-r8 inputs, r8-r10 weights, lr
 * the high half of one input with the low half of the next, for SMLADX. Stride 2: r4-r7 weights,
 * r8, r9 inputs. */
__asm__(
    "    .macro tinycc_dw_row_2_1\n"
    "    ldmia  lr, {r4-r6}\n"
    "    ldrd   r9, r10, [r12], #8\n"
    "    smlad  r0, r4, r9, r0\n"
    "    smlad  r2, r5, r9, r2\n"
    "    pkhbt  lr, r5, r4\n"
    "    smlad  r0, r5, r10, r0\n"
    "    smlad  r2, r6, r10, r2\n"
    "    smladx r1, lr, r9, r1\n"
    "    pkhbt  lr, r6, r5\n"
    "    smlatb r1, r5, r10, r1\n"
    "    smladx r3, lr, r9, r3\n"
    "    smlatb r3, r6, r10, r3\n"
    "    .endm\n"
    "    .macro tinycc_dw_row_3_1\n"
    "    ldmia  lr, {r4-r7}\n"
    "    ldmia  r12!, {r8-r10}\n"
    "    smlad  r0, r4, r8, r0\n"
    "    pkhbt  lr, r5, r4\n"
    "    smlad  r2, r5, r8, r2\n"
    "    smladx r1, lr, r8, r1\n"
    "    smlad  r0, r5, r9, r0\n"
    "    pkhbt  lr, r6, r5\n"
    "    smlad  r2, r6, r9, r2\n"
    "    smladx r1, lr, r9, r1\n"
    "    smladx r3, lr, r8, r3\n"
    "    smlad  r0, r6, r10, r0\n"
    "    pkhbt  lr, r7, r6\n"
    "    smlad  r2, r7, r10, r2\n"
    "    smlatb r1, r6, r10, r1\n"
    "    smladx r3, lr, r9, r3\n"
    "    smlatb r3, r7, r10, r3\n"
    "    .endm\n"
    "    .macro tinycc_dw_row_4_1\n"
    "    ldmia  lr, {r4-r8}\n"
    "    ldrd   r9, r10, [r12], #8\n"
    "    smlad  r0, r4, r9, r0\n"
    "    pkhbt  lr, r5, r4\n"
    "    smlad  r2, r5, r9, r2\n"
    "    smladx r1, lr, r9, r1\n"
    "    smlad  r0, r5, r10, r0\n"
    "    pkhbt  lr, r6, r5\n"
    "    smlad  r2, r6, r10, r2\n"
    "    smladx r1, lr, r10, r1\n"
    "    smladx r3, lr, r9, r3\n"
    "    pkhbt  lr, r7, r6\n"
    "    smladx r3, lr, r10, r3\n"
    "    ldrd   r9, r10, [r12], #8\n"
    "    smladx r1, lr, r9, r1\n"
    "    smlad  r0, r6, r9, r0\n"
    "    smlad  r2, r7, r9, r2\n"
    "    pkhbt  lr, r8, r7\n"
    "    smlad  r0, r7, r10, r0\n"
    "    smlatb r1, r7, r10, r1\n"
    "    smladx r3, lr, r9, r3\n"
    "    smlad  r2, r8, r10, r2\n"
    "    smlatb r3, r8, r10, r3\n"
    "    .endm\n"

    /* One word of inputs: output i takes it with pair `word - i`. */
    "    .macro tinycc_dw_2_mac x, pair, acc, pairs\n"
    "    .if \\pair == 0\n"
    "    smlad  \\acc, \\x, r4, \\acc\n"
    "    .endif\n"
    "    .if \\pair == 1\n"
    "    smlad  \\acc, \\x, r5, \\acc\n"
    "    .endif\n"
    "    .if (\\pair == 2) && (\\pairs > 2)\n"
    "    smlad  \\acc, \\x, r6, \\acc\n"
    "    .endif\n"
    "    .if (\\pair == 3) && (\\pairs > 3)\n"
    "    smlad  \\acc, \\x, r7, \\acc\n"
    "    .endif\n"
    "    .endm\n"
    "    .macro tinycc_dw_2_word x, word, pairs\n"
    "    tinycc_dw_2_mac \\x, (\\word), r0, \\pairs\n"
    "    tinycc_dw_2_mac \\x, (\\word - 1), r1, \\pairs\n"
    "    tinycc_dw_2_mac \\x, (\\word - 2), r2, \\pairs\n"
    "    tinycc_dw_2_mac \\x, (\\word - 3), r3, \\pairs\n"
    "    .endm\n"
    "    .macro tinycc_dw_2_words first, second, pairs\n"
    "    ldrd   r8, r9, [lr], #8\n"
    "    tinycc_dw_2_word r8, \\first, \\pairs\n"
    "    tinycc_dw_2_word r9, \\second, \\pairs\n"
    "    .endm\n"
    "    .macro tinycc_dw_row_2_2\n"
    "    ldmia  r12!, {r4, r5}\n"
    "    tinycc_dw_2_words 0, 1, 2\n"
    "    tinycc_dw_2_words 2, 3, 2\n"
    "    ldr    r8, [lr]\n"
    "    tinycc_dw_2_word r8, 4, 2\n"
    "    .endm\n"
    "    .macro tinycc_dw_row_3_2\n"
    "    ldmia  r12!, {r4-r6}\n"
    "    tinycc_dw_2_words 0, 1, 3\n"
    "    tinycc_dw_2_words 2, 3, 3\n"
    "    tinycc_dw_2_words 4, 5, 3\n"
    "    .endm\n"
    "    .macro tinycc_dw_row_4_2\n"
    "    ldmia  r12!, {r4-r7}\n"
    "    tinycc_dw_2_words 0, 1, 4\n"
    "    tinycc_dw_2_words 2, 3, 4\n"
    "    tinycc_dw_2_words 4, 5, 4\n"
    "    ldr    r8, [lr]\n"
    "    tinycc_dw_2_word r8, 6, 4\n"
    "    .endm\n"

    "    .macro tinycc_dw_any pairs, stride\n"
    "    tinycc_dw_function tinycc_dw_s8_dsp_\\pairs\\()_\\stride\n"
    "1:  tinycc_dw_channel\n"
    "    strd   r0, lr, [sp, #tinycc_dw_offset]\n"
    "2:  ldrd   r12, r11, [sp, #tinycc_dw_weights]\n"
    "    ldr    r3, [r12], #4\n"
    "    mov    r0, r3\n"
    "    mov    r1, r3\n"
    "    mov    r2, r3\n"
    "5:  ldr    lr, [r11], #4\n"
    "    ldr    r9, [sp, #tinycc_dw_offset]\n"
    "    add    lr, lr, r9\n"
    "    tinycc_dw_row_\\pairs\\()_\\stride\n"
    "    ldr    r9, [sp, #tinycc_dw_rows_end]\n"
    "    cmp    r11, r9\n"
    "    bne    5b\n"
    "    ldr    r4, [r12], #4\n"
    "    ldrd   r8, lr, [sp, #tinycc_dw_offset]\n"
    "    ldrd   r7, r9, [sp, #tinycc_dw_fours_end]\n"
    "    add    r8, r8, #8 * \\stride\n"
    "    tinycc_dw_requantize r0, r1, r2, r3\n"
    "    cmp    lr, r7\n"
    "    beq    3f\n"
    "    tinycc_dw_store_4\n"
    "    strd   r8, lr, [sp, #tinycc_dw_offset]\n"
    "    cmp    lr, r9\n"
    "    bne    2b\n"
    "    b      4f\n"
    /* The last one to three. */
    "3:  strb   r0, [lr]\n"
    "    add    lr, lr, r6\n"
    "    cmp    lr, r9\n"
    "    beq    4f\n"
    "    strb   r1, [lr]\n"
    "    add    lr, lr, r6\n"
    "    cmp    lr, r9\n"
    "    it     ne\n"
    "    strbne r2, [lr]\n"
    "4:\n"
    "    tinycc_dw_end_function tinycc_dw_s8_dsp_\\pairs\\()_\\stride\n"
    "    .endm\n"
    "    tinycc_dw_any 2, 1\n"
    "    tinycc_dw_any 3, 1\n"
    "    tinycc_dw_any 4, 1\n"
    "    tinycc_dw_any 2, 2\n"
    "    tinycc_dw_any 3, 2\n"
    "    tinycc_dw_any 4, 2\n");

/* Two neighbouring pixels' words become one pair in each of four planes; a last odd pixel four
 * halves. r0-r3 planes; r4 image; r5 bytes of a pixel; r6 pixels left; r7-r10, r12 values; r11
 * tinycc_dw_s8_dsp_rows; lr next row. */
__asm__(
    "    .pushsection .text.tinycc_dw_s8_dsp_expand, \"ax\", %progbits\n"
    "    .balign 4\n"
    "    .global tinycc_dw_s8_dsp_expand\n"
    "    .type  tinycc_dw_s8_dsp_expand, %function\n"
    "    .thumb_func\n"
    "tinycc_dw_s8_dsp_expand:\n"
    "    push   {r4-r11, lr}\n"
    "    mov    r11, r0\n"
    "    ldr    lr, [r11, #8]\n"
    "1:  ldrd   r0, r1, [r11]\n"
    "    ldr    r4, [lr], #4\n"
    "    ldrd   r3, r5, [r11, #16]\n"
    "    ldrd   r6, r7, [r11, #24]\n"
    "    add    r1, r1, r0\n"
    "    str    r1, [r11]\n"
    "    add    r1, r0, r3\n"
    "    add    r2, r1, r3\n"
    "    add    r3, r2, r3\n"
    "    cmp    r4, #0\n" /* padding: one word for all pixels */
    "    itte   eq\n"
    "    addeq  r4, r11, #32\n"
    "    moveq  r5, #0\n"
    "    addne  r4, r4, r7\n"
    "    subs   r6, r6, #2\n"
    "    bmi    3f\n"
    "2:  ldr    r8, [r4, r5]\n"
    "    ldr    r7, [r4]\n"
    "    add    r4, r4, r5, lsl #1\n"
    "    sxtb16 r10, r8\n"
    "    sxtb16 r9, r7\n"
    "    sxtb16 r8, r8, ror #8\n"
    "    sxtb16 r7, r7, ror #8\n"
    "    pkhbt  r12, r9, r10, lsl #16\n"
    "    pkhtb  r10, r10, r9, asr #16\n"
    "    pkhbt  r9, r7, r8, lsl #16\n"
    "    pkhtb  r8, r8, r7, asr #16\n"
    "    subs   r6, r6, #2\n"
    "    str    r12, [r0], #4\n"
    "    str    r9, [r1], #4\n"
    "    str    r10, [r2], #4\n"
    "    str    r8, [r3], #4\n"
    "    bpl    2b\n"
    "3:  lsls   r6, r6, #31\n"
    "    beq    4f\n"
    "    ldr    r7, [r4]\n"
    "    sxtb16 r8, r7\n"
    "    sxtb16 r7, r7, ror #8\n"
    "    strh   r8, [r0]\n"
    "    strh   r7, [r1]\n"
    "    lsr    r8, r8, #16\n"
    "    lsr    r7, r7, #16\n"
    "    strh   r8, [r2]\n"
    "    strh   r7, [r3]\n"
    "4:  ldr    r7, [r11, #12]\n"
    "    cmp    lr, r7\n"
    "    bne    1b\n"
    "    pop    {r4-r11, pc}\n"
    "    .size  tinycc_dw_s8_dsp_expand, . - tinycc_dw_s8_dsp_expand\n"
    "    .popsection\n");

tinycc_dw_s8_dsp_plan tinycc_dw_s8_dsp_begin(const tinycc_dwconv2d_s8_dsp_params *p, int32_t pairs,
                                             int32_t channels, void *scratch)
{
    const int32_t fours = (p->out_width + 3) / 4, used = (p->pad_left + p->in_width + 1) / 2;
    const int32_t reached = p->stride * 2 * (fours - 1) + pairs + (p->stride == 1 ? 1 : 3);
    const uint32_t zero = (uint32_t)(p->in_zero * (1 << p->doubled)) & 0xFFFFu;
    tinycc_dw_s8_dsp_plan plan;
    plan.stride = p->stride;
    plan.pairs = pairs;
    plan.pitch = used > reached ? used : reached;
    plan.plane = p->kernel_height * plan.pitch;
    plan.multiplier = p->out_channels / p->in_channels;
    plan.planes = scratch;
    plan.rows = (const int32_t **)(void *)(plan.planes + channels * plan.plane);
    for (int32_t *to = plan.planes; to < plan.planes + channels * plan.plane; to += 2) {
        to[0] = to[1] = (int32_t)(zero << 16 | zero);
    }
    return plan;
}

void tinycc_dw_s8_dsp_double(const tinycc_dwconv2d_s8_dsp_params *p,
                             const tinycc_dw_s8_dsp_plan *plan, int32_t slot, int32_t count)
{
    const int32_t *rows = plan->planes + slot * plan->pitch;
    for (int32_t lane = 0; lane < 4; lane++) {
        for (int32_t i = 0; i < count; i++) {
            int8_t *to = (int8_t *)(rows + lane * plan->plane + i * plan->pitch) + 2 * p->pad_left;
            for (int32_t x = 0; x < p->in_width; x++) {
                int16_t value;
                memcpy(&value, to + 2 * x, sizeof value);
                value = (int16_t)(value * (1 << p->doubled));
                memcpy(to + 2 * x, &value, sizeof value);
            }
        }
    }
}

#endif
