/* float32 to int8: x / scale, rounded half to even, plus zero, saturated; NaN becomes zero.
 * RUN over elements, no scratch. The floats may lie at any byte. No overlap.
 * Needs IEEE division and comparisons (hardware or soft-float), no libm, no -ffast-math.
 */
#ifndef TINYCC_QUANTIZE_H
#define TINYCC_QUANTIZE_H

#include "tinycc_runtime.h"

typedef struct {
    float scale;  /* > 0 */
    int32_t zero; /* -128 .. 127 */
} tinycc_quantize_f32_s8_params;

tinycc_kernel tinycc_quantize_f32_s8;

#endif
