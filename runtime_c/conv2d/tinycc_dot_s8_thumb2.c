#include "tinycc_dot_s8_thumb2.h"

#if defined(__thumb2__)

static inline int8_t tinycc_dot_s8_thumb2_requantize(int32_t acc, int32_t multiplier,
                                                     int32_t constant)
{
    const int32_t high = (int32_t)(((int64_t)acc * multiplier) >> 32) + constant;
    int32_t y;
    __asm__("ssat %0, #8, %1, asr #1" : "=r"(y) : "r"(high));
    return (int8_t)y;
}

/* Requantises and stores `count` channels of one pixel. */
static inline void tinycc_dot_s8_thumb2_store(const tinycc_dot_s8_dsp_params *p, int32_t *sums,
                                              const int32_t *behind, int8_t *y, int32_t count)
{
    const int32_t constant = p->constant;
    if (p->fraction) {
        for (int32_t c = 0; c < 4; c++) {
            sums[c] = sums[c] * ((int32_t)1 << p->fraction) + *behind++;
        }
    }
    y[0] = tinycc_dot_s8_thumb2_requantize(sums[0], behind[0], constant);
    if (count == 4) {
        y[1] = tinycc_dot_s8_thumb2_requantize(sums[1], behind[1], constant);
        y[2] = tinycc_dot_s8_thumb2_requantize(sums[2], behind[2], constant);
        y[3] = tinycc_dot_s8_thumb2_requantize(sums[3], behind[3], constant);
        return;
    }
    for (int32_t c = 1; c < count; c++) {
        y[c] = tinycc_dot_s8_thumb2_requantize(sums[c], behind[c], constant);
    }
}

/* One input of one pixel, or of two; macros, as compilers do not unroll loops at -O2. */
#define TINYCC_DOT_S8_THUMB2_ONE(i)                                                                \
    a0 += w[4 * (i)] * x[i], a1 += w[4 * (i) + 1] * x[i], a2 += w[4 * (i) + 2] * x[i],             \
        a3 += w[4 * (i) + 3] * x[i]
#define TINYCC_DOT_S8_THUMB2_TWO(i)                                                                \
    a0 += w[4 * (i)] * x[2 * (i)], b0 += w[4 * (i)] * x[2 * (i) + 1],                              \
        a1 += w[4 * (i) + 1] * x[2 * (i)], b1 += w[4 * (i) + 1] * x[2 * (i) + 1],                  \
        a2 += w[4 * (i) + 2] * x[2 * (i)], b2 += w[4 * (i) + 2] * x[2 * (i) + 1],                  \
        a3 += w[4 * (i) + 3] * x[2 * (i)], b3 += w[4 * (i) + 3] * x[2 * (i) + 1]

/* Four channels of two pixels: sums[0..3] of the first one, [4..7] of the second one. */
static const int32_t *tinycc_dot_s8_thumb2_two(const int32_t *packed, const int32_t *x,
                                               int32_t quads, int32_t *sums)
{
    int32_t a0 = packed[0], a1 = packed[1], a2 = packed[2], a3 = packed[3];
    int32_t b0 = a0, b1 = a1, b2 = a2, b3 = a3;
    const int8_t *w = (const int8_t *)(packed + 4);
    const int32_t *const end = x + 8 * quads;
    do {
        TINYCC_DOT_S8_THUMB2_TWO(0);
        TINYCC_DOT_S8_THUMB2_TWO(1);
        TINYCC_DOT_S8_THUMB2_TWO(2);
        TINYCC_DOT_S8_THUMB2_TWO(3);
        w += 16;
        x += 8;
    } while (x < end);
    sums[0] = a0, sums[1] = a1, sums[2] = a2, sums[3] = a3;
    sums[4] = b0, sums[5] = b1, sums[6] = b2, sums[7] = b3;
    return packed + 4 + 4 * quads;
}

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

static void tinycc_dot_s8_thumb2_clamp(const tinycc_dot_s8_dsp_params *p, int8_t *y, int32_t bytes)
{
    if (p->low == INT8_MIN && p->high == INT8_MAX) {
        return;
    }
    for (int32_t i = 0; i < bytes; i++) {
        const int32_t raised = y[i] < p->low ? p->low : y[i];
        y[i] = (int8_t)(raised > p->high ? p->high : raised);
    }
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
    tinycc_dot_s8_thumb2_clamp(p, y, pixels * p->channels);
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
