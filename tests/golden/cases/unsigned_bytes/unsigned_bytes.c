/* unsigned_bytes: a neural network as C, made by tinycc 0.1.0.
 * Model m.onnx (SHA-256 948ba8d0dfd0f3e0), target cortex-m4.
 *
 * Arena: 544 bytes, fullest at step 2; at least 544 are live there.
 *
 *   bytes               steps      tensors
 *          0 .. 128       0 - 1    x, x.int8
 *        160 .. 288       1 - 2    conv12.transpose.quantized
 *          0 .. 256       2 - 3    quantizelinear16
 *        288 .. 544       2 - 2    quantizelinear16.scratch
 *        256 .. 320       3 - 4    maxpool20.max_pool2d.quantized, reshape28.quantized
 *          0 .. 3         4 - 5    y.int8, y
 */
#include "unsigned_bytes.h"

#include <stddef.h>

#include "tinycc_clamp_s8_dsp.h"
#include "tinycc_conv2d.h"
#include "tinycc_dot_s8_dsp.h"
#include "tinycc_dot_s8_dsp_asm.h"
#include "tinycc_max_pool2d.h"
#include "tinycc_recentre.h"
#include "tinycc_runtime.h"
#include "tinycc_transpose.h"
#include "tinycc_vectors_dsp.h"

#include "unsigned_bytes_data.h"

/* Fails to compile when this file meets the runtime of another tinycc. */
typedef char unsigned_bytes_runtime_matches[TINYCC_RUNTIME_ABI == 4 ? 1 : -1];

#ifdef TINYCC_PROFILE
const char *const unsigned_bytes_step_names[UNSIGNED_BYTES_STEPS + 1] = {
    "tinycc_recentre",
    "tinycc_transpose_s8 /Conv_3",
    "tinycc_conv2d_s8_dsp /Conv_3, /Relu_4, /QuantizeLinear_5",
    "tinycc_max_pool2d_s8_dsp /MaxPool_7",
    "tinycc_vectors_s8_dsp /Gemm_12, /QuantizeLinear_13",
    "tinycc_recentre",
    "none",
};
#endif

/* Step 0 */
static const tinycc_recentre_params recentre_0 = {
    .flip = 128,
};
static const tinycc_runs recentre_0_runs = {
    .rows = 2,
    .units = 64, /* of a row */
    .out_row_bytes = 64,
    .operands = 1,
    .in_row_bytes = recentre_0_runs_in_row_bytes,
};

/* Step 1 */
static const tinycc_transpose_s8_params transpose_1 = {
    .rank = 2,
    .offset = 0,
    .extents = transpose_1_extents,
    .strides = transpose_1_strides,
};

/* Step 2 */
static const tinycc_conv2d_s8_dsp_params conv2d_2 = {
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
    .packed = (const int32_t *)conv2d_2_packed,
};
static const tinycc_rows conv2d_2_rows = {
    .in_rows = 8,
    .in_row_bytes = 16,
    .out_rows = 8,
    .out_row_bytes = 32,
    .window = 3,
    .stride = 1,
    .pad = 1,
    .first = NULL,
};

