/* uint8: a neural network as C, made by tinycc 0.1.0.
 * Model m.onnx (SHA-256 948ba8d0dfd0f3e0), target cortex-m4.
 *
 *   static uint8_t arena[UINT8_ARENA_BYTES] UINT8_ALIGN;
 *   uint8_t net = uint8_init(arena);
 *   memcpy(uint8_input(&net), data, UINT8_INPUT_BYTES);
 *   uint8_run(&net);
 *   int best = uint8_argmax(&net);
 *
 * All state lies in the arena and in uint8_t: several networks, or several of the same, do not
 * disturb each other. Networks that do not run at the same time may share one arena.
 */
#ifndef UINT8_H
#define UINT8_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define UINT8_ARENA_BYTES 404
#define UINT8_ALIGN __attribute__((aligned(4)))

/* Input `x`: uint8 1x2x8x8 scale 0.05 zero 138, real = scale * (value - zero point). */
#define UINT8_INPUT_BYTES 128
#define UINT8_INPUT_SCALE 0.05000000074505806f
#define UINT8_INPUT_ZERO_POINT 138
/* Output `y`: uint8 1x3 scale 0.3 zero 138, real = scale * (value - zero point). */
#define UINT8_OUTPUT_BYTES 3
#define UINT8_OUTPUT_SCALE 0.30000001192092896f
#define UINT8_OUTPUT_ZERO_POINT 138

typedef struct {
    uint8_t *arena;
} uint8_t;

/* `arena`: UINT8_ARENA_BYTES bytes, aligned to 4; not read or written here. */
uint8_t uint8_init(void *arena);

/* Where to put the input, before every run: a run may overwrite it. */
uint8_t *uint8_input(uint8_t *net);

/* One inference. */
void uint8_run(uint8_t *net);

/* The result, valid from one run until the next. */
const uint8_t *uint8_output(const uint8_t *net);

/* Index of the largest of the 3 outputs, the first one of equals. */
int uint8_argmax(const uint8_t *net);

#ifdef __cplusplus
}
#endif

#endif
