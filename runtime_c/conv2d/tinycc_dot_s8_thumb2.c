#include "tinycc_dot_s8_thumb2.h"

#if defined(__thumb2__)

/* Four channels of two pixels: sums[0..3] of the first one, [4..7] of the second one. Returns the
 * end of the weights. */
const int32_t *tinycc_dot_s8_thumb2_two(const int32_t *packed, const int32_t *x, int32_t quads,
                                        int32_t *sums);

/* r0 packed, r1 strip, r2 its end; r3 a weight; r4-r7 and r8-r11 sums; r12, lr inputs. */
__asm__(
    "    .syntax unified\n"
    "    .thumb\n"
    "    .pushsection .text.tinycc_dot_s8_thumb2_two, \"ax\", %progbits\n"
    "    .balign 4\n"
    "    .global tinycc_dot_s8_thumb2_two\n"
    "    .type  tinycc_dot_s8_thumb2_two, %function\n"
    "    .thumb_func\n"
    "tinycc_dot_s8_thumb2_two:\n"
    "    push   {r3-r11, lr}\n"
    "    ldmia  r0!, {r4-r7}\n"
    "    mov    r8, r4\n"
    "    mov    r9, r5\n"
    "    mov    r10, r6\n"
    "    mov    r11, r7\n"
    "    add    r2, r1, r2, lsl #5\n"
    "1:\n"
    "    .rept  4\n"
    "    ldrd   r12, lr, [r1], #8\n"
    "    ldrsb  r3, [r0], #1\n"
    "    mla    r4, r3, r12, r4\n"
    "    mla    r8, r3, lr, r8\n"
    "    ldrsb  r3, [r0], #1\n"
    "    mla    r5, r3, r12, r5\n"
    "    mla    r9, r3, lr, r9\n"
    "    ldrsb  r3, [r0], #1\n"
    "    mla    r6, r3, r12, r6\n"
    "    mla    r10, r3, lr, r10\n"
    "    ldrsb  r3, [r0], #1\n"
    "    mla    r7, r3, r12, r7\n"
    "    mla    r11, r3, lr, r11\n"
    "    .endr\n"
    "    cmp    r1, r2\n"
    "    bne    1b\n"
    "    pop    {r3}\n"
    "    stmia  r3, {r4-r11}\n"
    "    pop    {r4-r11, pc}\n"
    "    .size  tinycc_dot_s8_thumb2_two, . - tinycc_dot_s8_thumb2_two\n"
    "    .popsection\n");

/* One input of one pixel; a macro, as compilers do not unroll loops at -O2. */
#define TINYCC_DOT_S8_THUMB2_ONE(i)                                                                \
    a0 += w[4 * (i)] * x[i], a1 += w[4 * (i) + 1] * x[i], a2 += w[4 * (i) + 2] * x[i],             \
        a3 += w[4 * (i) + 3] * x[i]

/* Four channels of one pixel. */
static const int32_t *tinycc_dot_s8_thumb2_one(const int32_t *packed, const int32_t *x,
                                               int32_t quads, int32_t *sums)
{
    int32_t a0 = packed[0], a1 = packed[1], a2 = packed[2], a3 = packed[3];
    const int8_t *w = (const int8_t *)(packed + 4);
    const int32_t *const end = x + 4 * quads;
    do {
        TINYCC_DOT_S8_THUMB2_ONE(0);
        TINYCC_DOT_S8_THUMB2_ONE(1);
        TINYCC_DOT_S8_THUMB2_ONE(2);
        TINYCC_DOT_S8_THUMB2_ONE(3);
        w += 16;
        x += 4;
    } while (x < end);
    sums[0] = a0, sums[1] = a1, sums[2] = a2, sums[3] = a3;
    return packed + 4 + 4 * quads;
}

void tinycc_dot_s8_thumb2(const tinycc_dot_s8_dsp_params *p, const int32_t *packed,
                          const int32_t *strip, int8_t *y, int32_t pixels)
{
    for (int32_t c = 0; c < p->channels; c += 4) {
        const int32_t left = p->channels - c, count = left < 4 ? left : 4;
        int32_t sums[8];
        packed = pixels == 2 ? tinycc_dot_s8_thumb2_two(packed, strip, p->quads, sums)
                             : tinycc_dot_s8_thumb2_one(packed, strip, p->quads, sums);
        tinycc_dot_s8_thumb2_store(p, sums, packed, y + c, count);
        if (pixels == 2) {
            tinycc_dot_s8_thumb2_store(p, sums + 4, packed, y + c + p->channels, count);
        }
        packed += p->fraction ? 8 : 4;
    }
    tinycc_clamp_s8(y, pixels * p->channels, p->low, p->high);
}

int32_t *tinycc_widen_s8_thumb2(int32_t *to, const int8_t *x, int32_t count, int32_t pixels)
{
    for (; count >= 4; count -= 4) {
        to[0] = x[0];
        to[pixels] = x[1];
        to[2 * pixels] = x[2];
        to[3 * pixels] = x[3];
        to += 4 * pixels;
        x += 4;
    }
    for (; count > 0; count--) {
        *to = *x++;
        to += pixels;
    }
    return to;
}

#endif
