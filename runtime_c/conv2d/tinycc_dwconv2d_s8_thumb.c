#include "tinycc_dw_s8_thumb.h"

#if defined(__thumb__)

/* Two outputs at a time: r5, r6 their sums; r0 inputs, r1 weights; r2 a weight, r3 an input; r4 bytes
 * between the inputs of the two. r8 offset into the rows; r9 y, r10 its end; r11 next row; r12 end
 * of the weights of a row; lr bytes from tap to tap; r7 constant << 16. On the stack: */
__asm__(
    "    .syntax unified\n"
    "    .thumb\n"
    "    .set tinycc_dw_thumb_rows, 0\n"
    "    .set tinycc_dw_thumb_row_bytes, 4\n" /* of weights */
    "    .set tinycc_dw_thumb_weights, 8\n"
    "    .set tinycc_dw_thumb_weights_end, 12\n"
    "    .set tinycc_dw_thumb_stride, 16\n"
    "    .set tinycc_dw_thumb_step, 20\n"

    "    .pushsection .text.tinycc_dw_s8_thumb, \"ax\", %progbits\n"
    "    .balign 4\n"
    "    .global tinycc_dw_s8_thumb\n"
    "    .type  tinycc_dw_s8_thumb, %function\n"
    "    .thumb_func\n"
    "tinycc_dw_s8_thumb:\n"
    TINYCC_DW_S8_THUMB_ENTER
    "    mov    r7, r0\n"
    "    ldmia  r1!, {r2-r6}\n" /* rows, y, end, step, constant */
    "    mov    r9, r3\n"
    "    mov    r10, r4\n"
    "    lsls   r4, r6, #16\n"
    "    sub    sp, sp, #24\n"
    "    str    r2, [sp, #tinycc_dw_thumb_rows]\n"
    "    str    r5, [sp, #tinycc_dw_thumb_step]\n"
    "    ldr    r0, [r7, #4 * 4]\n" /* kernel_height, kernel_width, stride */
    "    ldr    r1, [r7, #5 * 4]\n"
    "    ldr    r3, [r7, #6 * 4]\n"
    "    ldr    r7, [r7, #10 * 4]\n" /* dilation_width */
    "    lsls   r7, r7, #2\n"
    "    mov    lr, r7\n"
    "    mov    r7, r4\n"
    "    lsls   r3, r3, #2\n"
    "    str    r3, [sp, #tinycc_dw_thumb_stride]\n"
    "    lsls   r3, r0, #2\n"
    "    adds   r2, r2, r3\n"
    "    str    r2, [sp, #tinycc_dw_thumb_weights]\n"
    "    lsls   r1, r1, #2\n"
    "    str    r1, [sp, #tinycc_dw_thumb_row_bytes]\n"
    "    muls   r0, r1, r0\n"
    "    adds   r2, r2, r0\n"
    "    str    r2, [sp, #tinycc_dw_thumb_weights_end]\n"
    "    movs   r0, #0\n"
    "    mov    r8, r0\n"

    "1:  ldr    r0, [sp, #tinycc_dw_thumb_rows]\n"
    "    ldr    r1, [sp, #tinycc_dw_thumb_weights]\n"
    "    ldr    r4, [sp, #tinycc_dw_thumb_stride]\n"
    "    mov    r11, r0\n"
    "    movs   r5, #0\n"
    "    movs   r6, #0\n"
    "2:  mov    r3, r11\n"
    "    ldmia  r3!, {r0}\n"
    "    ldr    r2, [sp, #tinycc_dw_thumb_row_bytes]\n"
    "    mov    r11, r3\n"
    "    add    r0, r8\n"
    "    adds   r2, r2, r1\n"
    "    mov    r12, r2\n"
    "3:  ldmia  r1!, {r2}\n"
    "    ldr    r3, [r0]\n"
    "    muls   r3, r2, r3\n"
    "    adds   r5, r5, r3\n"
    "    ldr    r3, [r0, r4]\n"
    "    muls   r3, r2, r3\n"
    "    adds   r6, r6, r3\n"
    "    add    r0, lr\n"
    "    cmp    r1, r12\n"
    "    bne    3b\n"
    "    ldr    r3, [sp, #tinycc_dw_thumb_weights_end]\n"
    "    cmp    r1, r3\n"
    "    bne    2b\n"
    "    ldmia  r1!, {r2, r3}\n"
    "    adds   r5, r5, r2\n"
    "    adds   r6, r6, r2\n"
    "    lsls   r4, r4, #1\n"
    "    add    r8, r4\n"
    "    lsrs   r4, r3, #16\n"
    "    uxth   r2, r3\n"
    TINYCC_DW_S8_THUMB_REQUANTIZE("r5", "r7")
    "    mov    r1, r9\n"
    "    strb   r0, [r1]\n"
    "    ldr    r5, [sp, #tinycc_dw_thumb_step]\n"
    "    add    r9, r5\n"
    "    cmp    r9, r10\n"
    "    beq    4f\n"
    TINYCC_DW_S8_THUMB_REQUANTIZE("r6", "r7")
    "    mov    r1, r9\n"
    "    strb   r0, [r1]\n"
    "    add    r9, r5\n"
    "    cmp    r9, r10\n"
    "    bne    1b\n"
    "4:  add    sp, sp, #24\n"
    TINYCC_DW_S8_THUMB_LEAVE
    "    .size  tinycc_dw_s8_thumb, . - tinycc_dw_s8_thumb\n"
    "    .popsection\n");

void tinycc_dwconv2d_s8_thumb(const void *params, const void *const *in, void *out, int32_t n,
                              void *scratch)
{
    tinycc_dw_s8_thumb_all(params, tinycc_dw_s8_thumb, in, out, n, scratch);
}

#endif
