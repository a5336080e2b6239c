/* hostile: a neural network as C, made by tinycc 0.1.0.
 * Model m.onnx (SHA-256 b8a3be149c69b0ff), target cortex-m4.
 *
 * Arena: 224 bytes, fullest at step 1; at least 224 are live there.
 *
 *   bytes               steps      tensors
 *          0 .. 32        0 - 0    x with 'quotes', a<U+000A>newline, *<U+002F> and /<U+002A>, <U+005C> and ?<U+003F>/ and <U+00FC>ml<U+00E4>ut <U+6570>
 *        192 .. 224       0 - 1    conv12.transpose.quantized
 *        160 .. 208       1 - 2    "; int x[-1]; //
 *          0 .. 160       1 - 1    "; int x[-1]; //.scratch
 *          0 .. 27        2 - 3    maxpool18.max_pool2d.quantized
 *         28 .. 55        3 - 3    *<U+002F> #error broken<U+000D><U+000A>/<U+002A>
 */
#include "hostile.h"

#include <stddef.h>

#include "tinycc_conv2d.h"
#include "tinycc_dot_s8_thumb2.h"
#include "tinycc_max_pool2d.h"
#include "tinycc_runtime.h"
#include "tinycc_transpose.h"

#include "hostile_data.h"

/* Fails to compile when this file meets the runtime of another tinycc. */
typedef char hostile_runtime_matches[TINYCC_RUNTIME_ABI == 4 ? 1 : -1];

#ifdef TINYCC_PROFILE
const char *const hostile_step_names[HOSTILE_STEPS + 1] = {
    "tinycc_transpose_s8 \"; int x[-1]; //",
    "tinycc_conv2d_s8_thumb2 \"; int x[-1]; //, /QuantizeLinear_4",
    "tinycc_max_pool2d_s8 x with 'quotes', a<U+000A>newline, *<U+002F> and /<U+002A>, <U+005C> and ?<U+003F>/ and <U+00FC>ml<U+00E4>ut <U+6570>",
    "tinycc_transpose_s8",
    "none",
};
#endif

/* Step 0 */
static const tinycc_transpose_s8_params transpose_0 = {
    .rank = 2,
    .offset = 0,
    .extents = transpose_0_extents,
    .strides = transpose_0_strides,
};

/* Step 1 */
static const tinycc_conv2d_s8_dsp_params conv2d_1 = {
    .in_width = 4,
    .in_channels = 2,
    .out_width = 4,
    .kernel_height = 3,
    .kernel_width = 3,
    .stride = 1,
    .pad_left = 1,
    .dilation_height = 1,
    .dilation_width = 1,
    .in_zero = 0, /* value of padding */
    .dot.quads = 5,
    .dot.channels = 3,
    .dot.constant = 5,
    .dot.fraction = 0,
    .dot.low = -128,
    .dot.high = 127,
    .dot.pixels = 2, /* at once */
    .packed = (const int32_t *)conv2d_1_packed,
};
static const tinycc_rows conv2d_1_rows = {
    .in_rows = 4,
    .in_row_bytes = 8,
    .out_rows = 4,
    .out_row_bytes = 12,
    .window = 3,
    .stride = 1,
    .pad = 1,
    .first = NULL,
};

/* Step 2 */
static const tinycc_max_pool2d_s8_params max_pool2d_2 = {
    .in_width = 4,
    .out_width = 3,
    .channels = 3,
    .kernel_height = 2,
    .kernel_width = 2,
    .stride = 1,
    .pad_left = 0,
    .dilation_height = 1,
    .dilation_width = 1,
};
static const tinycc_rows max_pool2d_2_rows = {
    .in_rows = 4,
    .in_row_bytes = 12,
    .out_rows = 3,
    .out_row_bytes = 9,
    .window = 2,
    .stride = 1,
    .pad = 0,
    .first = NULL,
};

/* Step 3 */
static const tinycc_transpose_s8_params transpose_3 = {
    .rank = 2,
    .offset = 0,
    .extents = transpose_3_extents,
    .strides = transpose_3_strides,
};

/* Runs `slices` slices from where the network stands, or all that it can. */
static int hostile_advance(hostile_t *net, int32_t slices)
{
    uint8_t *const arena = net->arena;
    void *const and_ml_ut = arena + 0;
    void *const conv12_transpose_quantized = arena + 192;
    void *const t = arena + 160;
    void *const scratch = arena + 0;
    void *const maxpool18_max_pool2d_quantized = arena + 0;
    void *const t_2 = arena + 28;
    const void *rows[3];
    int status = HOSTILE_MORE;
    tinycc_progress progress = {slices, net->turns};

    switch (net->at) {
    case 0:
        net->at = 0;
        /* 0: "; int x[-1]; //: 1x2x4x4 -> 1x4x4x2 */
        if (progress.slices == 0) {
            break;
        }
        progress.slices--;
        TINYCC_STEP(0);
        tinycc_transpose_s8(&transpose_0, (const void *const[]){and_ml_ut}, conv12_transpose_quantized, 1, NULL);
        /* fall through */
    case 1:
        net->at = 1;
        /* 1: "; int x[-1]; //, /QuantizeLinear_4: 1x4x4x2 -> 1x4x4x3, 864 MACs */
        TINYCC_STEP(1);
        if (!tinycc_each_row(tinycc_conv2d_s8_thumb2, &conv2d_1, &conv2d_1_rows, conv12_transpose_quantized, t, rows, scratch, &progress)) {
            break;
        }
        /* fall through */
    case 2:
        net->at = 2;
        /* 2: x with 'quotes', a<U+000A>newline, *<U+002F> and /<U+002A>, <U+005C> and ?<U+003F>/ and <U+00FC>ml<U+00E4>ut <U+6570>: 1x4x4x3 -> 1x3x3x3 */
        TINYCC_STEP(2);
        if (!tinycc_each_row(tinycc_max_pool2d_s8, &max_pool2d_2, &max_pool2d_2_rows, t, maxpool18_max_pool2d_quantized, rows, NULL, &progress)) {
            break;
        }
        /* fall through */
    case 3:
        net->at = 3;
        /* 3: /QuantizeLinear_7.moved: 1x3x3x3 -> 1x3x3x3 */
        if (progress.slices == 0) {
            break;
        }
        progress.slices--;
        TINYCC_STEP(3);
        tinycc_transpose_s8(&transpose_3, (const void *const[]){maxpool18_max_pool2d_quantized}, t_2, 1, NULL);
        /* fall through */
    default:
        net->at = 4;
        status = HOSTILE_DONE;
    }
    TINYCC_STEP(HOSTILE_STEPS);
    return status;
}

hostile_t hostile_init(void *arena)
{
    hostile_t net = {.arena = arena};
    return net;
}

int8_t *hostile_input(hostile_t *net)
{
    return (int8_t *)(void *)(net->arena + 0);
}

const int8_t *hostile_output(const hostile_t *net)
{
    return (const int8_t *)(const void *)(net->arena + 28);
}

void hostile_begin(hostile_t *net)
{
    net->at = 0;
    for (int i = 0; i < 1; i++) {
        net->turns[i] = 0;
    }
}

int hostile_step(hostile_t *net)
{
    return hostile_advance(net, 1);
}

void hostile_run(hostile_t *net)
{
    hostile_begin(net);
    (void)hostile_advance(net, INT32_MAX);
}
