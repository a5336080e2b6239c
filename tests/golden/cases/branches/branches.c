/* branches: a neural network as C, made by tinycc 0.1.0.
 * Model m.onnx (SHA-256 fc1c67f30f420675), target cortex-m4.
 *
 * Arena: 2,312 bytes, fullest at step 8; at least 2,312 are live there.
 *
 *   bytes               steps      tensors
 *          0 .. 288       0 - 4    left, quantizelinear10, dequantizelinear30.quantized, concat31.quantized
 *        288 .. 432       0 - 0    right
 *        288 .. 432       1 - 2    conv22.transpose.quantized
 *        432 .. 576       2 - 3    quantizelinear27
 *        576 .. 608       2 - 2    quantizelinear27.scratch
 *        912 .. 1200      4 - 7    resize39.transpose.quantized
 *       2304 .. 2312      5 - 8    quantizelinear45, flatten49.quantized, chances
 *          0 .. 1152      7 - 8    resize39.resize_nearest.quantized
 *       1152 .. 2304      8 - 8    map
 */
#include "branches.h"

#include <stddef.h>

#include "tinycc_average_pool2d.h"
#include "tinycc_average_pool2d_lanes.h"
#include "tinycc_clamp_s8_dsp.h"
#include "tinycc_conv1x1_dsp.h"
#include "tinycc_conv2d.h"
#include "tinycc_dot_s8_dsp.h"
#include "tinycc_dot_s8_dsp_asm.h"
#include "tinycc_elementwise.h"
#include "tinycc_resize_nearest.h"
#include "tinycc_runtime.h"
#include "tinycc_softmax.h"
#include "tinycc_transpose.h"

#include "branches_data.h"

/* Fails to compile when this file meets the runtime of another tinycc. */
typedef char branches_runtime_matches[TINYCC_RUNTIME_ABI == 4 ? 1 : -1];

#ifdef TINYCC_PROFILE
const char *const branches_step_names[BRANCHES_STEPS + 1] = {
    "tinycc_add_s8_thumb2 /Add_2, /QuantizeLinear_3",
    "tinycc_transpose_s8 /Conv_7",
    "tinycc_conv1x1_s8_dsp /Conv_7, /Clip_8, /QuantizeLinear_9",
    "tinycc_transpose_s8",
    "tinycc_transpose_s8 /Resize_14",
    "tinycc_average_pool2d_s8_dsp /GlobalAveragePool_16, /QuantizeLinear_17",
    "tinycc_softmax_s8 /Softmax_20, /QuantizeLinear_21",
    "tinycc_resize_nearest_s8 /Resize_14",
    "tinycc_transpose_s8",
    "none",
};
#endif

/* Step 0 */
static const tinycc_add_s8_params add_0 = {
    .walk.groups = 1,
    .walk.length = 0,
    .walk.unit1 = 144,
    .walk.group1 = 144,
    .walk.step1 = 1,
    .walk.unit2 = 144,
    .walk.group2 = 144,
    .walk.step2 = 1,
    .multiplier1 = 6990507,
    .multiplier2 = 4194304,
    .constant = -4194304, /* zero points and the rounding half */
    .shift = 23,
    .low = -128,
    .high = 127,
};
static const tinycc_runs add_0_runs = {
    .rows = 4,
    .units = 36, /* of a row */
    .out_row_bytes = 36,
    .operands = 2,
    .in_row_bytes = add_0_runs_in_row_bytes,
};

/* Step 1 */
static const tinycc_transpose_s8_params transpose_1 = {
    .rank = 2,
    .offset = 0,
    .extents = transpose_1_extents,
    .strides = transpose_1_strides,
};

/* Step 2 */
static const tinycc_conv1x1_s8_dsp_params conv2d_2 = {
    .in_channels = 4,
    .dot.quads = 1,
    .dot.channels = 4,
    .dot.constant = 3,
    .dot.fraction = 0,
    .dot.low = 1,
    .dot.high = 127, /* activation */
    .dot.pixels = 4, /* at once */
    .packed = (const int32_t *)conv2d_2_packed,
};
static const tinycc_runs conv2d_2_runs = {
    .rows = 6,
    .units = 6, /* of a row */
    .out_row_bytes = 24,
    .operands = 1,
    .in_row_bytes = conv2d_2_runs_in_row_bytes,
};

