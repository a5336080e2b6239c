/* audio: a neural network as C, made by tinycc 0.1.0.
 * Model m.onnx (SHA-256 39974569fa4d1598), target cortex-m4.
 *
 *   static uint8_t arena[AUDIO_ARENA_BYTES] AUDIO_ALIGN;
 *   audio_t net = audio_init(arena);
 *   memcpy(audio_input(&net), data, AUDIO_INPUT_BYTES);
 *   audio_run(&net);
 *   int best = audio_argmax(&net);
 *
 * All state lies in the arena and in audio_t: several networks, or several of the same, do not
 * disturb each other. Networks that do not run at the same time may share one arena.
 */
#ifndef AUDIO_H
#define AUDIO_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AUDIO_ARENA_BYTES 256
#define AUDIO_ALIGN __attribute__((aligned(4)))

/* Input `samples`: int8 1x2x24 scale 0.05 zero -3. A value v stands for the real number
 * AUDIO_INPUT_SCALE * (v - AUDIO_INPUT_ZERO_POINT). */
#define AUDIO_INPUT_BYTES 48
#define AUDIO_INPUT_SCALE 0.05000000074505806f
#define AUDIO_INPUT_ZERO_POINT (-3)
/* Output `alarm`: int8 1x4 scale 0.00390625 zero -128. A value v stands for the real number
 * AUDIO_OUTPUT_SCALE * (v - AUDIO_OUTPUT_ZERO_POINT). */
#define AUDIO_OUTPUT_BYTES 4
#define AUDIO_OUTPUT_SCALE 0.00390625f
#define AUDIO_OUTPUT_ZERO_POINT (-128)

/* The steps of an inference, counted from 0; audio.c says what each of them does. Compiled with
 * -DTINYCC_PROFILE=f, all C files call `void f(int step)`, which is yours, with the number of the
 * step that runs from now on, and with AUDIO_STEPS when none does: it is done, or waits. */
#define AUDIO_STEPS 5
#ifdef TINYCC_PROFILE
void TINYCC_PROFILE(int step);
extern const char *const audio_step_names[AUDIO_STEPS + 1];
#endif

/* Private, and of no use outside an inference: what the arena does not hold. */
typedef struct {
    uint8_t *arena;
    uint16_t at;
    uint16_t turns[1];
} audio_t;

/* An inference goes on, or is done. */
enum { AUDIO_MORE, AUDIO_DONE };

/* `arena`: AUDIO_ARENA_BYTES bytes, aligned to 4; not read or written here. */
audio_t audio_init(void *arena);

/* Where to put the input, before every run: it may overwrite it. */
int8_t *audio_input(audio_t *net);

/* One inference. */
void audio_run(audio_t *net);

/* The same in slices, for programs that have other things to do meanwhile: one row of one layer at a
 * time, or a layer that has none. audio_begin, then audio_step until it returns AUDIO_DONE.
 * May be given up at any time. */
void audio_begin(audio_t *net);
int audio_step(audio_t *net);

/* The result, valid from one inference until the next one begins. */
const int8_t *audio_output(const audio_t *net);

/* Index of the largest of the 4 outputs, the first one of equals. */
int audio_argmax(const audio_t *net);

/* For programs that hold real numbers: real / scale + zero point, to the nearest, half to even, and
 * the end of the range for what lies beyond; NaN gives the zero point. */
static inline int32_t audio_nearest(float real, float scale, int32_t zero, int32_t low, int32_t high)
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

/* AUDIO_INPUT_BYTES real numbers as values of `samples`. */
static inline void audio_quantize_input(const float *real, int8_t *stored)
{
    for (int32_t i = 0; i < AUDIO_INPUT_BYTES; i++) {
        stored[i] = (int8_t)audio_nearest(real[i], AUDIO_INPUT_SCALE, AUDIO_INPUT_ZERO_POINT, -128, 127);
    }
}

/* The real numbers, AUDIO_OUTPUT_BYTES of them, that the values of `alarm` stand for. */
static inline void audio_dequantize_output(const int8_t *stored, float *real)
{
    for (int32_t i = 0; i < AUDIO_OUTPUT_BYTES; i++) {
        real[i] = AUDIO_OUTPUT_SCALE * (float)(stored[i] - AUDIO_OUTPUT_ZERO_POINT);
    }
}

#ifdef __cplusplus
}
#endif

#endif
