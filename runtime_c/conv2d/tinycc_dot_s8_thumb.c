#include "tinycc_dot_s8_thumb.h"

#if defined(__thumb__)

/* r0 strip, r1 packed, r2 sums of (c0, c2) and 256 * (c1, c3), r3 sums of (c1, c3), r4 input, r5
 * weights, r6 scratch, r7 0x00FF00FF. r8, r9 all sums so far of (c0, c2) as they are and of c2
 * alone; r10, r11 of (c1, c3) and of c3; r12 end of the strip; lr constant << 16. On the stack: */
__asm__(
    "    .syntax unified\n"
    "    .thumb\n"
    "    .set tinycc_dot_thumb_strip, 0\n"
    "    .set tinycc_dot_thumb_y, 4\n"
    "    .set tinycc_dot_thumb_channels, 8\n" /* left */
    "    .set tinycc_dot_thumb_fraction, 12\n"
    "    .set tinycc_dot_thumb_sums, 16\n" /* of c0 .. c3 */

    "    .macro tinycc_dot_thumb_input\n"
    "    ldmia  r1!, {r5}\n"
    "    lsrs   r6, r5, #8\n"
    "    ands   r6, r6, r7\n"
    "    muls   r6, r4, r6\n"
    "    adds   r3, r3, r6\n"
    "    muls   r5, r4, r5\n"
    "    adds   r2, r2, r5\n"
    "    .endm\n"

    "    .macro tinycc_dot_thumb_pair\n"
    "    ldmia  r0!, {r2, r3, r4}\n"
    "    tinycc_dot_thumb_input\n"
    "    ldmia  r0!, {r4}\n"
    "    tinycc_dot_thumb_input\n"
    "    lsls   r6, r3, #8\n"
    "    subs   r2, r2, r6\n"
    "    add    r8, r2\n"
    "    asrs   r2, r2, #16\n"
    "    add    r9, r2\n"
    "    add    r10, r3\n"
    "    asrs   r3, r3, #16\n"
    "    add    r11, r3\n"
    "    .endm\n"

    /* One output from its sum in r2: r0 y, r1 packed, r6 fraction. */
    "    .macro tinycc_dot_thumb_output channel\n"
    "    ldmia  r1!, {r3, r4}\n"
    "    lsls   r2, r2, r6\n"
    "    adds   r2, r2, r3\n"
    "    uxth   r3, r2\n"
    "    asrs   r2, r2, #16\n"
    "    muls   r2, r4, r2\n"
    "    lsrs   r5, r4, #16\n"
    "    uxth   r4, r4\n"
    "    muls   r5, r3, r5\n"
    "    muls   r4, r3, r4\n"
    "    adds   r2, r2, r5\n"
    "    lsrs   r4, r4, #16\n"
    "    adds   r2, r2, r4\n"
    "    add    r2, lr\n"
    "    asrs   r2, r2, #17\n"
    "    sxtb   r3, r2\n"
    "    cmp    r3, r2\n"
    "    beq    8f\n"
    "    asrs   r3, r2, #31\n"
    "    movs   r4, #127\n"
    "    eors   r3, r3, r4\n"
    "8:  strb   r3, [r0, #\\channel]\n"
    "    .endm\n"

    "    .pushsection .text.tinycc_dot_s8_thumb_outputs, \"ax\", %progbits\n"
    "    .balign 4\n"
    "    .global tinycc_dot_s8_thumb_outputs\n"
    "    .type  tinycc_dot_s8_thumb_outputs, %function\n"
    "    .thumb_func\n"
    "tinycc_dot_s8_thumb_outputs:\n"
    "    push   {r4-r7, lr}\n"
    "    mov    r4, r8\n"
    "    mov    r5, r9\n"
    "    mov    r6, r10\n"
    "    mov    r7, r11\n"
    "    push   {r4-r7}\n"
    "    sub    sp, sp, #24\n"
    "    str    r1, [sp, #tinycc_dot_thumb_strip]\n"
    "    str    r2, [sp, #tinycc_dot_thumb_y]\n"
    "    ldmia  r3!, {r4-r7}\n" /* quads, channels, constant, fraction */
    "    str    r5, [sp, #tinycc_dot_thumb_channels]\n"
    "    str    r7, [sp, #tinycc_dot_thumb_fraction]\n"
    "    lsls   r6, r6, #16\n"
    "    mov    lr, r6\n"
    "    lsls   r5, r4, #5\n"
    "    adds   r5, r5, r1\n"
    "    mov    r12, r5\n"
    "    mov    r1, r0\n"
    "    movs   r7, #255\n"
    "    lsls   r5, r7, #16\n"
    "    orrs   r7, r7, r5\n"

    "1:  ldr    r0, [sp, #tinycc_dot_thumb_strip]\n"
    "    movs   r2, #0\n"
    "    mov    r8, r2\n"
    "    mov    r9, r2\n"
    "    mov    r10, r2\n"
    "    mov    r11, r2\n"
    "    mov    r2, r12\n"
    "    subs   r2, r2, r0\n"
    "    lsls   r2, r2, #26\n" /* an odd number of quads? */
    "    bmi    3f\n"
    "2:  tinycc_dot_thumb_pair\n"
    "    tinycc_dot_thumb_pair\n"
    "3:  tinycc_dot_thumb_pair\n"
    "    tinycc_dot_thumb_pair\n"
    "    cmp    r0, r12\n"
    "    bne    2b\n"

    "    ldr    r0, [sp, #tinycc_dot_thumb_y]\n"
    "    ldr    r6, [sp, #tinycc_dot_thumb_fraction]\n"
    "    mov    r3, r9\n"
    "    mov    r2, r8\n"
    "    lsls   r3, r3, #16\n"
    "    subs   r2, r2, r3\n"
    "    tinycc_dot_thumb_output 0\n"
    "    ldr    r5, [sp, #tinycc_dot_thumb_channels]\n"
    "    subs   r5, r5, #4\n"
    "    str    r5, [sp, #tinycc_dot_thumb_channels]\n"
    "    adds   r5, r5, #2\n"
    "    bmi    4f\n"
    "    mov    r3, r11\n"
    "    mov    r2, r10\n"
    "    lsls   r3, r3, #16\n"
    "    subs   r2, r2, r3\n"
    "    tinycc_dot_thumb_output 1\n"
    "    ldr    r5, [sp, #tinycc_dot_thumb_channels]\n"
    "    adds   r5, r5, #1\n"
    "    bmi    4f\n"
    "    mov    r2, r9\n"
    "    tinycc_dot_thumb_output 2\n"
    "    ldr    r5, [sp, #tinycc_dot_thumb_channels]\n"
    "    cmp    r5, #0\n"
    "    blt    4f\n"
    "    mov    r2, r11\n"
    "    tinycc_dot_thumb_output 3\n"
    "    adds   r0, r0, #4\n"
    "    str    r0, [sp, #tinycc_dot_thumb_y]\n"
    "    ldr    r5, [sp, #tinycc_dot_thumb_channels]\n"
    "    cmp    r5, #0\n"
    "    beq    4f\n"
    "    b      1b\n"
    "4:  add    sp, sp, #24\n"
    "    pop    {r4-r7}\n"
    "    mov    r8, r4\n"
    "    mov    r9, r5\n"
    "    mov    r10, r6\n"
    "    mov    r11, r7\n"
    "    pop    {r4-r7, pc}\n"
    "    .size  tinycc_dot_s8_thumb_outputs, . - tinycc_dot_s8_thumb_outputs\n"
    "    .popsection\n");

