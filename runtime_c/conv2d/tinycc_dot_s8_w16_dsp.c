#include "tinycc_dot_s8_w16_dsp.h"

#if defined(__ARM_FEATURE_DSP)

#include "tinycc_dot_s8_dsp_asm.h"

/* 4 pixels x 2 channels: per pair of inputs 11 instructions for 16 products. r8, r9 inputs; r10, r11
 * weights. */
__asm__(
    ".macro tinycc_dot_4_wide_pair s0, s1, s2, s3, s4, s5, s6, s7\n"
    "    ldrd   r10, r11, [lr], #8\n"
    "    ldrd   r8, r9, [r12], #8\n"
    "    smlad  r0, r10, r8, \\s0\n"
    "    smlad  r1, r10, r9, \\s1\n"
    "    smlad  r4, r11, r8, \\s4\n"
    "    smlad  r5, r11, r9, \\s5\n"
    "    ldrd   r8, r9, [r12], #8\n"
    "    smlad  r2, r10, r8, \\s2\n"
    "    smlad  r6, r11, r8, \\s6\n"
    "    smlad  r3, r10, r9, \\s3\n"
    "    smlad  r7, r11, r9, \\s7\n"
    ".endm\n"
    "tinycc_dot_4_function tinycc_dot_s8_w16_dsp_4, tinycc_dot_4_wide_pair, 88\n");

/* 1 pixel x 4 channels: per quad of inputs 13 instructions for 16 products. r0-r3 the channels; r4,
 * r5 inputs; r6-r9 weights; lr and r10 the packed weights of the first two channels and of the next
 * two (the same, if there are none); r11 end of strip; r12 strip. */
__asm__(
    "    .set tinycc_dot_pair_bytes, tinycc_dot_pixel_bytes\n" /* of two channels' weights */
    ".macro tinycc_dot_1_wide_pair x\n"
    "    ldrd   r6, r7, [lr], #8\n"
    "    ldrd   r8, r9, [r10], #8\n"
    "    smlad  r0, r6, \\x, r0\n"
    "    smlad  r1, r7, \\x, r1\n"
    "    smlad  r2, r8, \\x, r2\n"
    "    smlad  r3, r9, \\x, r3\n"
    ".endm\n"

    "tinycc_dot_function tinycc_dot_s8_w16_dsp_1\n"
    "    tinycc_dot_enter 0, 52, 0\n"
    "    mov    r11, r7\n"
    "    sub    r4, r11, r1\n"
    "    lsl    r4, r4, #1\n"
    "    add    r4, r4, #16\n" /* with starts and multipliers */
    "    cmp    r6, #0\n"
    "    it     ne\n"
    "    addne  r4, r4, #8\n"
    "    str    r4, [sp, #tinycc_dot_pair_bytes]\n"
    "1:  ldrd   r4, r5, [sp, #tinycc_dot_channels]\n"
    "    mov    r10, lr\n"
    "    cmp    r4, #2\n"
    "    it     gt\n"
    "    addgt  r10, lr, r5\n"
    "    ldrd   r0, r1, [lr], #8\n"
    "    ldrd   r2, r3, [r10], #8\n"
    "    ldrd   r4, r12, [sp, #tinycc_dot_skip]\n"
    "    add    pc, r4\n"
    "    nop.n\n"
    "2:\n"
    "    .rept  4\n"
    "    ldrd   r4, r5, [r12], #8\n"
    "    tinycc_dot_1_wide_pair r4\n"
    "    tinycc_dot_1_wide_pair r5\n"
    "    .endr\n"
    "    cmp    r12, r11\n"
    "    bne    2b\n"
    "    ldr    r8, [sp, #tinycc_dot_fraction]\n"
    "    cmp    r8, #0\n"
    "    bne    5f\n"
    "3:  ldrd   r4, r5, [lr], #8\n"
    "    ldrd   r6, r7, [r10], #8\n"
    "    mov    lr, r10\n"
    "    ldr    r10, [sp, #tinycc_dot_constant]\n"
    "    tinycc_dot_requantize r4, r0\n"
    "    tinycc_dot_requantize r5, r1\n"
    "    tinycc_dot_requantize r6, r2\n"
    "    tinycc_dot_requantize r7, r3\n"
    "    tinycc_dot_store_4\n"
    "5:  ldrd   r4, r5, [lr], #8\n"
    "    ldrd   r6, r7, [r10], #8\n"
    "    tinycc_dot_refine r4, r0\n"
    "    tinycc_dot_refine r5, r1\n"
    "    tinycc_dot_refine r6, r2\n"
    "    tinycc_dot_refine r7, r3\n"
    "    b      3b\n"
    "tinycc_dot_end_function tinycc_dot_s8_w16_dsp_1\n");

#endif
