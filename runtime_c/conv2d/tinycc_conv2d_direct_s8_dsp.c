#include "tinycc_conv2d.h"

#if defined(__ARM_FEATURE_DSP)

#include <string.h>

#include "tinycc_clamp_s8_dsp.h"

/* Neighbouring inputs of two output pixels, in the row they lie in. The order is that of the
 * assembly. */
typedef struct {
    const int8_t *end; /* of the second pixel's */
    int32_t skip;      /* bytes of the loop that its first round leaves out */
    const int8_t *first, *second;
} tinycc_conv2d_direct_s8_dsp_part;

/* All outputs of two pixels, `pixel_bytes` apart; both are the same one where that is 0. `packed`
 * and the sums are those of tinycc_dot_s8_dsp.h. */
void tinycc_conv2d_direct_s8_dsp_dot(const int32_t *packed,
                                     const tinycc_conv2d_direct_s8_dsp_part *parts, int8_t *y,
                                     const tinycc_dot_s8_dsp_params *p,
                                     const tinycc_conv2d_direct_s8_dsp_part *parts_end,
                                     int32_t pixel_bytes);

/* 2 pixels x 2 channels: per quad of inputs 19 instructions for 16 products. r0, r1 channel 0,
 * r2, r3 channel 1; r4-r7 inputs; r8-r10 weights; r11, r12 the pixels; lr packed. On the stack what
 * is named, then nine saved registers. */
__asm__(
    ".syntax unified\n"
    ".thumb\n"
    ".set tinycc_direct_part, 0\n" /* the next one */
    ".set tinycc_direct_parts, 4\n"
    ".set tinycc_direct_y, 8\n" /* less 1 */
    ".set tinycc_direct_end, 12\n"
    ".set tinycc_direct_parts_end, 16\n"
    ".set tinycc_direct_pixel_bytes, 20\n"
    ".set tinycc_direct_channels, 28\n" /* left */
    ".set tinycc_direct_constant, 32\n"
    ".set tinycc_direct_fraction, 36\n"

    ".macro tinycc_direct_pair w, w0, even0, even1\n"
    "    sxtb16 \\w0, \\w\n"
    "    sxtb16 \\w, \\w, ror #8\n"
    "    smlad  r0, \\w0, \\even0, r0\n"
    "    smlad  r1, \\w0, \\even1, r1\n"
    "    smlad  r2, \\w, \\even0, r2\n"
    "    smlad  r3, \\w, \\even1, r3\n"
    ".endm\n"

    ".macro tinycc_direct_quad\n"
    "    ldr    r4, [r11], #4\n"
    "    ldr    r6, [r12], #4\n"
    "    ldrd   r8, r9, [lr], #8\n"
    "    sxtb16 r5, r4, ror #8\n"
    "    sxtb16 r4, r4\n"
    "    sxtb16 r7, r6, ror #8\n"
    "    sxtb16 r6, r6\n"
    "    tinycc_direct_pair r8, r10, r4, r6\n"
    "    tinycc_direct_pair r9, r10, r5, r7\n"
    ".endm\n"

    "    .pushsection .text.tinycc_conv2d_direct_s8_dsp_dot, \"ax\", %progbits\n"
    "    .balign 4\n"
    "    .global tinycc_conv2d_direct_s8_dsp_dot\n"
    "    .type  tinycc_conv2d_direct_s8_dsp_dot, %function\n"
    "    .thumb_func\n"
    "tinycc_conv2d_direct_s8_dsp_dot:\n"
    "    push   {r4-r11, lr}\n"
    "    ldrd   r4, r5, [sp, #36]\n"
    "    ldmia  r3, {r6-r9}\n" /* quads, channels, constant, fraction */
    "    mov    lr, r0\n"
    "    sub    r2, r2, #1\n"
    "    push   {r0-r9}\n"
    "1:  ldrd   r0, r2, [lr], #8\n"
    "    ldr    r4, [sp, #tinycc_direct_parts]\n"
    "    mov    r1, r0\n"
    "    mov    r3, r2\n"
    "2:  ldmia  r4!, {r5, r6, r11, r12}\n"
    "    str    r4, [sp, #tinycc_direct_part]\n"
    "    str    r5, [sp, #tinycc_direct_end]\n"
    "    .balign 4\n"
    "    add    pc, r6\n"
    "    nop.n\n"
    "3:\n"
    "    .rept  4\n"
    "    tinycc_direct_quad\n"
    "    .endr\n"
    "    ldr    r10, [sp, #tinycc_direct_end]\n"
    "    cmp    r12, r10\n"
    "    bne    3b\n"
    "    ldr    r4, [sp, #tinycc_direct_part]\n"
    "    ldr    r5, [sp, #tinycc_direct_parts_end]\n"
    "    cmp    r4, r5\n"
    "    bne    2b\n"
    "    ldr    r8, [sp, #tinycc_direct_fraction]\n"
    "    cmp    r8, #0\n"
    "    bne    6f\n"
    "4:  ldrd   r8, r9, [lr], #8\n"
    "    ldr    r10, [sp, #tinycc_direct_constant]\n"
    "    smmla  r0, r0, r8, r10\n"
    "    smmla  r1, r1, r8, r10\n"
    "    smmla  r2, r2, r9, r10\n"
    "    smmla  r3, r3, r9, r10\n"
    "    .irp   acc, r0, r1, r2, r3\n"
    "    ssat   \\acc, #8, \\acc, asr #1\n"
    "    .endr\n"
    "    ldr    r8, [sp, #tinycc_direct_y]\n"
    "    ldr    r9, [sp, #tinycc_direct_pixel_bytes]\n"
    "    ldr    r10, [sp, #tinycc_direct_channels]\n"
    "    subs   r10, r10, #2\n"
    "    strb   r0, [r8, #1]!\n"
    "    strb   r1, [r8, r9]\n"
    "    bmi    5f\n"
    "    strb   r2, [r8, #1]!\n"
    "    strb   r3, [r8, r9]\n"
    "    str    r8, [sp, #tinycc_direct_y]\n"
    "    str    r10, [sp, #tinycc_direct_channels]\n"
    "    bne    1b\n"
    "5:  add    sp, sp, #40\n"
    "    pop    {r4-r11, pc}\n"
    "6:  ldrd   r9, r10, [lr], #8\n"
    "    .irp   acc, r0, r1, r2, r3\n"
    "    lsl    \\acc, \\acc, r8\n"
    "    .endr\n"
    "    add    r0, r0, r9\n"
    "    add    r1, r1, r9\n"
    "    add    r2, r2, r10\n"
    "    add    r3, r3, r10\n"
    "    b      4b\n"
    "    .size  tinycc_conv2d_direct_s8_dsp_dot, . - tinycc_conv2d_direct_s8_dsp_dot\n"
    "    .popsection\n");

