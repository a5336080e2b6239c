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

/* Input `x with 'quotes', a<U+000A>newline, *<U+002F> and /<U+002A>, <U+005C> and ?<U+003F>/ and <U+00FC>ml<U+00E4>ut <U+6570>`: int8 1x2x4x4 scale 0.05 zero 0, real = scale * (value - zero point). */
#define HOSTILE_INPUT_BYTES 32
#define HOSTILE_INPUT_SCALE 0.05000000074505806f
#define HOSTILE_INPUT_ZERO_POINT (0)
/* Output `*<U+002F> #error broken<U+000D><U+000A>/<U+002A>`: int8 1x3x3x3 scale 0.05 zero 2, real = scale * (value - zero point). */
#define HOSTILE_OUTPUT_BYTES 27
#define HOSTILE_OUTPUT_SCALE 0.05000000074505806f
#define HOSTILE_OUTPUT_ZERO_POINT (2)

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

#ifdef __cplusplus
}
#endif

#endif
