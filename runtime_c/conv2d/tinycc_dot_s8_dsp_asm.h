/* Assembly that the dot products for int8 and for int16 weights share: entry, exit, requantisation,
 * and the function for 4 pixels x 2 channels, which differ in how they take a pair of weights. */
#ifndef TINYCC_DOT_S8_DSP_ASM_H
#define TINYCC_DOT_S8_DSP_ASM_H

/* The assembly stands outside of functions: it needs all 14 registers, frame pointer included. The
 * stack while a dot product runs is named below; nine saved registers follow. */
__asm__(
    ".syntax unified\n"
    ".thumb\n"
    ".ifndef tinycc_dot_skip\n" /* once per assembly, also where files are compiled as one */
    ".set tinycc_dot_skip, 0\n" /* bytes of the loop that its first round leaves out */
    ".set tinycc_dot_strip, 4\n"
    ".set tinycc_dot_y, 8\n"       /* less 1 */
    ".set tinycc_dot_channels, 12\n" /* left */
    ".set tinycc_dot_pixel_bytes, 16\n"
    ".set tinycc_dot_constant, 20\n"
    ".set tinycc_dot_fraction, 24\n"
    ".set tinycc_dot_end, 28\n" /* of the strip */

    /* Entry: `packed` to lr; the loop runs four quads per round, of which the first round leaves
     * out `skip` bytes of code, so that any number of quads costs the same. `before` quads are
     * done before the loop; a quad is `code` bytes of code and 8 << log bytes of strip. */
    ".macro tinycc_dot_enter before, code, log\n"
    "    push   {r4-r11, lr}\n"
    "    mov    lr, r0\n"
    "    ldmia  r3, {r3, r4, r5, r6}\n" /* quads, channels, constant, fraction */
    "    sub    r2, r2, #1\n"
    "    add    r7, r1, r3, lsl #3 + \\log\n"
    "    sub    r0, r3, #\\before\n"
    "    and    r0, r0, #3\n"
    "    rsb    r0, r0, #4\n"
    "    movs   r3, #\\code\n"
    "    mul    r0, r0, r3\n"
    "    mov    r3, r4\n"
    "    push   {r0-r7}\n"
    ".endm\n"

    ".macro tinycc_dot_leave\n"
    "    add    sp, sp, #32\n"
    "    pop    {r4-r11, pc}\n"
    ".endm\n"

    ".macro tinycc_dot_function name\n"
    "    .pushsection .text.\\name, \"ax\", %progbits\n"
    "    .balign 4\n"
    "    .global \\name\n"
    "    .type  \\name, %function\n"
    "    .thumb_func\n"
    "\\name:\n"
    ".endm\n"

    ".macro tinycc_dot_end_function name\n"
    "    .size  \\name, . - \\name\n"
    "    .popsection\n"
    ".endm\n"

    /* acc = (acc << r8) + rest */
    ".macro tinycc_dot_refine rest, accumulators:vararg\n"
    "    .irp   acc, \\accumulators\n"
    "    lsl    \\acc, \\acc, r8\n"
    "    add    \\acc, \\acc, \\rest\n"
    "    .endr\n"
    ".endm\n"

    /* acc = saturated((hi32(acc * multiplier) + r10) >> 1) */
    ".macro tinycc_dot_requantize multiplier, accumulators:vararg\n"
    "    .irp   acc, \\accumulators\n"
    "    smmla  \\acc, \\acc, \\multiplier, r10\n"
    "    .endr\n"
    "    .irp   acc, \\accumulators\n"
    "    ssat   \\acc, #8, \\acc, asr #1\n"
    "    .endr\n"
    ".endm\n"

    /* The outputs of four channels of a pixel from r0-r3; back to label 1 for the next four, else the
     * function ends. */
    ".macro tinycc_dot_store_4\n"
    "    ldrd   r4, r5, [sp, #tinycc_dot_y]\n"
    "    subs   r5, r5, #4\n"
    "    strb   r0, [r4, #1]!\n"
    "    blt    4f\n"
    "    strb   r1, [r4, #1]!\n"
    "    strb   r2, [r4, #1]!\n"
    "    strb   r3, [r4, #1]!\n"
    "    strd   r4, r5, [sp, #tinycc_dot_y]\n"
    "    bne    1b\n"
    "    b      6f\n"
    /* Of the last four, r5 + 4 are there. */
    "4:  cmn    r5, #2\n"
    "    blt    6f\n"
    "    strb   r1, [r4, #1]!\n"
    "    it     gt\n"
    "    strbgt r2, [r4, #1]!\n"
    "6:  tinycc_dot_leave\n"
    ".endm\n"

    /* 4 pixels x 2 channels. r0-r3 channel 0 of pixels 0-3, r4-r7 channel 1; r8-r11 inputs and
     * weights; r12 strip. `pair` makes the products of a pair of inputs, its sums start at its
     * arguments, which are r3 and r7 at first; two of them are `code` bytes of code. */
    ".macro tinycc_dot_4_function name, pair, code\n"
    "tinycc_dot_function \\name\n"
    "    tinycc_dot_enter 1, \\code, 2\n"
    "1:  ldrd   r3, r7, [lr], #8\n"
    "    ldr    r12, [sp, #tinycc_dot_strip]\n"
    "    \\pair r3, r3, r3, r3, r7, r7, r7, r7\n"
    "    \\pair r0, r1, r2, r3, r4, r5, r6, r7\n"
    "    ldr    r8, [sp, #tinycc_dot_skip]\n"
    "    add    pc, r8\n"
    "    nop.n\n"
    "2:\n"
    "    .rept  8\n"
    "    \\pair r0, r1, r2, r3, r4, r5, r6, r7\n"
    "    .endr\n"
    "    ldr    r8, [sp, #tinycc_dot_end]\n"
    "    cmp    r12, r8\n"
    "    bne    2b\n"
    "    ldr    r8, [sp, #tinycc_dot_fraction]\n"
    "    cmp    r8, #0\n"
    "    bne    5f\n"
    "3:  ldrd   r8, r9, [lr], #8\n"
    "    ldr    r10, [sp, #tinycc_dot_constant]\n"
    "    tinycc_dot_requantize r8, r0, r1, r2, r3\n"
    "    tinycc_dot_requantize r9, r4, r5, r6, r7\n"
    "    ldrd   r8, r10, [sp, #tinycc_dot_y]\n"
    "    ldr    r9, [sp, #tinycc_dot_pixel_bytes]\n"
    "    subs   r10, r10, #2\n"
    "    add    r11, r8, r9, lsl #1\n"
    "    strb   r0, [r8, #1]!\n"
    "    strb   r1, [r8, r9]\n"
    "    strb   r2, [r11, #1]!\n"
    "    strb   r3, [r11, r9]\n"
    "    bmi    4f\n"
    "    strb   r4, [r8, #1]!\n"
    "    strb   r5, [r8, r9]\n"
    "    strb   r6, [r11, #1]!\n"
    "    strb   r7, [r11, r9]\n"
    "    strd   r8, r10, [sp, #tinycc_dot_y]\n"
    "    bne    1b\n"
    "4:  tinycc_dot_leave\n"
    "5:  ldrd   r9, r10, [lr], #8\n"
    "    tinycc_dot_refine r9, r0, r1, r2, r3\n"
    "    tinycc_dot_refine r10, r4, r5, r6, r7\n"
    "    b      3b\n"
    "tinycc_dot_end_function \\name\n"
    ".endm\n"
    ".endif\n");

#endif
