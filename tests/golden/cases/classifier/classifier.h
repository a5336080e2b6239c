/* classifier: a neural network as C, made by tinycc 0.1.0.
 * Model m.onnx (SHA-256 42adc6087f4c73c3), target cortex-m4.
 *
 *   static uint8_t arena[CLASSIFIER_ARENA_BYTES] CLASSIFIER_ALIGN;
 *   classifier_t net = classifier_init(arena);
 *   memcpy(classifier_input(&net), data, CLASSIFIER_INPUT_BYTES);
 *   classifier_run(&net);
 *   int best = classifier_argmax(&net);
 *
 * All state lies in the arena and in classifier_t: several networks, or several of the same, do not
 * disturb each other. Networks that do not run at the same time may share one arena.
 */
#ifndef CLASSIFIER_H
#define CLASSIFIER_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CLASSIFIER_ARENA_BYTES 544
#define CLASSIFIER_ALIGN __attribute__((aligned(4)))

/* Input `x`: int8 1x2x8x8 scale 0.05 zero 10. A value v stands for the real number
 * CLASSIFIER_INPUT_SCALE * (v - CLASSIFIER_INPUT_ZERO_POINT). */
#define CLASSIFIER_INPUT_BYTES 128
#define CLASSIFIER_INPUT_SCALE 0.05000000074505806f
#define CLASSIFIER_INPUT_ZERO_POINT (10)
/* Output `y`: int8 1x3 scale 0.3 zero 10. A value v stands for the real number
 * CLASSIFIER_OUTPUT_SCALE * (v - CLASSIFIER_OUTPUT_ZERO_POINT). */
#define CLASSIFIER_OUTPUT_BYTES 3
#define CLASSIFIER_OUTPUT_SCALE 0.30000001192092896f
#define CLASSIFIER_OUTPUT_ZERO_POINT (10)

/* The steps of an inference, counted from 0; classifier.c says what each of them does. Compiled with
 * -DTINYCC_PROFILE=f, all C files call `void f(int step)`, which is yours, with the number of the
 * step that runs from now on, and with CLASSIFIER_STEPS when none does: it is done, or waits. */
#define CLASSIFIER_STEPS 4
#ifdef TINYCC_PROFILE
void TINYCC_PROFILE(int step);
extern const char *const classifier_step_names[CLASSIFIER_STEPS + 1];
#endif

/* Private, and of no use outside an inference: what the arena does not hold. */
typedef struct {
    uint8_t *arena;
    uint16_t at;
    uint16_t turns[1];
} classifier_t;

/* An inference goes on, or is done. */
enum { CLASSIFIER_MORE, CLASSIFIER_DONE };

/* `arena`: CLASSIFIER_ARENA_BYTES bytes, aligned to 4; not read or written here. */
classifier_t classifier_init(void *arena);

/* Where to put the input, before every run: it may overwrite it. */
int8_t *classifier_input(classifier_t *net);

/* One inference. */
void classifier_run(classifier_t *net);

/* The same in slices, for programs that have other things to do meanwhile: one row of one layer at a
 * time, or a layer that has none. classifier_begin, then classifier_step until it returns CLASSIFIER_DONE.
 * May be given up at any time. */
void classifier_begin(classifier_t *net);
int classifier_step(classifier_t *net);

/* The result, valid from one inference until the next one begins. */
const int8_t *classifier_output(const classifier_t *net);

/* Index of the largest of the 3 outputs, the first one of equals. */
int classifier_argmax(const classifier_t *net);

/* For programs that hold real numbers: real / scale + zero point, to the nearest, half to even, and
 * the end of the range for what lies beyond; NaN gives the zero point. */
static inline int32_t classifier_nearest(float real, float scale, int32_t zero, int32_t low, int32_t high)
{
    const float steps = real / scale;
    int32_t value, odd;
    float rest;
    if (!(steps > -512.0f && steps < 512.0f)) {
        return steps > 0.0f ? high : steps < 0.0f ? low : zero;
    }
    value = (int32_t)steps;
    odd = value & 1;
    rest = steps - (float)value;
    value += zero + (rest >= 0.5f && (odd || rest > 0.5f)) - (rest <= -0.5f && (odd || rest < -0.5f));
    return value < low ? low : value > high ? high : value;
}

/* CLASSIFIER_INPUT_BYTES real numbers as values of `x`. */
static inline void classifier_quantize_input(const float *real, int8_t *stored)
{
    for (int32_t i = 0; i < CLASSIFIER_INPUT_BYTES; i++) {
        stored[i] = (int8_t)classifier_nearest(real[i], CLASSIFIER_INPUT_SCALE, CLASSIFIER_INPUT_ZERO_POINT, -128, 127);
    }
}

/* The real numbers, CLASSIFIER_OUTPUT_BYTES of them, that the values of `y` stand for. */
static inline void classifier_dequantize_output(const int8_t *stored, float *real)
{
    for (int32_t i = 0; i < CLASSIFIER_OUTPUT_BYTES; i++) {
        real[i] = CLASSIFIER_OUTPUT_SCALE * (float)(stored[i] - CLASSIFIER_OUTPUT_ZERO_POINT);
    }
}

#ifdef __cplusplus
}
#endif

#endif
