#include "tinycc_dot_s8_dsp.h"

#if defined(__ARM_FEATURE_DSP)

#include "tinycc_clamp_s8_dsp.h"
#include "tinycc_dot_s8_dsp_asm.h"

/* 4 pixels x 2 channels: per pair of inputs 13 instructions for 16 products.
 * r0-r3 channel 0 of pixels 0-3, r4-r7 channel 1; r8, r9 inputs; r10, r11 weights; r12 strip. */
__asm__(
    /* The products of one word of weights; the sums start at s0 and s1, which are r3 and r7. */
    ".macro tinycc_dot_4_pair s0, s1, s2, s3, s4, s5, s6, s7\n"
    "    ldrd   r8, r9, [r12], #8\n"
    "    ldr    r10, [lr], #4\n"
    "    sxtb16 r11, r10\n"
    "    sxtb16 r10, r10, ror #8\n"
    "    smlad  r0, r11, r8, \\s0\n"
    "    smlad  r1, r11, r9, \\s1\n"
    "    smlad  r4, r10, r8, \\s4\n"
    "    smlad  r5, r10, r9, \\s5\n"
    "    ldrd   r8, r9, [r12], #8\n"
    "    smlad  r2, r11, r8, \\s2\n"
    "    smlad  r6, r10, r8, \\s6\n"
    "    smlad  r3, r11, r9, \\s3\n"
    "    smlad  r7, r10, r9, \\s7\n"
    ".endm\n"
    "tinycc_dot_4_function tinycc_dot_s8_dsp_4, tinycc_dot_4_pair, 104\n");

/* 2 pixels x 2 channels: per quad of inputs 14 instructions for 16 products.
 * r0, r1 channel 0, r2, r3 channel 1; r4-r7 inputs; r8-r10 weights; r11 end of strip; r12 strip. */
__asm__(
    ".macro tinycc_dot_2_quad\n"
    "    ldmia  r12!, {r4-r7}\n"
    "    ldrd   r8, r9, [lr], #8\n"
    "    sxtb16 r10, r8\n"
    "    sxtb16 r8, r8, ror #8\n"
    "    smlad  r0, r10, r4, r0\n"
    "    smlad  r1, r10, r5, r1\n"
    "    smlad  r2, r8, r4, r2\n"
    "    smlad  r3, r8, r5, r3\n"
    "    sxtb16 r10, r9\n"
    "    sxtb16 r9, r9, ror #8\n"
    "    smlad  r0, r10, r6, r0\n"
    "    smlad  r1, r10, r7, r1\n"
    "    smlad  r2, r9, r6, r2\n"
    "    smlad  r3, r9, r7, r3\n"
    ".endm\n"

    "tinycc_dot_function tinycc_dot_s8_dsp_2\n"
    "    tinycc_dot_enter 0, 56, 1\n"
    "    mov    r11, r7\n"
    "1:  ldrd   r0, r2, [lr], #8\n"
    "    ldrd   r4, r12, [sp, #tinycc_dot_skip]\n"
    "    mov.w  r1, r0\n"
    "    mov.w  r3, r2\n"
    "    add    pc, r4\n"
    "    nop.n\n"
    "2:\n"
    "    .rept  4\n"
    "    tinycc_dot_2_quad\n"
    "    .endr\n"
    "    cmp    r12, r11\n"
    "    bne    2b\n"
    "    ldr    r8, [sp, #tinycc_dot_fraction]\n"
    "    cmp    r8, #0\n"
    "    bne    5f\n"
    "3:  ldrd   r8, r9, [lr], #8\n"
    "    ldr    r10, [sp, #tinycc_dot_constant]\n"
    "    tinycc_dot_requantize r8, r0, r1\n"
    "    tinycc_dot_requantize r9, r2, r3\n"
    "    ldrd   r8, r10, [sp, #tinycc_dot_y]\n"
    "    ldr    r9, [sp, #tinycc_dot_pixel_bytes]\n"
    "    subs   r10, r10, #2\n"
    "    strb   r0, [r8, #1]!\n"
    "    strb   r1, [r8, r9]\n"
    "    bmi    4f\n"
    "    strb   r2, [r8, #1]!\n"
    "    strb   r3, [r8, r9]\n"
    "    strd   r8, r10, [sp, #tinycc_dot_y]\n"
    "    bne    1b\n"
    "4:  tinycc_dot_leave\n"
    "5:  ldrd   r9, r10, [lr], #8\n"
    "    tinycc_dot_refine r9, r0, r1\n"
    "    tinycc_dot_refine r10, r2, r3\n"
    "    b      3b\n"
    "tinycc_dot_end_function tinycc_dot_s8_dsp_2\n");

/* 1 pixel x 2 channels: per two quads of inputs 18 instructions for 16 products.
 * r0, r1 the channels; r2 scratch; r4-r7 inputs; r8-r11 weights; r3 end of strip; r12 strip. */
