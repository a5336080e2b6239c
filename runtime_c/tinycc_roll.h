/* Rolling regions: several steps take turns, each making one row at a time, and only the rows that
 * somebody still needs are kept. Tables are printed by the compiler, which has played the same rule
 * through to size the rings.
 */
#ifndef TINYCC_ROLL_H
#define TINYCC_ROLL_H

#include "tinycc_runtime.h"

/* Row r at offset + (r * stride + shift) % kept * row_bytes of bases[base], or of `fixed` where that
 * is not null. stride is 1 and shift 0 but for rows that replace rows of another tensor's ring.
 * kept == height: the whole tensor. maker: the step of the region that makes it, -1: it is there. */
typedef struct {
    const void *fixed;
    int32_t offset, row_bytes;
    int16_t height, kept, maker, base;
    int16_t stride, shift;
} tinycc_roll_tensor;

/* Turn t reads `window` rows from t * stride - pad, or from first[t] where `first` is not null.
 * stride 0: row 0, every time. */
typedef struct {
    const uint16_t *first;
    int16_t tensor, window, stride, pad;
} tinycc_roll_operand;

/* A kernel and its operands. n is what the kernel gets: 1 for ROWS, units per row for RUN. With
 * accumulates 1 it gets the number of the turn instead, and its one row is there after the last. */
typedef struct {
    tinycc_kernel *kernel;
    const void *params;
    const tinycc_roll_operand *operands;
    int32_t scratch; /* offset from bases[base], -1: none */
    int32_t n;
    int16_t operand_count, output, turns;
    int16_t last_reader; /* the last step of the region that reads the output; itself if none does */
    int8_t accumulates, base;
} tinycc_roll_step;

/* Of a tensor that the caller pushes row by row (`pushed`, or null) bases[newest] is the newest row,
 * turns[step_count] the number of rows pushed, and `kept` how many earlier ones there are. */
typedef struct {
    const tinycc_roll_tensor *tensors;
    const tinycc_roll_step *steps;
    const tinycc_roll_tensor *pushed;
    int16_t newest;
    int16_t step_count;
    int16_t number; /* of its first step in the whole network, for TINYCC_STEP */
} tinycc_roll_region;

/* Runs a region from where it stands: one row of the last step whose next row has all its inputs,
 * until there is none. Returns 1 when all is done, 0 to be called again: for more slices, or with
 * the next row pushed. `bases`: the arenas, then what lies elsewhere and is only read. `pointers`:
 * room for the most rows that a step reads. */
int tinycc_roll(const tinycc_roll_region *region, uint8_t *const *bases, const void **pointers,
                tinycc_progress *progress);

#endif
