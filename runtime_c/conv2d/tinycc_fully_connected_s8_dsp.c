#include "tinycc_conv2d.h"

#if defined(__ARM_FEATURE_DSP)

#include <string.h>

/* Values 0 and 2 of four bytes as a pair of int16, and values 1 and 3. */
static inline uint32_t tinycc_fully_connected_s8_dsp_even(uint32_t four)
{
    uint32_t pair;
    __asm__("sxtb16 %0, %1" : "=r"(pair) : "r"(four));
    return pair;
}

static inline uint32_t tinycc_fully_connected_s8_dsp_odd(uint32_t four)
{
    uint32_t pair;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(four));
    return pair;
}

static inline int32_t tinycc_fully_connected_s8_dsp_add(const int8_t *weights, uint32_t even,
                                                        uint32_t odd, int32_t sum)
{
    uint32_t four;
    memcpy(&four, weights, sizeof four); /* one unaligned load */
    __asm__("smlad %0, %1, %2, %0"
            : "+r"(sum)
            : "r"(tinycc_fully_connected_s8_dsp_even(four)), "r"(even));
    __asm__("smlad %0, %1, %2, %0"
            : "+r"(sum)
            : "r"(tinycc_fully_connected_s8_dsp_odd(four)), "r"(odd));
    return sum;
}

/* Sums of four channels whose weights lie `inputs` bytes apart; `count` of them exist. */
static void tinycc_fully_connected_s8_dsp_dots(const int8_t *weights, const int8_t *x,
                                               int32_t inputs, int32_t count, int32_t *sums)
{
    const int8_t *w0 = weights, *w1 = count > 1 ? w0 + inputs : w0;
    const int8_t *w2 = count > 2 ? w1 + inputs : w0, *w3 = count > 3 ? w2 + inputs : w0;
    const int32_t whole = inputs & ~3;
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (int32_t i = 0; i < whole; i += 4) {
        uint32_t four, even, odd;
        memcpy(&four, x + i, sizeof four);
        even = tinycc_fully_connected_s8_dsp_even(four);
        odd = tinycc_fully_connected_s8_dsp_odd(four);
        s0 = tinycc_fully_connected_s8_dsp_add(w0 + i, even, odd, s0);
        s1 = tinycc_fully_connected_s8_dsp_add(w1 + i, even, odd, s1);
        s2 = tinycc_fully_connected_s8_dsp_add(w2 + i, even, odd, s2);
        s3 = tinycc_fully_connected_s8_dsp_add(w3 + i, even, odd, s3);
    }
    for (int32_t i = whole; i < inputs; i++) {
        s0 += w0[i] * x[i];
        s1 += w1[i] * x[i];
        s2 += w2[i] * x[i];
        s3 += w3[i] * x[i];
    }
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
}

void tinycc_fully_connected_s8_dsp(const void *params, const void *const *in, void *out, int32_t n,
                                   void *scratch)
{
    const tinycc_conv1x1_s8_params *p = params;
    const int8_t *x = in[0];
    int8_t *y = out;
    (void)scratch;
    for (int32_t vector = 0; vector < n; vector++, x += p->in_channels) {
        for (int32_t channel = 0; channel < p->out_channels; channel += 4) {
            const int32_t left = p->out_channels - channel, count = left < 4 ? left : 4;
            int32_t sums[4];
            tinycc_fully_connected_s8_dsp_dots(p->weights + channel * p->in_channels, x,
                                               p->in_channels, count, sums);
            for (int32_t i = 0; i < count; i++) {
                const int32_t c = channel + i;
                const int32_t acc = sums[i] * ((int32_t)1 << p->fraction) + p->bias[c];
                *y++ = tinycc_requantize(acc, p->multiplier[c], p->shift, p->out_zero, p->low,
                                         p->high);
            }
        }
    }
}

#endif
