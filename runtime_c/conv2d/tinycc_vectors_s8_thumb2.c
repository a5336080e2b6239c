#include "tinycc_conv2d.h"

#if defined(__thumb2__)

#include "tinycc_dot_s8_thumb2.h"

/* Sums of four channels of the vector x. */
void tinycc_vector_s8_thumb2(const int32_t *packed, const int8_t *x, int32_t inputs,
                             int32_t *sums);

/* r0 packed, r1 inputs, r2 fours of them left, r3 a weight; r4-r7 sums; r12 an input; lr inputs
 * before the fours. */
__asm__(
    "    .syntax unified\n"
    "    .thumb\n"
    "    .macro tinycc_vector_input_thumb2\n"
    "    ldrsb  r12, [r1], #1\n"
    "    .irp   sum, r4, r5, r6, r7\n"
    "    ldrsb  r3, [r0], #1\n"
    "    mla    \\sum, r3, r12, \\sum\n"
    "    .endr\n"
    "    .endm\n"

    "    .pushsection .text.tinycc_vector_s8_thumb2, \"ax\", %progbits\n"
    "    .balign 4\n"
    "    .global tinycc_vector_s8_thumb2\n"
    "    .type  tinycc_vector_s8_thumb2, %function\n"
    "    .thumb_func\n"
    "tinycc_vector_s8_thumb2:\n"
    "    push   {r3-r7, lr}\n"
    "    ldmia  r0!, {r4-r7}\n"
    "    ands   lr, r2, #3\n"
    "    beq    2f\n"
    "1:  tinycc_vector_input_thumb2\n"
    "    subs   lr, lr, #1\n"
    "    bne    1b\n"
    "2:  lsrs   r2, r2, #2\n"
    "    beq    4f\n"
    "3:\n"
    "    .rept  4\n"
    "    tinycc_vector_input_thumb2\n"
    "    .endr\n"
    "    subs   r2, r2, #1\n"
    "    bne    3b\n"
    "4:  pop    {r3}\n"
    "    stmia  r3, {r4-r7}\n"
    "    pop    {r4-r7, pc}\n"
    "    .size  tinycc_vector_s8_thumb2, . - tinycc_vector_s8_thumb2\n"
    "    .popsection\n");

void tinycc_vectors_s8_thumb2(const void *params, const void *const *in, void *out, int32_t n,
                              void *scratch)
{
    const tinycc_conv1x1_s8_dsp_params *p = params;
    const int32_t inputs = p->in_channels, channels = p->dot.channels;
    const int8_t *x = in[0];
    int8_t *y = out;
    (void)scratch;
    for (; n > 0; n--) {
        const int32_t *packed = p->packed;
        for (int32_t c = 0; c < channels; c += 4) {
            const int32_t left = channels - c, count = left < 4 ? left : 4;
            int32_t sums[4];
            tinycc_vector_s8_thumb2(packed, x, inputs, sums);
            packed += 4 + 4 * p->dot.quads; /* weights of whole quads */
            tinycc_dot_s8_thumb2_store(&p->dot, sums, packed, y + c, count);
            packed += p->dot.fraction ? 8 : 4;
        }
        tinycc_clamp_s8(y, channels, p->dot.low, p->dot.high);
        x += inputs;
        y += channels;
    }
}

#endif