/* Step 3 */
static const tinycc_transpose_s8_params transpose_3 = {
    .rank = 2,
    .offset = 0,
    .extents = transpose_3_extents,
    .strides = transpose_3_strides,
};

/* Step 4 */
static const tinycc_transpose_s8_params transpose_4 = {
    .rank = 2,
    .offset = 0,
    .extents = transpose_4_extents,
    .strides = transpose_1_strides,
};

/* Step 5 */
static const tinycc_average_pool2d_s8_params average_pool2d_5 = {
    .in_width = 6,
    .out_width = 1,
    .channels = 8,
    .kernel_height = 6,
    .kernel_width = 6,
    .stride = 1,
    .pad_left = 0,
    .dilation_height = 1,
    .dilation_width = 1,
    .count_padding = 0,
    .in_zero = 1,
    .out_zero = 0,
    .low = -128,
    .high = 127,
    .shift = 0,
    .least = 36,
    .multiplier = average_pool2d_5_multiplier,
};
static const tinycc_rows average_pool2d_5_rows = {
    .in_rows = 6,
    .in_row_bytes = 48,
    .out_rows = 1,
    .out_row_bytes = 8,
    .window = 6,
    .stride = 1,
    .pad = 0,
    .first = NULL,
};

/* Step 6 */
static const tinycc_softmax_s8_params softmax_6 = {
    .length = 8,
    .out_zero = -128,
    .inverse_scale = 16777216, /* round(2**16 / scale) */
    .table = softmax_6_table,
};

/* Step 7 */
static const tinycc_resize_nearest_s8_params resize_nearest_7 = {
    .out_width = 12,
    .channels = 8,
    .columns = resize_nearest_7_columns,
};
static const tinycc_rows resize_nearest_7_rows = {
    .in_rows = 6,
    .in_row_bytes = 48,
    .out_rows = 12,
    .out_row_bytes = 96,
    .window = 1,
    .stride = 1,
    .pad = 0,
    .first = resize_nearest_7_columns,
};

/* Step 8 */
static const tinycc_transpose_s8_params transpose_8 = {
    .rank = 2,
    .offset = 0,
    .extents = transpose_8_extents,
    .strides = transpose_8_strides,
};