__asm__(
    ".macro tinycc_dot_1_pair x, w\n"
    "    sxtb16 r2, \\w\n"
    "    sxtb16 \\w, \\w, ror #8\n"
    "    smlad  r0, r2, \\x, r0\n"
    "    smlad  r1, \\w, \\x, r1\n"
    ".endm\n"

    "tinycc_dot_function tinycc_dot_s8_dsp_1\n"
    "    tinycc_dot_enter 0, 0, 0\n"
    "    mov    r3, r7\n"
    "    sub    r4, r7, r1\n"
    "    str    r4, [sp, #tinycc_dot_skip]\n" /* bytes of the strip */
    "1:  ldrd   r0, r1, [lr], #8\n"
    "    ldrd   r4, r12, [sp, #tinycc_dot_skip]\n"
    "    tst    r4, #8\n"
    "    beq    2f\n"
    "    ldrd   r4, r5, [r12], #8\n"
    "    ldrd   r8, r9, [lr], #8\n"
    "    tinycc_dot_1_pair r4, r8\n"
    "    tinycc_dot_1_pair r5, r9\n"
    "2:  ldr    r4, [sp, #tinycc_dot_skip]\n"
    "    tst    r4, #16\n"
    "    beq    6f\n"
    "    ldmia  r12!, {r4-r7}\n"
    "    ldmia  lr!, {r8-r11}\n"
    "    tinycc_dot_1_pair r4, r8\n"
    "    tinycc_dot_1_pair r5, r9\n"
    "    tinycc_dot_1_pair r6, r10\n"
    "    tinycc_dot_1_pair r7, r11\n"
    "6:  cmp    r12, r3\n"
    "    beq    8f\n"
    "7:\n"
    "    .rept  2\n"
    "    ldmia  r12!, {r4-r7}\n"
    "    ldmia  lr!, {r8-r11}\n"
    "    tinycc_dot_1_pair r4, r8\n"
    "    tinycc_dot_1_pair r5, r9\n"
    "    tinycc_dot_1_pair r6, r10\n"
    "    tinycc_dot_1_pair r7, r11\n"
    "    .endr\n"
    "    cmp    r12, r3\n"
    "    bne    7b\n"
    "8:  ldr    r8, [sp, #tinycc_dot_fraction]\n"
    "    cmp    r8, #0\n"
    "    beq    3f\n"
    "    ldrd   r9, r10, [lr], #8\n"
    "    tinycc_dot_refine r9, r0\n"
    "    tinycc_dot_refine r10, r1\n"
    "3:  ldrd   r8, r9, [lr], #8\n"
    "    ldr    r10, [sp, #tinycc_dot_constant]\n"
    "    tinycc_dot_requantize r8, r0\n"
    "    tinycc_dot_requantize r9, r1\n"
    "    ldrd   r8, r10, [sp, #tinycc_dot_y]\n"
    "    subs   r10, r10, #2\n"
    "    strb   r0, [r8, #1]!\n"
    "    bmi    4f\n"
    "    strb   r1, [r8, #1]!\n"
    "    strd   r8, r10, [sp, #tinycc_dot_y]\n"
    "    bne    1b\n"
    "4:  tinycc_dot_leave\n"
    "tinycc_dot_end_function tinycc_dot_s8_dsp_1\n");

/* r0 strip, r1-r4 the pixels, r5 quads left; r6-r9 the even inputs, r10-lr the odd ones. */
__asm__(
    "tinycc_dot_function tinycc_widen_s8_dsp_4\n"
    "    push   {r4-r11, lr}\n"
    "    mov    r5, r2\n"
    "    ldmia  r1, {r1-r4}\n"
    "1:  ldr    r10, [r1], #4\n"
    "    ldr    r11, [r2], #4\n"
    "    ldr    r12, [r3], #4\n"
    "    ldr    lr, [r4], #4\n"
    "    subs   r5, r5, #1\n"
    "    sxtb16 r6, r10\n"
    "    sxtb16 r7, r11\n"
    "    sxtb16 r8, r12\n"
    "    sxtb16 r9, lr\n"
    "    sxtb16 r10, r10, ror #8\n"
    "    sxtb16 r11, r11, ror #8\n"
    "    sxtb16 r12, r12, ror #8\n"
    "    sxtb16 lr, lr, ror #8\n"
    "    stmia  r0!, {r6-r12, lr}\n"
    "    bne    1b\n"
    "    pop    {r4-r11, pc}\n"
    "tinycc_dot_end_function tinycc_widen_s8_dsp_4\n");

static inline int32_t tinycc_dot_s8_dsp_even(uint32_t bytes)
{
    int32_t pair;
    __asm__("sxtb16 %0, %1" : "=r"(pair) : "r"(bytes));
    return pair;
}

static inline int32_t tinycc_dot_s8_dsp_odd(uint32_t bytes)
{
    int32_t pair;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(bytes));
    return pair;
}

int32_t *tinycc_widen_s8_dsp(int32_t *strip, const int8_t *const *from, int32_t quads,
                             int32_t pixels)
{
    if (pixels == 4) {
        return tinycc_widen_s8_dsp_4(strip, from, quads);
    }
    for (int32_t pixel = 0; pixel < pixels; pixel++) {
        const int8_t *x = from[pixel];
        int32_t *pair = strip + pixel;
        for (int32_t i = 0; i < quads; i++) {
            uint32_t bytes;
            memcpy(&bytes, x, sizeof bytes);
            pair[0] = tinycc_dot_s8_dsp_even(bytes);
            pair[pixels] = tinycc_dot_s8_dsp_odd(bytes);
            pair += 2 * pixels;
            x += 4;
        }
    }
    return strip + 2 * quads * pixels;
}

void tinycc_dot_s8_dsp_pixels(const tinycc_dot_s8_dsp_params *p, const int32_t *packed,
                              const int32_t *strip, int8_t *y, int32_t pixels)
{
    const int32_t channels = p->channels;
    /* Not through a pointer: the stack bound follows direct calls. */
    if (pixels == 4) {
        tinycc_dot_s8_dsp_4(packed, strip, y, p);
    } else if (pixels == 2) {
        tinycc_dot_s8_dsp_2(packed, strip, y, p);
    } else {
        tinycc_dot_s8_dsp_1(packed, strip, y, p);
    }
    tinycc_clamp_s8_dsp(y, pixels * channels, p->low, p->high);
}

#endif
