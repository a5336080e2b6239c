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
    const int8_t *weights;             /* [out_channels][kernel_height][kernel_width][in/groups] */
    const int32_t *bias, *multiplier;  /* [out_channels] */
} tinycc_conv2d_s8_params;

/* ROWS, any shape. Scratch: kernel_height * kernel_width * in_channels / groups bytes. */
tinycc_kernel tinycc_conv2d_s8;

/* MVE, groups == 1, packed as above. Scratch: the windows, rounded up to 16 bytes, of 2 to 32
 * output pixels (1024 bytes, or two windows). */
tinycc_kernel tinycc_conv2d_s8_mve;
tinycc_kernel tinycc_conv2d_odd_s8_mve;

/* ROWS, groups == in_channels. No scratch. */
tinycc_kernel tinycc_dwconv2d_s8;

/* MVE, groups == in_channels, stride 1 or 2, windows of up to that many rows and columns; dilated
 * columns in 4x4 only. Packed as tinycc_dwconv_mve.h says. Scratch: 4 bytes more than the planes
 * of a strip of 16 (4x4) or 8 output pixels, see there. */
tinycc_kernel tinycc_dwconv4x4_s8_mve;
tinycc_kernel tinycc_dwconv8x6_s8_mve;
tinycc_kernel tinycc_dwconv8x8_s8_mve;

/* Dot products over vectors of channels: 1x1 windows and fully connected layers. */
typedef struct {
    int32_t in_channels, out_channels;
    int32_t out_zero, low, high, shift, fraction; /* as above */
    const int8_t *weights;              /* [out_channels][in_channels] */
    const int32_t *bias, *multiplier;   /* [out_channels] */
} tinycc_conv1x1_s8_params;

/* RUN over pixels: 1x1 window, stride 1, no padding, one group. No scratch. */
tinycc_kernel tinycc_conv1x1_s8;

/* MVE: weights and bias (with the multipliers) are packed as tinycc_tile_mve.h says. `odd`: for any
 * number of output channels, the others for multiples of 4. The output may lie below the input that
 * dies (design: Overlap). */
tinycc_kernel tinycc_conv1x1_s8_mve;
tinycc_kernel tinycc_conv1x1_odd_s8_mve;
tinycc_kernel tinycc_fully_connected_s8_mve; /* one vector at a time */

/* Kernels for cores with the DSP extension (tinycc_dot_s8_dsp.h). A shift is folded into the
 * fraction. Scratch is aligned to 4 bytes. */
typedef struct {
    int32_t quads;     /* inputs of an output in fours, rounded up */
    int32_t channels;  /* outputs of a pixel */
    int32_t constant;  /* 2 * out_zero + 1 */
    int32_t fraction;  /* 0 .. 31 */
    int32_t low, high; /* bounds of y, low <= high */
    int32_t pixels;    /* at once: 4, 2 or 1 */
} tinycc_dot_s8_dsp_params;

typedef struct {
    int32_t in_channels;
    tinycc_dot_s8_dsp_params dot;
    const int32_t *packed;
} tinycc_conv1x1_s8_dsp_params;

/* As tinycc_conv1x1_s8. Scratch: 8 * dot.quads bytes for each of dot.pixels, and 4 * dot.quads
 * where in_channels is no multiple of 4. */
tinycc_kernel tinycc_conv1x1_s8_dsp;
tinycc_kernel tinycc_conv1x1_s8_w16_dsp; /* tinycc_dot_s8_w16_dsp.h; dot.pixels 4 or 1 */

/* The same for 4 or more in_channels, one vector at a time, packed as tinycc_vectors_dsp.h says. No
 * scratch. */
tinycc_kernel tinycc_vectors_s8_dsp;
tinycc_kernel tinycc_vectors_any_s8_dsp;

