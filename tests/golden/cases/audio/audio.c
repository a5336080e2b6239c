/* audio: a neural network as C, made by tinycc 0.1.0.
 * Model m.onnx (SHA-256 39974569fa4d1598), target cortex-m4.
 *
 * Arena: 256 bytes, fullest at step 1; at least 256 are live there.
 *
 *   bytes               steps      tensors
 *          0 .. 48        0 - 0    samples, conv12.reshape.quantized
 *        160 .. 208       0 - 1    conv12.transpose.quantized
 *        208 .. 256       1 - 2    quantizelinear16
 *          0 .. 160       1 - 1    quantizelinear16.scratch
 *        116 .. 164       2 - 3    quantizelinear31
 *          0 .. 116       2 - 2    quantizelinear31.scratch
 *          0 .. 4         3 - 4    quantizelinear38, alarm.moved, alarm
 */
#include "audio.h"

#include <stddef.h>

#include "tinycc_average_pool2d.h"
#include "tinycc_average_pool2d_lanes.h"
#include "tinycc_clamp_s8_dsp.h"
#include "tinycc_conv2d.h"
#include "tinycc_dot_s8_dsp.h"
#include "tinycc_dot_s8_dsp_asm.h"
#include "tinycc_dw_s8_dsp.h"
#include "tinycc_lookup.h"
#include "tinycc_runtime.h"
#include "tinycc_transpose.h"

#include "audio_data.h"

/* Fails to compile when this file meets the runtime of another tinycc. */
typedef char audio_runtime_matches[TINYCC_RUNTIME_ABI == 4 ? 1 : -1];

#ifdef TINYCC_PROFILE
const char *const audio_step_names[AUDIO_STEPS + 1] = {
    "tinycc_transpose_s8 /Conv_3",
    "tinycc_conv2d_s8_dsp /Conv_3, /Relu_4, /QuantizeLinear_5",
    "tinycc_dwconv2d_s8_dsp /Conv_9, /QuantizeLinear_10",
    "tinycc_average_pool2d_s8_dsp /ReduceMean_12, /QuantizeLinear_13",
    "tinycc_lookup_s8 /Sigmoid_15, /QuantizeLinear_16",
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
    .in_width = 24,
    .in_channels = 2,
    .out_width = 12,
    .kernel_height = 1,
    .kernel_width = 5,
    .stride = 2,
    .pad_left = 2,
    .dilation_height = 1,
    .dilation_width = 1,
    .in_zero = -3, /* value of padding */
    .dot.quads = 3,
    .dot.channels = 4,
    .dot.constant = -255,
    .dot.fraction = 0,
    .dot.low = -128,
    .dot.high = 127,
    .dot.pixels = 4, /* at once */
    .packed = (const int32_t *)conv2d_1_packed,
};
static const tinycc_rows conv2d_1_rows = {
    .in_rows = 1,
    .in_row_bytes = 48,
    .out_rows = 1,
    .out_row_bytes = 48,
    .window = 1,
    .stride = 1,
    .pad = 0,
    .first = NULL,
};

/* Step 2 */
static const tinycc_dwconv2d_s8_dsp_params conv2d_2 = {
    .in_width = 12,
    .in_channels = 4,
    .out_width = 12,
    .out_channels = 4,
    .kernel_height = 1,
    .kernel_width = 3,
    .stride = 1,
    .stride_height = 1,
    .pad_left = 1,
    .in_zero = -128, /* value of padding */
    .out_zero = 5,
    .low = -128,
    .high = 127,
    .doubled = 0,
    .words = 4,
    .packed = (const int32_t *)conv2d_2_packed,
};
static const tinycc_rows conv2d_2_rows = {
    .in_rows = 1,
    .in_row_bytes = 48,
    .out_rows = 1,
    .out_row_bytes = 48,
    .window = 1,
    .stride = 1,
    .pad = 0,
    .together = 16, /* rows per call */
    .first = NULL,
};

/* Step 3 */
static const tinycc_average_pool2d_s8_params average_pool2d_3 = {
    .in_width = 12,
    .out_width = 1,
    .channels = 4,
    .kernel_height = 1,
    .kernel_width = 12,
    .stride = 12,
    .pad_left = 0,
    .dilation_height = 1,
    .dilation_width = 1,
    .count_padding = 0,
    .in_zero = 5,
    .out_zero = 5,
    .low = -128,
    .high = 127,
    .shift = 0,
    .least = 12,
    .multiplier = average_pool2d_3_multiplier,
};
static const tinycc_rows average_pool2d_3_rows = {
    .in_rows = 1,
    .in_row_bytes = 48,
    .out_rows = 1,
    .out_row_bytes = 4,
    .window = 1,
    .stride = 1,
    .pad = 0,
    .first = NULL,
};

