/* Dot products of vectors that are read where they lie, 1 vector x 4 output channels at a time, for
 * cores with the DSP extension. No scratch.
 *
 * An output takes `quads` fours of inputs. The first begins with input 0, the next with input
 * in_channels % 4 (with 4, if that is 0), so that the last ends with the vector: what two of them
 * share has weights of 0 in the first. Packed weights, per four output channels (those behind the
 * last one are 0):
 *   start[4]                             see below
 *   per quad: (c0k0, c1k0, c0k2, c1k2), (c0k1, c1k1, c0k3, c1k3), the same of c2 and c3     int8
 *   rest[4]                              bias & (2**fraction - 1); only where fraction > 0
 *   multiplier[4]                        > 0
 *
 * tinycc_vectors_s8_dsp multiplies two channels at once: a pair of int16 as it is holds c0 and 256
 * times (c1 + 1 where c0 < 0, which the compiler leaves off). The sums of c0 alone and of both give
 * that of c1, modulo 2**24; the compiler has proved that 24 bits hold it, start included. start is
 * s0 = bias >> fraction of c0, then s0 + 256 * that of c1, then the same of c2 and c3. Per quad
 * 16 instructions for 16 products.
 * tinycc_vectors_any_s8_dsp takes any weights, with 20 instructions; start is bias >> fraction of
 * c0, c1, c2, c3.
 *
 *   acc = ((start + sum of products) << fraction) + rest
 *   y   = floor(acc * multiplier / 2**33 + zero + 1/2), saturated to int8, then clamped
 */
#ifndef TINYCC_VECTORS_DSP_H
#define TINYCC_VECTORS_DSP_H

#include "tinycc_clamp_s8_dsp.h"
#include "tinycc_dot_s8_dsp_asm.h"

/* All outputs of a vector, saturated. Reads the first five members of the parameters. */
typedef void tinycc_vector_dsp(const int32_t *packed, const int8_t *x, int8_t *y,
                               const tinycc_conv1x1_s8_dsp_params *p);

static inline void tinycc_vectors_dsp(const tinycc_conv1x1_s8_dsp_params *p, const int8_t *x,
                                      int8_t *y, int32_t n, tinycc_vector_dsp *dot)
{
    for (; n > 0; n--) {
        dot(p->packed, x, y, p);
        tinycc_clamp_s8_dsp(y, p->dot.channels, p->dot.low, p->dot.high);
        x += p->in_channels;
        y += p->dot.channels;
    }
}

/* `products` makes those of a quad from the inputs in r4 and the weights at lr, `code` bytes;
 * `sums` leaves the sums of c0 .. c3 in r0 .. r3. r10 is free for `products`; r11 end of inputs; r12
 * inputs. The stack is that of tinycc_dot_enter but for the inputs of the first quad and of the
 * second one. */
__asm__(
    "    .ifndef tinycc_vector_x\n"
    "    .set   tinycc_vector_x, tinycc_dot_strip\n"
    "    .set   tinycc_vector_second, tinycc_dot_pixel_bytes\n"

    /* r0 the sum of c0, r1 that of c0 and 256 times c1, r2 and r3 those of c2 and c3. */
    ".macro tinycc_vector_two weights, x, low, both\n"
    "    smlad  \\both, \\weights, \\x, \\both\n"
    "    sxtb16 \\weights, \\weights\n"
    "    smlad  \\low, \\weights, \\x, \\low\n"
    ".endm\n"

    ".macro tinycc_vector_products\n"
    "    sxtb16 r5, r4, ror #8\n"
    "    sxtb16 r4, r4\n"
    "    ldmia  lr!, {r6-r9}\n"
    "    tinycc_vector_two r6, r4, r0, r1\n"
    "    tinycc_vector_two r7, r5, r0, r1\n"
    "    tinycc_vector_two r8, r4, r2, r3\n"
    "    tinycc_vector_two r9, r5, r2, r3\n"
    ".endm\n"

    ".macro tinycc_vector_sums\n"
    "    subs   r1, r1, r0\n"
    "    asrs   r1, r1, #8\n"
    "    subs   r3, r3, r2\n"
    "    asrs   r3, r3, #8\n"
    ".endm\n"

    /* `sums`, then four outputs, or what is left of them; back to label 1 where more are to come. */
    ".macro tinycc_vector_finish sums\n"
    "    \\sums\n"
    "    ldr    r8, [sp, #tinycc_dot_fraction]\n"
    "    cmp    r8, #0\n"
    "    bne    5f\n"
    "3:  ldmia  lr!, {r4-r7}\n"
    "    ldr    r10, [sp, #tinycc_dot_constant]\n"
    "    tinycc_dot_requantize r4, r0\n"
    "    tinycc_dot_requantize r5, r1\n"
    "    tinycc_dot_requantize r6, r2\n"
    "    tinycc_dot_requantize r7, r3\n"
    "    tinycc_dot_store_4\n"
    "5:  ldmia  lr!, {r4-r7}\n"
    "    tinycc_dot_refine r4, r0\n"
    "    tinycc_dot_refine r5, r1\n"
    "    tinycc_dot_refine r6, r2\n"
    "    tinycc_dot_refine r7, r3\n"
    "    b      3b\n"
    ".endm\n"

    ".macro tinycc_vector_function name, products, sums, code\n"
    "tinycc_dot_function \\name\n"
    "    push   {r4-r11, lr}\n"
    "    mov    lr, r0\n"
    "    ldmia  r3, {r3-r7}\n" /* in_channels, quads, channels, constant, fraction */
    "    add    r11, r1, r3\n"
    "    ands   r12, r3, #3\n"
    "    it     eq\n"
    "    moveq  r12, #4\n"
    "    add    r12, r1, r12\n"
    "    sub    r2, r2, #1\n"
    "    sub    r0, r4, #1\n"
    "    and    r0, r0, #3\n"
    "    rsb    r0, r0, #4\n"
    "    movs   r3, #\\code\n"
    "    mul    r0, r0, r3\n"
    "    mov    r3, r5\n"
    "    mov    r4, r12\n"
    "    mov    r5, r6\n"
    "    mov    r6, r7\n"
    "    push   {r0-r7}\n"
    "1:  ldmia  lr!, {r0-r3}\n"
    "    ldr    r4, [sp, #tinycc_vector_x]\n"
    "    ldr    r12, [sp, #tinycc_vector_second]\n"
    "    ldr    r4, [r4]\n"
    "    \\products\n"
    "    ldr    r4, [sp, #tinycc_dot_skip]\n"
    "    add    pc, r4\n"
    "    nop.n\n"
    "2:\n"
    "    .rept  4\n"
    "    ldr.w  r4, [r12], #4\n"
    "    \\products\n"
    "    .endr\n"
    "    cmp    r12, r11\n"
    "    bne    2b\n"
    "    tinycc_vector_finish \\sums\n"
    "tinycc_dot_end_function \\name\n"
    ".endm\n"
    "    .endif\n");

#endif
