/* unsigned_bytes: a neural network as C, made by tinycc 0.1.0.
 * Model m.onnx (SHA-256 948ba8d0dfd0f3e0), target cortex-m4.
 *
 *   static uint8_t arena[UNSIGNED_BYTES_ARENA_BYTES] UNSIGNED_BYTES_ALIGN;
 *   unsigned_bytes_t net = unsigned_bytes_init(arena);
 *   memcpy(unsigned_bytes_input(&net), data, UNSIGNED_BYTES_INPUT_BYTES);
 *   unsigned_bytes_run(&net);
 *   int best = unsigned_bytes_argmax(&net);
 *
 * All state lies in the arena and in unsigned_bytes_t: several networks, or several of the same, do not
 * disturb each other. Networks that do not run at the same time may share one arena.
 */
#ifndef UNSIGNED_BYTES_H
#define UNSIGNED_BYTES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define UNSIGNED_BYTES_ARENA_BYTES 544
#define UNSIGNED_BYTES_ALIGN __attribute__((aligned(4)))

/* Input `x`: uint8 1x2x8x8 scale 0.05 zero 138. A value v stands for the real number
 * UNSIGNED_BYTES_INPUT_SCALE * (v - UNSIGNED_BYTES_INPUT_ZERO_POINT). */
#define UNSIGNED_BYTES_INPUT_BYTES 128
#define UNSIGNED_BYTES_INPUT_SCALE 0.05000000074505806f
#define UNSIGNED_BYTES_INPUT_ZERO_POINT (138)
/* Output `y`: uint8 1x3 scale 0.3 zero 138. A value v stands for the real number
 * UNSIGNED_BYTES_OUTPUT_SCALE * (v - UNSIGNED_BYTES_OUTPUT_ZERO_POINT). */
#define UNSIGNED_BYTES_OUTPUT_BYTES 3
#define UNSIGNED_BYTES_OUTPUT_SCALE 0.30000001192092896f
#define UNSIGNED_BYTES_OUTPUT_ZERO_POINT (138)

/* The steps of an inference, counted from 0; unsigned_bytes.c says what each of them does. Compiled with
 * -DTINYCC_PROFILE=f, all C files call `void f(int step)`, which is yours, with the number of the
 * step that runs from now on, and with UNSIGNED_BYTES_STEPS when none does: it is done, or waits. */
#define UNSIGNED_BYTES_STEPS 6
#ifdef TINYCC_PROFILE
void TINYCC_PROFILE(int step);
extern const char *const unsigned_bytes_step_names[UNSIGNED_BYTES_STEPS + 1];
#endif

/* Private, and of no use outside an inference: what the arena does not hold. */
typedef struct {
    uint8_t *arena;
    uint16_t at;
    uint16_t turns[1];
} unsigned_bytes_t;

/* An inference goes on, or is done. */
enum { UNSIGNED_BYTES_MORE, UNSIGNED_BYTES_DONE };

/* `arena`: UNSIGNED_BYTES_ARENA_BYTES bytes, aligned to 4; not read or written here. */
unsigned_bytes_t unsigned_bytes_init(void *arena);

/* Where to put the input, before every run: it may overwrite it. */
uint8_t *unsigned_bytes_input(unsigned_bytes_t *net);

/* One inference. */
void unsigned_bytes_run(unsigned_bytes_t *net);

/* The same in slices, for programs that have other things to do meanwhile: one row of one layer at a
 * time, or a layer that has none. unsigned_bytes_begin, then unsigned_bytes_step until it returns UNSIGNED_BYTES_DONE.
 * May be given up at any time. */
void unsigned_bytes_begin(unsigned_bytes_t *net);
int unsigned_bytes_step(unsigned_bytes_t *net);

/* The result, valid from one inference until the next one begins. */
const uint8_t *unsigned_bytes_output(const unsigned_bytes_t *net);

/* Index of the largest of the 3 outputs, the first one of equals. */
int unsigned_bytes_argmax(const unsigned_bytes_t *net);

/* For programs that hold real numbers: real / scale + zero point, to the nearest, half to even, and
 * the end of the range for what lies beyond; NaN gives the zero point. */
static inline int32_t unsigned_bytes_nearest(float real, float scale, int32_t zero, int32_t low, int32_t high)
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

/* UNSIGNED_BYTES_INPUT_BYTES real numbers as values of `x`. */
static inline void unsigned_bytes_quantize_input(const float *real, uint8_t *stored)
{
    for (int32_t i = 0; i < UNSIGNED_BYTES_INPUT_BYTES; i++) {
        stored[i] = (uint8_t)unsigned_bytes_nearest(real[i], UNSIGNED_BYTES_INPUT_SCALE, UNSIGNED_BYTES_INPUT_ZERO_POINT, 0, 255);
    }
}

/* The real numbers, UNSIGNED_BYTES_OUTPUT_BYTES of them, that the values of `y` stand for. */
static inline void unsigned_bytes_dequantize_output(const uint8_t *stored, float *real)
{
    for (int32_t i = 0; i < UNSIGNED_BYTES_OUTPUT_BYTES; i++) {
        real[i] = UNSIGNED_BYTES_OUTPUT_SCALE * (float)(stored[i] - UNSIGNED_BYTES_OUTPUT_ZERO_POINT);
    }
}

#ifdef __cplusplus
}
#endif

#endif
