/* Convolution kernels, int8, NHWC.
 *
 *   acc[c] = ((sum over the window of weights[c] * x) << fraction) + bias[c]
 *   y      = tinycc_requantize(acc[c], multiplier[c], shift, out_zero, low, high)
 *
 * bias already holds -in_zero * sum(weights[c]); padding counts as x = in_zero. No partial sum
 * leaves int32 (proved per channel by the compiler), also when it starts at the bias (fraction 0).
 * Output must not overlap input or scratch.
 */
#ifndef TINYCC_CONV2D_H
#define TINYCC_CONV2D_H

#include "tinycc_runtime.h"

typedef struct {
    int32_t in_width, in_channels;
    int32_t out_width, out_channels;
    int32_t groups;                    /* divides both channel counts */
    int32_t kernel_height, kernel_width;
    int32_t stride, pad_left;          /* along the row */
    int32_t dilation_height, dilation_width;
    int32_t in_zero, out_zero;         /* -128 .. 127 */
    int32_t low, high;                 /* bounds of y */
    int32_t shift;                     /* 0 .. 31 */
    int32_t fraction;                  /* 0 .. 10; 0 where shift is not */
    const int8_t *weights;             /* [out_channels][kernel_height][kernel_width][in / groups] */
    const int32_t *bias, *multiplier;  /* [out_channels] */
} tinycc_conv2d_s8_params;

/* ROWS, any shape. Scratch: kernel_height * kernel_width * in_channels / groups bytes. */
tinycc_kernel tinycc_conv2d_s8;

/* ROWS, groups == in_channels. No scratch. */
tinycc_kernel tinycc_dwconv2d_s8;

/* Dot products over vectors of channels: 1x1 windows and fully connected layers. */
typedef struct {
    int32_t in_channels, out_channels;
    int32_t out_zero, low, high, shift, fraction; /* as above */
    const int8_t *weights;              /* [out_channels][in_channels] */
    const int32_t *bias, *multiplier;   /* [out_channels] */
} tinycc_conv1x1_s8_params;

/* RUN over pixels: 1x1 window, stride 1, no padding, one group. No scratch. */
tinycc_kernel tinycc_conv1x1_s8;

#endif