/* r0 strip, r1 inputs, r2-r5 a pair, r6 -(128 + 128 << 16), r7 1; r8 2**15; r12 end of inputs. */
__asm__(
    "    .pushsection .text.tinycc_widen_s8_thumb, \"ax\", %progbits\n"
    "    .balign 4\n"
    "    .global tinycc_widen_s8_thumb\n"
    "    .type  tinycc_widen_s8_thumb, %function\n"
    "    .thumb_func\n"
    "tinycc_widen_s8_thumb:\n"
    "    push   {r4-r7, lr}\n"
    "    mov    r4, r8\n"
    "    push   {r4}\n"
    "    adds   r2, r2, r2\n"
    "    adds   r2, r2, r1\n"
    "    mov    r12, r2\n"
    "    movs   r7, #1\n"
    "    lsls   r2, r7, #15\n"
    "    mov    r8, r2\n"
    "    ldr    r6, 3f\n"
    "    b      2f\n"
    "1:  ldrb   r4, [r1]\n"
    "    ldrsb  r5, [r1, r7]\n"
    "    sxtb   r4, r4\n"
    "    adds   r3, r4, r5\n"
    "    muls   r3, r6, r3\n"
    "    add    r3, r8\n"
    "    lsls   r2, r3, #8\n"
    "    adds   r2, r2, r3\n"
    "    adds   r1, r1, #2\n"
    "    stmia  r0!, {r2-r5}\n"
    "2:  cmp    r1, r12\n"
    "    bne    1b\n"
    "    pop    {r4}\n"
    "    mov    r8, r4\n"
    "    pop    {r4-r7, pc}\n"
    "    .balign 4\n"
    "3:  .word  -0x00800080\n"
    "    .size  tinycc_widen_s8_thumb, . - tinycc_widen_s8_thumb\n"
    "    .popsection\n");

void tinycc_dot_s8_thumb(const tinycc_dot_s8_dsp_params *p, const int32_t *packed,
                         const int32_t *strip, int8_t *y)
{
    const int32_t low = p->low, high = p->high;
    tinycc_dot_s8_thumb_outputs(packed, strip, y, p);
    if (low == INT8_MIN && high == INT8_MAX) {
        return;
    }
    for (const int8_t *const end = y + p->channels; y < end; y++) {
        const int32_t raised = *y < low ? low : *y;
        *y = (int8_t)(raised > high ? high : raised);
    }
}

int32_t *tinycc_widen_last_s8_thumb(int32_t *strip, const int8_t *x, int32_t count)
{
    int8_t last[4] = {0, 0, 0, 0};
    for (int32_t i = 0; i < count; i++) {
        last[i] = x[i];
    }
    return tinycc_widen_s8_thumb(strip, last, 2);
}

#endif
