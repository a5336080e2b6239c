/* Fully connected layer, int8 to float32. RUN over vectors, no scratch.
 *
 *   acc[c] = sum of weights[c] * x + bias[c]       int32; bias holds -in_zero * sum(weights[c])
 *   y[c]   = (float)acc[c] * scale[c], within low and high
 *
 * No partial sum leaves int32 (proved per channel by the compiler), also when it starts at the bias.
 */
#ifndef TINYCC_FULLY_CONNECTED_FLOAT_H
#define TINYCC_FULLY_CONNECTED_FLOAT_H

#include "tinycc_runtime.h"

typedef struct {
    int32_t in_channels, out_channels;
    float low, high;        /* bounds of y */
    const int8_t *weights;  /* [out_channels][in_channels] */
    const int32_t *bias;    /* [out_channels] */
    const float *scale;     /* [out_channels] */
} tinycc_fully_connected_s8_f32_params;

tinycc_kernel tinycc_fully_connected_s8_f32;

#endif
