#include "tinycc_dot_s8_rv32.h"

#if defined(__riscv)

#define TINYCC_DOT_S8_RV32_WEIGHT(n, weight)                                                       \
    do {                                                                                           \
        const int32_t w = weight;                                                                  \
        TINYCC_PRODUCT_RV32(a##n, w, a);                                                    \
        if (two_pixels) {                                                                          \
            TINYCC_PRODUCT_RV32(b##n, w, b);                                                \
        }                                                                                          \
    } while (0)

#define TINYCC_DOT_S8_RV32_INPUT(i)                                                                \
    do {                                                                                           \
        const int32_t a = xa[i], b = two_pixels ? xb[i] : 0;                                       \
        TINYCC_DOT_S8_RV32_WEIGHT(0, wa[4 * (i)]);                                                 \
        TINYCC_DOT_S8_RV32_WEIGHT(1, wa[4 * (i) + 1]);                                             \
        TINYCC_DOT_S8_RV32_WEIGHT(2, wa[4 * (i) + 2]);                                             \
        TINYCC_DOT_S8_RV32_WEIGHT(3, wa[4 * (i) + 3]);                                             \
        if (two_groups) {                                                                          \
            TINYCC_DOT_S8_RV32_WEIGHT(4, wb[4 * (i)]);                                             \
            TINYCC_DOT_S8_RV32_WEIGHT(5, wb[4 * (i) + 1]);                                         \
            TINYCC_DOT_S8_RV32_WEIGHT(6, wb[4 * (i) + 2]);                                         \
            TINYCC_DOT_S8_RV32_WEIGHT(7, wb[4 * (i) + 3]);                                         \
        }                                                                                          \
    } while (0)

/* Sums of one or two groups of four channels of a pixel, into sums[0..7], and of the next pixel,
 * into sums[8..15]. A function for each of the four cases: inlined, with the last two constant. */
TINYCC_WITHIN_RV32 void tinycc_dot_s8_rv32_block(
    const int32_t *packed, int32_t words, const int8_t *xa, int32_t inputs, int32_t pitch,
    int32_t *sums, int two_pixels, int two_groups)
{
    const int32_t *const second = two_groups ? packed + words : packed;
    const int8_t *wa = (const int8_t *)(packed + 4), *wb = (const int8_t *)(second + 4);
    const int8_t *xb = xa + pitch;
    const int8_t *const fours = xa + (inputs & ~3), *const end = xa + inputs;
    int32_t a0 = packed[0], a1 = packed[1], a2 = packed[2], a3 = packed[3];
    int32_t a4 = second[0], a5 = second[1], a6 = second[2], a7 = second[3];
    int32_t b0 = a0, b1 = a1, b2 = a2, b3 = a3, b4 = a4, b5 = a5, b6 = a6, b7 = a7;
    while (xa < fours) {
        TINYCC_DOT_S8_RV32_INPUT(0);
        TINYCC_DOT_S8_RV32_INPUT(1);
        TINYCC_DOT_S8_RV32_INPUT(2);
        TINYCC_DOT_S8_RV32_INPUT(3);
        xa += 4, xb += 4, wa += 16, wb += 16;
    }
    while (xa < end) {
        TINYCC_DOT_S8_RV32_INPUT(0);
        xa++, xb++, wa += 4, wb += 4;
    }
    sums[0] = a0, sums[1] = a1, sums[2] = a2, sums[3] = a3;
    if (two_groups) {
        sums[4] = a4, sums[5] = a5, sums[6] = a6, sums[7] = a7;
    }
    if (two_pixels) {
        sums[8] = b0, sums[9] = b1, sums[10] = b2, sums[11] = b3;
    }
    if (two_pixels && two_groups) {
        sums[12] = b4, sums[13] = b5, sums[14] = b6, sums[15] = b7;
    }
}

TINYCC_ALONE_RV32 void tinycc_dot_s8_rv32_1x4(const int32_t *packed, int32_t words,
                                               const int8_t *x, int32_t inputs, int32_t pitch,
                                               int32_t *sums)
{
    tinycc_dot_s8_rv32_block(packed, words, x, inputs, pitch, sums, 0, 0);
}

TINYCC_ALONE_RV32 void tinycc_dot_s8_rv32_1x8(const int32_t *packed, int32_t words,
                                               const int8_t *x, int32_t inputs, int32_t pitch,
                                               int32_t *sums)
{
    tinycc_dot_s8_rv32_block(packed, words, x, inputs, pitch, sums, 0, 1);
}

TINYCC_ALONE_RV32 void tinycc_dot_s8_rv32_2x4(const int32_t *packed, int32_t words,
                                               const int8_t *x, int32_t inputs, int32_t pitch,
                                               int32_t *sums)
{
    tinycc_dot_s8_rv32_block(packed, words, x, inputs, pitch, sums, 1, 0);
}

TINYCC_ALONE_RV32 void tinycc_dot_s8_rv32_2x8(const int32_t *packed, int32_t words,
                                               const int8_t *x, int32_t inputs, int32_t pitch,
                                               int32_t *sums)
{
    tinycc_dot_s8_rv32_block(packed, words, x, inputs, pitch, sums, 1, 1);
}

/* Two pixels, or one. */
static void tinycc_dot_s8_rv32_pixels(const tinycc_dot_s8_dsp_params *p, const int32_t *packed,
                                      const int8_t *x, int32_t inputs, int32_t pitch, int8_t *y,
                                      int two)
{
    const int32_t words = 4 * p->quads + (p->fraction ? 12 : 8);
    for (int32_t channel = 0; channel < p->channels; channel += 8) {
        const int32_t left = p->channels - channel;
        int32_t sums[16];
        if (two && left > 4) {
            tinycc_dot_s8_rv32_2x8(packed, words, x, inputs, pitch, sums);
        } else if (two) {
            tinycc_dot_s8_rv32_2x4(packed, words, x, inputs, pitch, sums);
        } else if (left > 4) {
            tinycc_dot_s8_rv32_1x8(packed, words, x, inputs, pitch, sums);
        } else {
            tinycc_dot_s8_rv32_1x4(packed, words, x, inputs, pitch, sums);
        }
        for (int32_t group = 0; group < 8 && group < left; group += 4) {
            const int32_t *const behind = packed + 4 + 4 * p->quads;
            int8_t *const to = y + channel + group;
            tinycc_store_s8_rv32(p, behind, sums + group, to, left - group);
            if (two) {
                tinycc_store_s8_rv32(p, behind, sums + 8 + group, to + p->channels, left - group);
            }
            packed += words;
        }
    }
}

void tinycc_dot_s8_rv32(const tinycc_dot_s8_dsp_params *p, const int32_t *packed, const int8_t *x,
                        int32_t inputs, int32_t pitch, int8_t *y, int32_t pixels)
{
    for (; pixels >= 2; pixels -= 2) {
        tinycc_dot_s8_rv32_pixels(p, packed, x, inputs, pitch, y, 1);
        x += 2 * pitch;
        y += 2 * p->channels;
    }
    if (pixels > 0) {
        tinycc_dot_s8_rv32_pixels(p, packed, x, inputs, pitch, y, 0);
    }
}

#endif