/* Step 3 */
static const tinycc_max_pool2d_s8_params max_pool2d_3 = {
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
static const tinycc_rows max_pool2d_3_rows = {
    .in_rows = 8,
    .in_row_bytes = 32,
    .out_rows = 4,
    .out_row_bytes = 16,
    .window = 2,
    .stride = 2,
    .pad = 0,
    .first = NULL,
};

/* Step 4 */
static const tinycc_conv1x1_s8_dsp_params fully_connected_4 = {
    .in_channels = 64,
    .dot.quads = 16,
    .dot.channels = 3,
    .dot.constant = 21,
    .dot.fraction = 0,
    .dot.low = -128,
    .dot.high = 127,
    .dot.pixels = 1, /* at once */
    .packed = (const int32_t *)fully_connected_4_packed,
};

/* Step 5 */
static const tinycc_recentre_params recentre_5 = {
    .flip = 128,
};

/* Runs `slices` slices from where the network stands, or all that it can. */
static int unsigned_bytes_advance(unsigned_bytes_t *net, int32_t slices)
{
    uint8_t *const arena = net->arena;
    void *const x = arena + 0;
    void *const conv12_transpose_quantized = arena + 160;
    void *const quantizelinear16 = arena + 0;
    void *const quantizelinear16_scratch = arena + 288;
    void *const maxpool20_max_pool2d_quantized = arena + 256;
    void *const y_int8 = arena + 0;
    const void *rows[3];
    int status = UNSIGNED_BYTES_MORE;
    tinycc_progress progress = {slices, net->turns};

    switch (net->at) {
    case 0:
        net->at = 0;
        /* 0: x.int8: uint8 1x2x8x8 -> 1x2x8x8 */
        TINYCC_STEP(0);
        if (!tinycc_each_run(tinycc_recentre, &recentre_0, &recentre_0_runs, (const void *const[]){x}, x, rows, NULL, &progress)) {
            break;
        }
        /* fall through */
    case 1:
        net->at = 1;
        /* 1: /Conv_3: 1x2x8x8 -> 1x8x8x2 */
        if (progress.slices == 0) {
            break;
        }
        progress.slices--;
        TINYCC_STEP(1);
        tinycc_transpose_s8(&transpose_1, (const void *const[]){x}, conv12_transpose_quantized, 1, NULL);
        /* fall through */
    case 2:
        net->at = 2;
        /* 2: /Conv_3, /Relu_4, /QuantizeLinear_5: 1x8x8x2 -> 1x8x8x4, 4,608 MACs */
        TINYCC_STEP(2);
        if (!tinycc_each_row(tinycc_conv2d_s8_dsp, &conv2d_2, &conv2d_2_rows, conv12_transpose_quantized, quantizelinear16, rows, quantizelinear16_scratch, &progress)) {
            break;
        }
        /* fall through */
    case 3:
        net->at = 3;
        /* 3: /MaxPool_7: 1x8x8x4 -> 1x4x4x4 */
        TINYCC_STEP(3);
        if (!tinycc_each_row(tinycc_max_pool2d_s8_dsp, &max_pool2d_3, &max_pool2d_3_rows, quantizelinear16, maxpool20_max_pool2d_quantized, rows, NULL, &progress)) {
            break;
        }
        /* fall through */
    case 4:
        net->at = 4;
        /* 4: /Gemm_12, /QuantizeLinear_13: 1x64 -> 1x3, 192 MACs */
        if (progress.slices == 0) {
            break;
        }
        progress.slices--;
        TINYCC_STEP(4);
        tinycc_vectors_s8_dsp(&fully_connected_4, (const void *const[]){maxpool20_max_pool2d_quantized}, y_int8, 1, NULL);
        /* fall through */
    case 5:
        net->at = 5;
        /* 5: y: 1x3 -> uint8 1x3 */
        if (progress.slices == 0) {
            break;
        }
        progress.slices--;
        TINYCC_STEP(5);
        tinycc_recentre(&recentre_5, (const void *const[]){y_int8}, y_int8, 3, NULL);
        /* fall through */
    default:
        net->at = 6;
        status = UNSIGNED_BYTES_DONE;
    }
    TINYCC_STEP(UNSIGNED_BYTES_STEPS);
    return status;
}

unsigned_bytes_t unsigned_bytes_init(void *arena)
{
    unsigned_bytes_t net = {.arena = arena};
    return net;
}

uint8_t *unsigned_bytes_input(unsigned_bytes_t *net)
{
    return (uint8_t *)(void *)(net->arena + 0);
}

const uint8_t *unsigned_bytes_output(const unsigned_bytes_t *net)
{
    return (const uint8_t *)(const void *)(net->arena + 0);
}

int unsigned_bytes_argmax(const unsigned_bytes_t *net)
{
    const uint8_t *scores = unsigned_bytes_output(net);
    int best = 0;
    for (int i = 1; i < 3; i++) {
        best = scores[i] > scores[best] ? i : best;
    }
    return best;
}

void unsigned_bytes_begin(unsigned_bytes_t *net)
{
    net->at = 0;
    for (int i = 0; i < 1; i++) {
        net->turns[i] = 0;
    }
}

int unsigned_bytes_step(unsigned_bytes_t *net)
{
    return unsigned_bytes_advance(net, 1);
}

void unsigned_bytes_run(unsigned_bytes_t *net)
{
    unsigned_bytes_begin(net);
    (void)unsigned_bytes_advance(net, INT32_MAX);
}