typedef struct {
    int32_t in_width, in_channels, out_width;
    int32_t kernel_height, kernel_width;
    int32_t stride, pad_left; /* along the row */
    int32_t dilation_height, dilation_width;
    int32_t in_zero;
    tinycc_dot_s8_dsp_params dot;
    const int32_t *packed;
} tinycc_conv2d_s8_dsp_params;

/* As tinycc_conv2d_s8 with one group. Scratch: 8 * dot.quads bytes for each of dot.pixels, then
 * in_channels bytes where these are a multiple of 4, else 4 * dot.quads + 4 for each pixel. */
tinycc_kernel tinycc_conv2d_s8_dsp;

/* The same where in_channels is a multiple of 4, one pixel at a time from the rows it lies in, packed
 * as tinycc_vectors_dsp.h says. Scratch: 12 bytes for each tap of the window, then in_channels bytes. */
tinycc_kernel tinycc_conv2d_direct_s8_dsp;

/* The same for Armv7-M (tinycc_dot_s8_thumb2.h), dot.pixels 2 or 1. Scratch: 16 * dot.quads bytes
 * for each of dot.pixels. */
tinycc_kernel tinycc_conv1x1_s8_thumb2;
tinycc_kernel tinycc_conv2d_s8_thumb2;
tinycc_kernel tinycc_vectors_s8_thumb2; /* as tinycc_conv1x1_s8_thumb2, without scratch */

/* The same for Armv6-M (tinycc_dot_s8_thumb.h), one pixel at a time. Scratch: 32 * dot.quads bytes;
 * for windows in_channels more, and 4 * dot.quads where these are odd. */
tinycc_kernel tinycc_conv1x1_s8_thumb;
tinycc_kernel tinycc_conv2d_s8_thumb;

/* The same for RV32IM (tinycc_dot_s8_rv32.h), dot.pixels 2 or 1. Vectors need no scratch, windows
 * 4 * dot.quads bytes for each of dot.pixels. */
tinycc_kernel tinycc_conv1x1_s8_rv32;
tinycc_kernel tinycc_conv2d_s8_rv32;

/* As tinycc_dwconv2d_s8 for one output per input channel, 4 or more, with those parameters: packed
 * as dot products are, taps for inputs, and the last four channels end with the last one. Scratch,
 * aligned to 4 bytes: 16 bytes per tap of the window and in_channels bytes. */
tinycc_kernel tinycc_dwconv2d_s8_rv32;

/* The same for x86-64 with AVX2 or AVX-512 VNNI (tinycc_dot_s8_x86.h). Scratch: 4 * dot.quads bytes
 * for each of dot.pixels. */
tinycc_kernel tinycc_conv1x1_s8_x86;

typedef struct {
    int32_t in_width, in_channels, out_width;
    int32_t kernel_height, kernel_width;
    int32_t stride, pad_left; /* along the row */
    int32_t dilation_height, dilation_width;
    int32_t in_zero;
    int32_t stride_height;
    tinycc_dot_s8_dsp_params dot;
    const int32_t *packed;
} tinycc_conv2d_s8_x86_params;

/* As tinycc_conv2d_s8 with one group; n rows in one go. With
 *   columns = (out_width - 1) * stride + (kernel_width - 1) * dilation_width + 1
 * scratch is in_channels * columns bytes for each input row and 4 bytes. */
tinycc_kernel tinycc_conv2d_s8_x86;

/* As tinycc_dwconv2d_s8 for one output per input channel, packed as dot products are, with the
 * columns of the window one after another, each in words of 4 rows. Scratch: 64 bytes for each
 * word of each of those columns, and 16 bytes. */
tinycc_kernel tinycc_dwconv2d_s8_x86;

typedef struct {
    int32_t in_width, in_channels;
    int32_t out_width, out_channels;
    int32_t kernel_height, kernel_width; /* width 1 .. 7 */
    int32_t stride, stride_height;       /* stride 1 or 2 */
    int32_t pad_left, in_zero, out_zero;
    int32_t low, high;                   /* bounds of y, low <= high */
    int32_t doubled;                     /* 0 .. 2 */
    int32_t words;                       /* of `packed` per output channel */
    const int32_t *packed;               /* as tinycc_dw_s8_dsp.h says */
} tinycc_dwconv2d_s8_dsp_params;