enum { tinycc_conv2d_direct_s8_dsp_quad = 76 }; /* bytes of code */

static tinycc_conv2d_direct_s8_dsp_part tinycc_conv2d_direct_s8_dsp_make(const int8_t *first,
                                                                         const int8_t *second,
                                                                         int32_t bytes)
{
    const int32_t skipped = -(bytes / 4) & 3;
    const tinycc_conv2d_direct_s8_dsp_part part = {
        second + bytes, skipped * tinycc_conv2d_direct_s8_dsp_quad, first, second};
    return part;
}

void tinycc_conv2d_direct_s8_dsp(const void *params, const void *const *in, void *out, int32_t n,
                                 void *scratch)
{
    const tinycc_conv2d_s8_dsp_params *p = params;
    const int32_t channels = p->in_channels, reach = (p->kernel_width - 1) * p->dilation_width;
    tinycc_conv2d_direct_s8_dsp_part *const parts = scratch;
    int8_t *const zeros = (int8_t *)(parts + p->kernel_height * p->kernel_width);
    int8_t *y = out;
    (void)n; /* one row: the caller moves the window */
    memset(zeros, p->in_zero, (size_t)channels);
    for (int32_t x = 0; x < p->out_width; x += 2) {
        const int32_t apart = x + 1 < p->out_width ? p->stride : 0; /* 0: the last one alone */
        const int32_t left = x * p->stride - p->pad_left;
        const int inside = left >= 0 && left + apart + reach < p->in_width;
        tinycc_conv2d_direct_s8_dsp_part *part = parts;
        for (int32_t ky = 0; ky < p->kernel_height; ky++) {
            const int8_t *const row = in[ky * p->dilation_height];
            if (inside && row != NULL && p->dilation_width == 1) {
                const int8_t *const first = row + left * channels;
                *part++ = tinycc_conv2d_direct_s8_dsp_make(first, first + apart * channels,
                                                           p->kernel_width * channels);
                continue;
            }
            for (int32_t kx = 0; kx < p->kernel_width; kx++) {
                const int8_t *taps[2];
                for (int32_t i = 0; i < 2; i++) {
                    const int32_t column = left + kx * p->dilation_width + i * apart;
                    const int valid = row != NULL && column >= 0 && column < p->in_width;
                    taps[i] = valid ? row + column * channels : zeros;
                }
                *part++ = tinycc_conv2d_direct_s8_dsp_make(taps[0], taps[1], channels);
            }
        }
        tinycc_conv2d_direct_s8_dsp_dot(p->packed, parts, y, &p->dot, part,
                                        apart ? p->dot.channels : 0);
        tinycc_clamp_s8_dsp(y, (apart ? 2 : 1) * p->dot.channels, p->dot.low, p->dot.high);
        y += 2 * p->dot.channels;
    }
}

#endif
