#include "tinycc_dw_s8_thumb.h"

#if defined(__thumb__)

/* Two outputs at a time, six inputs or ten of each row: r6, r9 sums; r1-r5 inputs; r0 a row, then a
 * weight; r7 the table; r8 offset into the rows; r10 y, r11 bytes to the next, r12 its end; lr
 * constant << 16. Of the products with a weight the first overwrites its input, which is not needed
 * any more, the second the weight. */
__asm__(
    "    .syntax unified\n"
    "    .thumb\n"
    "    .macro tinycc_dw3x3_thumb_tap weight, first, second\n"
    "    ldr    r0, [r7, #\\weight]\n"
    "    muls   \\first, r0, \\first\n"
    "    adds   r6, r6, \\first\n"
    "    muls   r0, \\second, r0\n"
    "    add    r9, r0\n"
    "    .endm\n"
    "    .macro tinycc_dw3x3_thumb_row_1 row, weights\n"
    "    ldr    r0, [r7, #\\row]\n"
    "    add    r0, r8\n"
    "    ldmia  r0!, {r1-r4}\n"
    "    tinycc_dw3x3_thumb_tap \\weights, r1, r2\n"
    "    tinycc_dw3x3_thumb_tap \\weights + 4, r2, r3\n"
    "    tinycc_dw3x3_thumb_tap \\weights + 8, r3, r4\n"
    "    .endm\n"
    "    .macro tinycc_dw3x3_thumb_row_2 row, weights\n"
    "    ldr    r0, [r7, #\\row]\n"
    "    add    r0, r8\n"
    "    ldmia  r0!, {r1-r5}\n"
    "    tinycc_dw3x3_thumb_tap \\weights, r1, r3\n"
    "    tinycc_dw3x3_thumb_tap \\weights + 4, r2, r4\n"
    "    tinycc_dw3x3_thumb_tap \\weights + 8, r3, r5\n"
    "    .endm\n"

    "    .irp   stride, 1, 2\n"
    "    .pushsection .text.tinycc_dw3x3_s8_thumb_\\stride, \"ax\", %progbits\n"
    "    .balign 4\n"
    "    .global tinycc_dw3x3_s8_thumb_\\stride\n"
    "    .type  tinycc_dw3x3_s8_thumb_\\stride, %function\n"
    "    .thumb_func\n"
    "tinycc_dw3x3_s8_thumb_\\stride:\n"
    TINYCC_DW_S8_THUMB_ENTER
    "    ldmia  r0!, {r2-r6}\n" /* rows, y, end, step, constant */
    "    mov    r10, r3\n"
    "    mov    r12, r4\n"
    "    mov    r11, r5\n"
    "    lsls   r6, r6, #16\n"
    "    mov    lr, r6\n"
    "    mov    r7, r2\n"
    "    movs   r0, #0\n"
    "    mov    r8, r0\n"
    "1:  ldr    r6, [r7, #48]\n"
    "    mov    r9, r6\n"
    "    tinycc_dw3x3_thumb_row_\\stride 0, 12\n"
    "    tinycc_dw3x3_thumb_row_\\stride 4, 24\n"
    "    tinycc_dw3x3_thumb_row_\\stride 8, 36\n"
    "    ldr    r3, [r7, #52]\n"
    "    movs   r0, #8 * \\stride\n"
    "    add    r8, r0\n"
    "    lsrs   r4, r3, #16\n"
    "    uxth   r2, r3\n"
    "    mov    r5, r10\n"
    TINYCC_DW_S8_THUMB_REQUANTIZE("r6", "lr")
    "    strb   r0, [r5]\n"
    "    add    r5, r11\n"
    "    cmp    r5, r12\n"
    "    beq    2f\n"
    "    mov    r6, r9\n"
    TINYCC_DW_S8_THUMB_REQUANTIZE("r6", "lr")
    "    strb   r0, [r5]\n"
    "    add    r5, r11\n"
    "    mov    r10, r5\n"
    "    cmp    r5, r12\n"
    "    bne    1b\n"
    "2:\n"
    TINYCC_DW_S8_THUMB_LEAVE
    "    .size  tinycc_dw3x3_s8_thumb_\\stride, . - tinycc_dw3x3_s8_thumb_\\stride\n"
    "    .popsection\n"
    "    .endr\n");

static void tinycc_dwconv3x3_s8_thumb_make(const tinycc_dwconv2d_s8_thumb_params *p,
                                           const tinycc_dw_s8_thumb_line *line)
{
    /* Not through a pointer: the stack bound follows direct calls. */
    if (p->stride == 1) {
        tinycc_dw3x3_s8_thumb_1(line);
    } else {
        tinycc_dw3x3_s8_thumb_2(line);
    }
}

void tinycc_dwconv3x3_s8_thumb(const void *params, const void *const *in, void *out, int32_t n,
                               void *scratch)
{
    tinycc_dw_s8_thumb_all(params, tinycc_dwconv3x3_s8_thumb_make, in, out, n, scratch);
}

#endif
