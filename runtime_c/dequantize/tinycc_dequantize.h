/* int8 to float32: (x - zero) * scale, one rounding. RUN over elements, no scratch. The floats may
 * lie at any byte. No overlap.
 */
#ifndef TINYCC_DEQUANTIZE_H
#define TINYCC_DEQUANTIZE_H

#include "tinycc_runtime.h"

typedef struct {
    float scale;
    int32_t zero; /* -128 .. 127 */
} tinycc_dequantize_s8_f32_params;

tinycc_kernel tinycc_dequantize_s8_f32;

#endif
