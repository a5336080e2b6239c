/* Bounds of outputs that are narrower than int8, applied behind a kernel that saturates. */
#ifndef TINYCC_CLAMP_S8_DSP_H
#define TINYCC_CLAMP_S8_DSP_H

#include <string.h>

#include "tinycc_runtime.h"

/* Raises y[0 .. bytes) to low, then lowers it to high: four bytes at once, the rest one by one. */
static inline void tinycc_clamp_s8_dsp(int8_t *y, int32_t bytes, int32_t low, int32_t high)
{
    const uint32_t lows = (uint32_t)(low & 255) * 0x01010101u;
    const uint32_t highs = (uint32_t)(high & 255) * 0x01010101u;
    if (low == INT8_MIN && high == INT8_MAX) {
        return;
    }
    for (; bytes >= 4; bytes -= 4) {
        uint32_t values, difference;
        memcpy(&values, y, sizeof values);
        __asm__("ssub8 %1, %0, %2\n\tsel %0, %0, %2\n\tssub8 %1, %0, %3\n\tsel %0, %3, %0"
                : "+r"(values), "=&r"(difference)
                : "r"(lows), "r"(highs)
                : "cc");
        memcpy(y, &values, sizeof values);
        y += 4;
    }
    for (; bytes > 0; bytes--) {
        const int32_t raised = *y < low ? low : *y;
        *y++ = (int8_t)(raised > high ? high : raised);
    }
}

#endif
