/* branches: a neural network as C, made by tinycc 0.1.0.
 * Model m.onnx (SHA-256 fc1c67f30f420675), target cortex-m4.
 *
 *   static uint8_t arena[BRANCHES_ARENA_BYTES] BRANCHES_ALIGN;
 *   branches_t net = branches_init(arena);
 *   memcpy(branches_input_left(&net), data, BRANCHES_INPUT_LEFT_BYTES);
 *   branches_run(&net);
 *
 * All state lies in the arena and in branches_t: several networks, or several of the same, do not
 * disturb each other. Networks that do not run at the same time may share one arena.
 */
#ifndef BRANCHES_H
#define BRANCHES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BRANCHES_ARENA_BYTES 2312
#define BRANCHES_ALIGN __attribute__((aligned(4)))

/* Input `left`: int8 1x4x6x6 scale 0.05 zero 0. A value v stands for the real number
 * BRANCHES_INPUT_LEFT_SCALE * (v - BRANCHES_INPUT_LEFT_ZERO_POINT). */
#define BRANCHES_INPUT_LEFT_BYTES 144
#define BRANCHES_INPUT_LEFT_SCALE 0.05000000074505806f
#define BRANCHES_INPUT_LEFT_ZERO_POINT (0)
/* Input `right`: int8 1x4x6x6 scale 0.03 zero 4. A value v stands for the real number
 * BRANCHES_INPUT_RIGHT_SCALE * (v - BRANCHES_INPUT_RIGHT_ZERO_POINT). */
#define BRANCHES_INPUT_RIGHT_BYTES 144
#define BRANCHES_INPUT_RIGHT_SCALE 0.029999999329447746f
#define BRANCHES_INPUT_RIGHT_ZERO_POINT (4)
/* Output `map`: int8 1x8x12x12 scale 0.06 zero 1. A value v stands for the real number
 * BRANCHES_OUTPUT_MAP_SCALE * (v - BRANCHES_OUTPUT_MAP_ZERO_POINT). */
#define BRANCHES_OUTPUT_MAP_BYTES 1152
#define BRANCHES_OUTPUT_MAP_SCALE 0.05999999865889549f
#define BRANCHES_OUTPUT_MAP_ZERO_POINT (1)
/* Output `chances`: int8 1x8 scale 0.00390625 zero -128. A value v stands for the real number
 * BRANCHES_OUTPUT_CHANCES_SCALE * (v - BRANCHES_OUTPUT_CHANCES_ZERO_POINT). */
#define BRANCHES_OUTPUT_CHANCES_BYTES 8
#define BRANCHES_OUTPUT_CHANCES_SCALE 0.00390625f
#define BRANCHES_OUTPUT_CHANCES_ZERO_POINT (-128)

/* The steps of an inference, counted from 0; branches.c says what each of them does. Compiled with
 * -DTINYCC_PROFILE=f, all C files call `void f(int step)`, which is yours, with the number of the
 * step that runs from now on, and with BRANCHES_STEPS when none does: it is done, or waits. */
#define BRANCHES_STEPS 9
#ifdef TINYCC_PROFILE
void TINYCC_PROFILE(int step);
extern const char *const branches_step_names[BRANCHES_STEPS + 1];
#endif

/* Private, and of no use outside an inference: what the arena does not hold. */
typedef struct {
    uint8_t *arena;
    uint16_t at;
    uint16_t turns[1];
} branches_t;

/* An inference goes on, or is done. */
enum { BRANCHES_MORE, BRANCHES_DONE };

/* `arena`: BRANCHES_ARENA_BYTES bytes, aligned to 4; not read or written here. */
branches_t branches_init(void *arena);

/* Where to put each input, before every run: it may overwrite it. */
int8_t *branches_input_left(branches_t *net);
int8_t *branches_input_right(branches_t *net);

/* One inference. */
void branches_run(branches_t *net);

/* The same in slices, for programs that have other things to do meanwhile: one row of one layer at a
 * time, or a layer that has none. branches_begin, then branches_step until it returns BRANCHES_DONE.
 * May be given up at any time. */
void branches_begin(branches_t *net);
int branches_step(branches_t *net);

/* The result, valid from one inference until the next one begins. */
const int8_t *branches_output_map(const branches_t *net);
const int8_t *branches_output_chances(const branches_t *net);

/* For programs that hold real numbers: real / scale + zero point, to the nearest, half to even, and
 * the end of the range for what lies beyond; NaN gives the zero point. */
static inline int32_t branches_nearest(float real, float scale, int32_t zero, int32_t low, int32_t high)
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

/* BRANCHES_INPUT_LEFT_BYTES real numbers as values of `left`. */
static inline void branches_quantize_input_left(const float *real, int8_t *stored)
{
    for (int32_t i = 0; i < BRANCHES_INPUT_LEFT_BYTES; i++) {
        stored[i] = (int8_t)branches_nearest(real[i], BRANCHES_INPUT_LEFT_SCALE, BRANCHES_INPUT_LEFT_ZERO_POINT, -128, 127);
    }
}

/* BRANCHES_INPUT_RIGHT_BYTES real numbers as values of `right`. */
static inline void branches_quantize_input_right(const float *real, int8_t *stored)
{
    for (int32_t i = 0; i < BRANCHES_INPUT_RIGHT_BYTES; i++) {
        stored[i] = (int8_t)branches_nearest(real[i], BRANCHES_INPUT_RIGHT_SCALE, BRANCHES_INPUT_RIGHT_ZERO_POINT, -128, 127);
    }
}

/* The real numbers, BRANCHES_OUTPUT_MAP_BYTES of them, that the values of `map` stand for. */
static inline void branches_dequantize_output_map(const int8_t *stored, float *real)
{
    for (int32_t i = 0; i < BRANCHES_OUTPUT_MAP_BYTES; i++) {
        real[i] = BRANCHES_OUTPUT_MAP_SCALE * (float)(stored[i] - BRANCHES_OUTPUT_MAP_ZERO_POINT);
    }
}

/* The real numbers, BRANCHES_OUTPUT_CHANCES_BYTES of them, that the values of `chances` stand for. */
static inline void branches_dequantize_output_chances(const int8_t *stored, float *real)
{
    for (int32_t i = 0; i < BRANCHES_OUTPUT_CHANCES_BYTES; i++) {
        real[i] = BRANCHES_OUTPUT_CHANCES_SCALE * (float)(stored[i] - BRANCHES_OUTPUT_CHANCES_ZERO_POINT);
    }
}

#ifdef __cplusplus
}
#endif

#endif