/* Runs `slices` slices from where the network stands, or all that it can. */
static int branches_advance(branches_t *net, int32_t slices)
{
    uint8_t *const arena = net->arena;
    void *const concat31_quantized = arena + 0;
    void *const right = arena + 288;
    void *const conv22_transpose_quantized = arena + 288;
    void *const quantizelinear27 = arena + 432;
    void *const quantizelinear27_scratch = arena + 576;
    void *const resize39_transpose_quantized = arena + 912;
    void *const quantizelinear45 = arena + 2304;
    void *const resize39_resize_nearest_quantized = arena + 0;
    void *const map = arena + 1152;
    const void *rows[6];
    int status = BRANCHES_MORE;
    tinycc_progress progress = {slices, net->turns};

    switch (net->at) {
    case 0:
        net->at = 0;
        /* 0: /Add_2, /QuantizeLinear_3: 1x4x6x6 x 1x4x6x6 -> 1x4x6x6 */
        TINYCC_STEP(0);
        if (!tinycc_each_run(tinycc_add_s8_thumb2, &add_0, &add_0_runs, (const void *const[]){concat31_quantized, right}, concat31_quantized, rows, NULL, &progress)) {
            break;
        }
        /* fall through */
    case 1:
        net->at = 1;
        /* 1: /Conv_7: 1x4x6x6 -> 1x6x6x4 */
        if (progress.slices == 0) {
            break;
        }
        progress.slices--;
        TINYCC_STEP(1);
        tinycc_transpose_s8(&transpose_1, (const void *const[]){concat31_quantized}, conv22_transpose_quantized, 1, NULL);
        /* fall through */
    case 2:
        net->at = 2;
        /* 2: /Conv_7, /Clip_8, /QuantizeLinear_9: 1x6x6x4 -> 1x6x6x4, 576 MACs */
        TINYCC_STEP(2);
        if (!tinycc_each_run(tinycc_conv1x1_s8_dsp, &conv2d_2, &conv2d_2_runs, (const void *const[]){conv22_transpose_quantized}, quantizelinear27, rows, quantizelinear27_scratch, &progress)) {
            break;
        }
        /* fall through */
    case 3:
        net->at = 3;
        /* 3: /DequantizeLinear_10.moved: 1x6x6x4 -> 1x4x6x6 */
        if (progress.slices == 0) {
            break;
        }
        progress.slices--;
        TINYCC_STEP(3);
        tinycc_transpose_s8(&transpose_3, (const void *const[]){quantizelinear27}, arena + 144, 1, NULL);
        /* fall through */
    case 4:
        net->at = 4;
        /* 4: /Resize_14: 1x8x6x6 -> 1x6x6x8 */
        if (progress.slices == 0) {
            break;
        }
        progress.slices--;
        TINYCC_STEP(4);
        tinycc_transpose_s8(&transpose_4, (const void *const[]){concat31_quantized}, resize39_transpose_quantized, 1, NULL);
        /* fall through */
    case 5:
        net->at = 5;
        /* 5: /GlobalAveragePool_16, /QuantizeLinear_17: 1x6x6x8 -> 1x1x1x8 */
        TINYCC_STEP(5);
        if (!tinycc_each_row(tinycc_average_pool2d_s8_dsp, &average_pool2d_5, &average_pool2d_5_rows, resize39_transpose_quantized, quantizelinear45, rows, NULL, &progress)) {
            break;
        }
        /* fall through */
    case 6:
        net->at = 6;
        /* 6: /Softmax_20, /QuantizeLinear_21: 1x8 -> 1x8 */
        if (progress.slices == 0) {
            break;
        }
        progress.slices--;
        TINYCC_STEP(6);
        tinycc_softmax_s8(&softmax_6, (const void *const[]){quantizelinear45}, quantizelinear45, 1, NULL);
        /* fall through */
    case 7:
        net->at = 7;
        /* 7: /Resize_14: 1x6x6x8 -> 1x12x12x8 */
        TINYCC_STEP(7);
        if (!tinycc_each_row(tinycc_resize_nearest_s8, &resize_nearest_7, &resize_nearest_7_rows, resize39_transpose_quantized, resize39_resize_nearest_quantized, rows, NULL, &progress)) {
            break;
        }
        /* fall through */
    case 8:
        net->at = 8;
        /* 8: /QuantizeLinear_15.moved: 1x12x12x8 -> 1x8x12x12 */
        if (progress.slices == 0) {
            break;
        }
        progress.slices--;
        TINYCC_STEP(8);
        tinycc_transpose_s8(&transpose_8, (const void *const[]){resize39_resize_nearest_quantized}, map, 1, NULL);
        /* fall through */
    default:
        net->at = 9;
        status = BRANCHES_DONE;
    }
    TINYCC_STEP(BRANCHES_STEPS);
    return status;
}

branches_t branches_init(void *arena)
{
    branches_t net = {.arena = arena};
    return net;
}

int8_t *branches_input_left(branches_t *net)
{
    return (int8_t *)(void *)(net->arena + 0);
}

int8_t *branches_input_right(branches_t *net)
{
    return (int8_t *)(void *)(net->arena + 288);
}

const int8_t *branches_output_map(const branches_t *net)
{
    return (const int8_t *)(const void *)(net->arena + 1152);
}

const int8_t *branches_output_chances(const branches_t *net)
{
    return (const int8_t *)(const void *)(net->arena + 2304);
}

void branches_begin(branches_t *net)
{
    net->at = 0;
    for (int i = 0; i < 1; i++) {
        net->turns[i] = 0;
    }
}

int branches_step(branches_t *net)
{
    return branches_advance(net, 1);
}

void branches_run(branches_t *net)
{
    branches_begin(net);
    (void)branches_advance(net, INT32_MAX);
}
