/* hostile: a neural network as C, made by tinycc 0.1.0.
 * Model m.onnx (SHA-256 b8a3be149c69b0ff), target cortex-m4.
 *
 *   static uint8_t arena[HOSTILE_ARENA_BYTES] HOSTILE_ALIGN;
 *   hostile_t net = hostile_init(arena);
 *   memcpy(hostile_input(&net), data, HOSTILE_INPUT_BYTES);
 *   hostile_run(&net);
 *
 * All state lies in the arena and in hostile_t: several networks, or several of the same, do not
 * disturb each other. Networks that do not run at the same time may share one arena.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HOSTILE_ARENA_BYTES 224
#define HOSTILE_ALIGN __attribute__((aligned(4)))

/* Input `x with 'quotes', a<U+000A>newline, *<U+002F> and /<U+002A>, <U+005C> and ?<U+003F>/ and <U+00FC>ml<U+00E4>ut <U+6570>`: int8 1x2x4x4 scale 0.05 zero 0. A value v stands for the real number
 * HOSTILE_INPUT_SCALE * (v - HOSTILE_INPUT_ZERO_POINT). */
#define HOSTILE_INPUT_BYTES 32
#define HOSTILE_INPUT_SCALE 0.05000000074505806f
#define HOSTILE_INPUT_ZERO_POINT (0)
/* Output `*<U+002F> #error broken<U+000D><U+000A>/<U+002A>`: int8 1x3x3x3 scale 0.05 zero 2. A value v stands for the real number
 * HOSTILE_OUTPUT_SCALE * (v - HOSTILE_OUTPUT_ZERO_POINT). */
#define HOSTILE_OUTPUT_BYTES 27
#define HOSTILE_OUTPUT_SCALE 0.05000000074505806f
#define HOSTILE_OUTPUT_ZERO_POINT (2)

/* The steps of an inference, counted from 0; hostile.c says what each of them does. Compiled with
 * -DTINYCC_PROFILE=f, all C files call `void f(int step)`, which is yours, with the number of the
 * step that runs from now on, and with HOSTILE_STEPS when none does: it is done, or waits. */
#define HOSTILE_STEPS 4
#ifdef TINYCC_PROFILE
void TINYCC_PROFILE(int step);
extern const char *const hostile_step_names[HOSTILE_STEPS + 1];
#endif

/* Private, and of no use outside an inference: what the arena does not hold. */
typedef struct {
    uint8_t *arena;
    uint16_t at;
    uint16_t turns[1];
} hostile_t;

/* An inference goes on, or is done. */
enum { HOSTILE_MORE, HOSTILE_DONE };

/* `arena`: HOSTILE_ARENA_BYTES bytes, aligned to 4; not read or written here. */
hostile_t hostile_init(void *arena);

/* Where to put the input, before every run: it may overwrite it. */
int8_t *hostile_input(hostile_t *net);

/* One inference. */
void hostile_run(hostile_t *net);

/* The same in slices, for programs that have other things to do meanwhile: one row of one layer at a
 * time, or a layer that has none. hostile_begin, then hostile_step until it returns HOSTILE_DONE.
 * May be given up at any time. */
void hostile_begin(hostile_t *net);
int hostile_step(hostile_t *net);

/* The result, valid from one inference until the next one begins. */
const int8_t *hostile_output(const hostile_t *net);

/* For programs that hold real numbers: real / scale + zero point, to the nearest, half to even, and
 * the end of the range for what lies beyond; NaN gives the zero point. */
static inline int32_t hostile_nearest(float real, float scale, int32_t zero, int32_t low, int32_t high)
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

/* HOSTILE_INPUT_BYTES real numbers as values of `x with 'quotes', a<U+000A>newline, *<U+002F> and /<U+002A>, <U+005C> and ?<U+003F>/ and <U+00FC>ml<U+00E4>ut <U+6570>`. */
static inline void hostile_quantize_input(const float *real, int8_t *stored)
{
    for (int32_t i = 0; i < HOSTILE_INPUT_BYTES; i++) {
        stored[i] = (int8_t)hostile_nearest(real[i], HOSTILE_INPUT_SCALE, HOSTILE_INPUT_ZERO_POINT, -128, 127);
    }
}

/* The real numbers, HOSTILE_OUTPUT_BYTES of them, that the values of `*<U+002F> #error broken<U+000D><U+000A>/<U+002A>` stand for. */
static inline void hostile_dequantize_output(const int8_t *stored, float *real)
{
    for (int32_t i = 0; i < HOSTILE_OUTPUT_BYTES; i++) {
        real[i] = HOSTILE_OUTPUT_SCALE * (float)(stored[i] - HOSTILE_OUTPUT_ZERO_POINT);
    }
}

#ifdef __cplusplus
}
#endif

#endif