/* As tinycc_dwconv2d_s8, for 4 or more input channels and no dilation; n rows in one go. With
 *   pairs = kernel_width / 2 + 1 for stride 1, (kernel_width + 1) / 2 for stride 2, at least 2
 *   pitch = the larger of (pad_left + in_width + 1) / 2 and
 *           2 * stride * ((out_width + 3) / 4 - 1) + pairs + (stride 1: 1; stride 2: 3)
 * scratch is 4 * kernel_height * (4 * pitch + 1) bytes. */
tinycc_kernel tinycc_dwconv2d_s8_dsp;
tinycc_kernel tinycc_dwconv3x3_s8_dsp; /* 3x3 only */

/* The same for 3x3, stride 1, as many outputs as inputs, doubled 0: for narrow images. With
 *   pad = the larger padding of left and right, pitch = in_width + pad, rounded up to even
 * scratch is 8 * ((n + 2) * pitch + 8) + 4 * n * pitch bytes. */
tinycc_kernel tinycc_dwconv3x3_flat_s8_dsp;

/* The same for 3x3, stride 1, as many outputs as inputs, doubled 0, one row per call, packed as the
 * source says. Scratch: 24 * (out_width + 2) bytes. */
tinycc_kernel tinycc_dwconv3x3_columns_s8_dsp;

/* The same for an even number of channels, one output channel for each, two at a time and one row
 * per call: half the scratch, 4 * kernel_height * (2 * pitch + 1) bytes. */
tinycc_kernel tinycc_dwconv2d_thin_s8_dsp;

/* Depthwise for Arm cores without SIMD instructions (tinycc_dw_s8_thumb.h). */
typedef struct {
    int32_t in_width, in_channels;
    int32_t out_width, out_channels;
    int32_t kernel_height, kernel_width;
    int32_t stride, stride_height;
    int32_t pad_left;
    int32_t dilation_height, dilation_width;
    int32_t in_zero, out_zero;
    int32_t low, high;
    int32_t fraction;                  /* 0 .. 31 */
    int32_t times;                     /* outputs per input channel */
    int32_t slots;                     /* input rows that an output row reaches over */
    int32_t pitch;                     /* words of an expanded row */
    const int8_t *weights;             /* [out_channels][kernel_height][kernel_width] */
    const int32_t *bias, *multiplier;  /* [out_channels] */
} tinycc_dwconv2d_s8_thumb_params;

/* As tinycc_dwconv2d_s8, n rows in one go. With `reach` the columns under the windows of out_width
 * output pixels, rounded up to a multiple of 2, from the leftmost padding on,
 *   pitch = the larger of pad_left + in_width and reach
 * Scratch, aligned to 4 bytes:
 *   4 * (slots * pitch + kernel_height * (1 + kernel_width) + 2) bytes. */
tinycc_kernel tinycc_dwconv2d_s8_thumb;
tinycc_kernel tinycc_dwconv3x3_s8_thumb;  /* 3x3, stride 1 or 2, not dilated along the row */

/* Depthwise 3x3 for Armv7-M, one output per input channel, not dilated. */
typedef struct {
    int32_t in_width, channels, out_width;
    int32_t stride, pad_left; /* along the row; stride 1 or 2 */
    int32_t in_zero, constant; /* 2 * out_zero + 1 */
    int32_t fraction;          /* 0 .. 31 */
    int32_t low, high;         /* bounds of y */
    const int32_t *packed;     /* as tinycc_dwconv3x3_s8_thumb2.c says */
} tinycc_dwconv3x3_s8_thumb2_params;

/* As tinycc_dwconv2d_s8. Scratch: 3 * (3 + stride) bytes for each channel, at most for 64. */
tinycc_kernel tinycc_dwconv3x3_s8_thumb2;

#endif