/* Step 4 */
static const tinycc_lookup_s8_params lookup_4 = {
    .table = lookup_4_table,
};

/* Runs `slices` slices from where the network stands, or all that it can. */
static int audio_advance(audio_t *net, int32_t slices)
{
    uint8_t *const arena = net->arena;
    void *const samples = arena + 0;
    void *const conv12_transpose_quantized = arena + 160;
    void *const quantizelinear16 = arena + 208;
    void *const quantizelinear16_scratch = arena + 0;
    void *const quantizelinear31 = arena + 116;
    void *const quantizelinear31_scratch = arena + 0;
    void *const quantizelinear38 = arena + 0;
    const void *rows[16];
    int status = AUDIO_MORE;
    tinycc_progress progress = {slices, net->turns};

    switch (net->at) {
    case 0:
        net->at = 0;
        /* 0: /Conv_3: 1x2x1x24 -> 1x1x24x2 */
        if (progress.slices == 0) {
            break;
        }
        progress.slices--;
        TINYCC_STEP(0);
        tinycc_transpose_s8(&transpose_0, (const void *const[]){samples}, conv12_transpose_quantized, 1, NULL);
        /* fall through */
    case 1:
        net->at = 1;
        /* 1: /Conv_3, /Relu_4, /QuantizeLinear_5: 1x1x24x2 -> 1x1x12x4, 480 MACs */
        TINYCC_STEP(1);
        if (!tinycc_each_row(tinycc_conv2d_s8_dsp, &conv2d_1, &conv2d_1_rows, conv12_transpose_quantized, quantizelinear16, rows, quantizelinear16_scratch, &progress)) {
            break;
        }
        /* fall through */
    case 2:
        net->at = 2;
        /* 2: /Conv_9, /QuantizeLinear_10: 1x1x12x4 -> 1x1x12x4, 144 MACs */
        TINYCC_STEP(2);
        if (!tinycc_each_row(tinycc_dwconv2d_s8_dsp, &conv2d_2, &conv2d_2_rows, quantizelinear16, quantizelinear31, rows, quantizelinear31_scratch, &progress)) {
            break;
        }
        /* fall through */
    case 3:
        net->at = 3;
        /* 3: /ReduceMean_12, /QuantizeLinear_13: 1x1x12x4 -> 1x1x1x4 */
        TINYCC_STEP(3);
        if (!tinycc_each_row(tinycc_average_pool2d_s8_dsp, &average_pool2d_3, &average_pool2d_3_rows, quantizelinear31, quantizelinear38, rows, NULL, &progress)) {
            break;
        }
        /* fall through */
    case 4:
        net->at = 4;
        /* 4: /Sigmoid_15, /QuantizeLinear_16: 1x1x1x4 -> 1x1x1x4 */
        if (progress.slices == 0) {
            break;
        }
        progress.slices--;
        TINYCC_STEP(4);
        tinycc_lookup_s8(&lookup_4, (const void *const[]){quantizelinear38}, quantizelinear38, 4, NULL);
        /* fall through */
    default:
        net->at = 5;
        status = AUDIO_DONE;
    }
    TINYCC_STEP(AUDIO_STEPS);
    return status;
}

audio_t audio_init(void *arena)
{
    audio_t net = {.arena = arena};
    return net;
}

int8_t *audio_input(audio_t *net)
{
    return (int8_t *)(void *)(net->arena + 0);
}

const int8_t *audio_output(const audio_t *net)
{
    return (const int8_t *)(const void *)(net->arena + 0);
}

int audio_argmax(const audio_t *net)
{
    const int8_t *scores = audio_output(net);
    int best = 0;
    for (int i = 1; i < 4; i++) {
        best = scores[i] > scores[best] ? i : best;
    }
    return best;
}

void audio_begin(audio_t *net)
{
    net->at = 0;
    for (int i = 0; i < 1; i++) {
        net->turns[i] = 0;
    }
}

int audio_step(audio_t *net)
{
    return audio_advance(net, 1);
}

void audio_run(audio_t *net)
{
    audio_begin(net);
    (void)audio_advance(net, INT32_MAX);
}
