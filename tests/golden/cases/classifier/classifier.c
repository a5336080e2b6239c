/* classifier: a neural network as C, made by tinycc 0.1.0.
 * Model m.onnx (SHA-256 42adc6087f4c73c3), target cortex-m4.
 *
 * Arena: 544 bytes, fullest at step 1; at least 544 are live there.
 *
 *   bytes               steps      tensors
 *          0 .. 128       0 - 0    x
 *        160 .. 288       0 - 1    conv15.transpose.quantized
 *          0 .. 256       1 - 2    quantizelinear19
 *        288 .. 544       1 - 1    quantizelinear19.scratch
 *        256 .. 320       2 - 3    maxpool23.max_pool2d.quantized, reshape31.quantized
 *          0 .. 3         3 - 3    quantizelinear39
 */
#include "classifier.h"

#include <stddef.h>

#include "tinycc_clamp_s8_dsp.h"
#include "tinycc_conv2d.h"
#include "tinycc_dot_s8_dsp.h"
#include "tinycc_dot_s8_dsp_asm.h"
#include "tinycc_max_pool2d.h"
#include "tinycc_runtime.h"
#include "tinycc_transpose.h"
#include "tinycc_vectors_dsp.h"

#include "classifier_data.h"

/* Fails to compile when this file meets the runtime of another tinycc. */
typedef char classifier_runtime_matches[TINYCC_RUNTIME_ABI == 4 ? 1 : -1];

#ifdef TINYCC_PROFILE
const char *const classifier_step_names[CLASSIFIER_STEPS + 1] = {
    "tinycc_transpose_s8 /Conv_4",
    "tinycc_conv2d_s8_dsp /Conv_4, /Relu_5, /QuantizeLinear_6",
    "tinycc_max_pool2d_s8_dsp /MaxPool_8",
    "tinycc_vectors_s8_dsp /Gemm_13, /QuantizeLinear_14",
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
    .in_width = 8,
    .in_channels = 2,
    .out_width = 8,
    .kernel_height = 3,
    .kernel_width = 3,
    .stride = 1,
    .pad_left = 1,
    .dilation_height = 1,
    .dilation_width = 1,
    .in_zero = 10, /* value of padding */
    .dot.quads = 5,
    .dot.channels = 4,
    .dot.constant = -255,
    .dot.fraction = 0,
    .dot.low = -128,
    .dot.high = 127,
    .dot.pixels = 4, /* at once */
    .packed = (const int32_t *)conv2d_1_packed,
};
static const tinycc_rows conv2d_1_rows = {
    .in_rows = 8,
    .in_row_bytes = 16,
    .out_rows = 8,
    .out_row_bytes = 32,
    .window = 3,
    .stride = 1,
    .pad = 1,
    .first = NULL,
};

/* Step 2 */
static const tinycc_max_pool2d_s8_params max_pool2d_2 = {
    .in_width = 8,
    .out_width = 4,
    .channels = 4,
    .kernel_height = 2,
    .kernel_width = 2,
    .stride = 2,
    .pad_left = 0,
    .dilation_height = 1,
    .dilation_width = 1,
};
static const tinycc_rows max_pool2d_2_rows = {
    .in_rows = 8,
    .in_row_bytes = 32,
    .out_rows = 4,
    .out_row_bytes = 16,
    .window = 2,
    .stride = 2,
    .pad = 0,
    .first = NULL,
};

/* Step 3 */
static const tinycc_conv1x1_s8_dsp_params fully_connected_3 = {
    .in_channels = 64,
    .dot.quads = 16,
    .dot.channels = 3,
    .dot.constant = 21,
    .dot.fraction = 0,
    .dot.low = -128,
    .dot.high = 127,
    .dot.pixels = 1, /* at once */
    .packed = (const int32_t *)fully_connected_3_packed,
};

/* Runs `slices` slices from where the network stands, or all that it can. */
static int classifier_advance(classifier_t *net, int32_t slices)
{
    uint8_t *const arena = net->arena;
    void *const x = arena + 0;
    void *const conv15_transpose_quantized = arena + 160;
    void *const quantizelinear19 = arena + 0;
    void *const quantizelinear19_scratch = arena + 288;
    void *const maxpool23_max_pool2d_quantized = arena + 256;
    void *const quantizelinear39 = arena + 0;
    const void *rows[3];
    int status = CLASSIFIER_MORE;
    tinycc_progress progress = {slices, net->turns};

    switch (net->at) {
    case 0:
        net->at = 0;
        /* 0: /Conv_4: 1x2x8x8 -> 1x8x8x2 */
        if (progress.slices == 0) {
            break;
        }
        progress.slices--;
        TINYCC_STEP(0);
        tinycc_transpose_s8(&transpose_0, (const void *const[]){x}, conv15_transpose_quantized, 1, NULL);
        /* fall through */
    case 1:
        net->at = 1;
        /* 1: /Conv_4, /Relu_5, /QuantizeLinear_6: 1x8x8x2 -> 1x8x8x4, 4,608 MACs */
        TINYCC_STEP(1);
        if (!tinycc_each_row(tinycc_conv2d_s8_dsp, &conv2d_1, &conv2d_1_rows, conv15_transpose_quantized, quantizelinear19, rows, quantizelinear19_scratch, &progress)) {
            break;
        }
        /* fall through */
    case 2:
        net->at = 2;
        /* 2: /MaxPool_8: 1x8x8x4 -> 1x4x4x4 */
        TINYCC_STEP(2);
        if (!tinycc_each_row(tinycc_max_pool2d_s8_dsp, &max_pool2d_2, &max_pool2d_2_rows, quantizelinear19, maxpool23_max_pool2d_quantized, rows, NULL, &progress)) {
            break;
        }
        /* fall through */
    case 3:
        net->at = 3;
        /* 3: /Gemm_13, /QuantizeLinear_14: 1x64 -> 1x3, 192 MACs */
        if (progress.slices == 0) {
            break;
        }
        progress.slices--;
        TINYCC_STEP(3);
        tinycc_vectors_s8_dsp(&fully_connected_3, (const void *const[]){maxpool23_max_pool2d_quantized}, quantizelinear39, 1, NULL);
        /* fall through */
    default:
        net->at = 4;
        status = CLASSIFIER_DONE;
    }
    TINYCC_STEP(CLASSIFIER_STEPS);
    return status;
}

classifier_t classifier_init(void *arena)
{
    classifier_t net = {.arena = arena};
    return net;
}

int8_t *classifier_input(classifier_t *net)
{
    return (int8_t *)(void *)(net->arena + 0);
}

const int8_t *classifier_output(const classifier_t *net)
{
    return (const int8_t *)(const void *)(net->arena + 0);
}

int classifier_argmax(const classifier_t *net)
{
    const int8_t *scores = classifier_output(net);
    int best = 0;
    for (int i = 1; i < 3; i++) {
        best = scores[i] > scores[best] ? i : best;
    }
    return best;
}

void classifier_begin(classifier_t *net)
{
    net->at = 0;
    for (int i = 0; i < 1; i++) {
        net->turns[i] = 0;
    }
}

int classifier_step(classifier_t *net)
{
    return classifier_advance(net, 1);
}

void classifier_run(classifier_t *net)
{
    classifier_begin(net);
    (void)classifier_advance(net, INT32_MAX);
}
