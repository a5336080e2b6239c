/* Dot products for RV32IM: 2 pixels x 8 channels at a time, so that 10 loads serve 16
 * multiplications. Of 31 registers that takes 16 sums, 5 pointers, 4 values.
 *
 * Packed weights, per four output channels (zeros for those behind the last one), all int32 but the
 * weights:
 *   start[4]                              bias >> fraction
 *   4 weights for each input              of the four channels, int8; inputs rounded up to fours
 *   rest[4]                               bias & (2**fraction - 1); only where fraction > 0
 *   multiplier[4]
 *
 *   acc = ((start + sum of products) << fraction) + rest
 *   y   = floor(acc * multiplier / 2**33 + zero + 1/2), clamped to [low, high]
 */
#ifndef TINYCC_DOT_S8_RV32_H
#define TINYCC_DOT_S8_RV32_H

#include "tinycc_conv2d.h"

/* Inner loops are functions of their own, so that they have all registers. */
#define TINYCC_ALONE_RV32 static __attribute__((noinline))
#define TINYCC_WITHIN_RV32 static inline __attribute__((always_inline))

/* sum += w * x. "memory" keeps the loads of later weights from being moved up: gcc would load them
 * all at once, and the sums would no longer stay in registers. */
#define TINYCC_PRODUCT_RV32(sum, w, x)                                                      \
    do {                                                                                           \
        int32_t product;                                                                           \
        __asm__ volatile("mul %1, %2, %3\n\tadd %0, %0, %1"                                        \
                         : "+r"(sum), "=&r"(product)                                               \
                         : "r"((int32_t)(w)), "r"((int32_t)(x))                                    \
                         : "memory");                                                              \
    } while (0)

/* int32_t, as a store takes the low byte and a cast would be two instructions. */
static inline int32_t tinycc_requantize_rv32(int32_t acc, int32_t multiplier, int32_t constant,
                                             int32_t low, int32_t high)
{
    int32_t y = ((int32_t)(((int64_t)acc * multiplier) >> 32) + constant) >> 1;
    y = y < low ? low : y;
    return y > high ? high : y;
}

/* Finishes and stores the first `count` (1 to 4) of four channels of a pixel; `behind` is what is
 * packed behind their weights. */
static inline void tinycc_store_s8_rv32(const tinycc_dot_s8_dsp_params *p, const int32_t *behind,
                                        const int32_t *sums, int8_t *y, int32_t count)
{
    const int32_t constant = p->constant, low = p->low, high = p->high; /* y may alias them */
    int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
    if (p->fraction) {
        const int32_t scale = (int32_t)1 << p->fraction;
        s0 = s0 * scale + behind[0], s1 = s1 * scale + behind[1];
        s2 = s2 * scale + behind[2], s3 = s3 * scale + behind[3];
        behind += 4;
    }
    y[0] = (int8_t)tinycc_requantize_rv32(s0, behind[0], constant, low, high);
    if (count > 1) {
        y[1] = (int8_t)tinycc_requantize_rv32(s1, behind[1], constant, low, high);
    }
    if (count > 2) {
        y[2] = (int8_t)tinycc_requantize_rv32(s2, behind[2], constant, low, high);
    }
    if (count > 3) {
        y[3] = (int8_t)tinycc_requantize_rv32(s3, behind[3], constant, low, high);
    }
}

/* All outputs of `pixels` neighbouring pixels, whose `inputs` lie `pitch` bytes apart. */
void tinycc_dot_s8_rv32(const tinycc_dot_s8_dsp_params *p, const int32_t *packed, const int8_t *x,
                        int32_t inputs, int32_t pitch, int8_t *y, int32_t pixels);

#endif
