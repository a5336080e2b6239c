/* A network of two steps, written by hand to the interface of generated code: y = (a + b) * 3 / 2 in four rows. */
#ifndef ADDER_H
#define ADDER_H

#include <stdint.h>

#define ADDER_INPUT_LEFT_BYTES 64
#define ADDER_INPUT_RIGHT_BYTES 64
#define ADDER_OUTPUT_BYTES 64
#ifndef ADDER_ARENA_BYTES
#define ADDER_ARENA_BYTES 192
#endif
#define ADDER_ALIGN __attribute__((aligned(4)))

typedef struct {
    uint8_t *arena;
} adder_t;

adder_t adder_init(void *arena);
void *adder_input_left(adder_t *net);
void *adder_input_right(adder_t *net);
void adder_run(adder_t *net);
const void *adder_output(const adder_t *net);

#endif
