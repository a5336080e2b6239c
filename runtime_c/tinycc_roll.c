#include "tinycc_roll.h"

#include <string.h>

/* Rows of a tensor that are there. */
static int32_t tinycc_roll_there(const tinycc_roll_region *region, const uint16_t *turns,
                                 const tinycc_roll_tensor *tensor)
{
    const tinycc_roll_step *maker;
    if (tensor == region->pushed) {
        return turns[region->step_count];
    }
    if (tensor->maker < 0) {
        return tensor->height;
    }
    maker = &region->steps[tensor->maker];
    if (maker->accumulates) {
        return turns[tensor->maker] == maker->turns;
    }
    return turns[tensor->maker];
}

static int32_t tinycc_roll_first(const tinycc_roll_operand *operand, int32_t turn)
{
    return operand->first != NULL ? operand->first[turn] : turn * operand->stride - operand->pad;
}

static int tinycc_roll_ready(const tinycc_roll_region *region, const uint16_t *turns, int32_t index)
{
    const tinycc_roll_step *step = &region->steps[index];
    if (turns[index] == step->turns) {
        return 0;
    }
    for (int32_t i = 0; i < step->operand_count; i++) {
        const tinycc_roll_operand *operand = &step->operands[i];
        const tinycc_roll_tensor *tensor = &region->tensors[operand->tensor];
        int32_t last = tinycc_roll_first(operand, turns[index]) + operand->window - 1;
        last = last < tensor->height ? last : tensor->height - 1;
        if (last >= tinycc_roll_there(region, turns, tensor)) {
            return 0;
        }
    }
    return 1;
}

/* Where a row begins, from the first one on. */
static int32_t tinycc_roll_slot(const tinycc_roll_tensor *tensor, int32_t row)
{
    return (row * tensor->stride + tensor->shift) % tensor->kept * tensor->row_bytes;
}

/* Where a row lies; a null pointer for a row outside the image. */
static const uint8_t *tinycc_roll_row(const tinycc_roll_region *region,
                                      const tinycc_roll_tensor *tensor, uint8_t *const *bases,
                                      const uint16_t *turns, int32_t row)
{
    const uint8_t *start = tensor->fixed;
    if (row < 0 || row >= tensor->height) {
        return NULL;
    }
    if (tensor == region->pushed && row == turns[region->step_count] - 1) {
        return bases[region->newest];
    }
    if (start == NULL) {
        start = bases[tensor->base] + tensor->offset;
    }
    return start + tinycc_roll_slot(tensor, row);
}

static void tinycc_roll_turn(const tinycc_roll_region *region, int32_t index,
                             uint8_t *const *bases, const uint16_t *turns, const void **pointers)
{
    const tinycc_roll_step *step = &region->steps[index];
    const tinycc_roll_tensor *out = &region->tensors[step->output];
    const int32_t turn = turns[index], row = step->accumulates ? 0 : turn;
    int32_t count = 0;
    for (int32_t i = 0; i < step->operand_count; i++) {
        const tinycc_roll_operand *operand = &step->operands[i];
        const int32_t first = tinycc_roll_first(operand, turn);
        for (int32_t j = 0; j < operand->window; j++) {
            pointers[count++] = tinycc_roll_row(region, &region->tensors[operand->tensor], bases,
                                                turns, first + j);
        }
    }
    step->kernel(step->params, pointers,
                 bases[out->base] + out->offset + tinycc_roll_slot(out, row),
                 step->accumulates ? turn : step->n,
                 step->scratch < 0 ? NULL : bases[step->base] + step->scratch);
}

/* The newest row of the pushed tensor becomes an earlier one. */
static void tinycc_roll_keep(const tinycc_roll_region *region, uint8_t *const *bases, int32_t rows)
{
    const tinycc_roll_tensor *tensor = region->pushed;
    if (tensor->kept > 0) {
        memcpy(bases[tensor->base] + tensor->offset + (rows - 1) % tensor->kept * tensor->row_bytes,
               bases[region->newest], (size_t)tensor->row_bytes);
    }
}

int tinycc_roll(const tinycc_roll_region *region, uint8_t *const *bases, const void **pointers,
                tinycc_progress *progress)
{
    uint16_t *turns = progress->turns;
    int32_t index = region->step_count - 1;
    while (index >= 0) {
        if (!tinycc_roll_ready(region, turns, index)) {
            index--;
            continue;
        }
        if (progress->slices == 0) {
            return 0;
        }
        progress->slices--;
        TINYCC_STEP(region->number + index);
        tinycc_roll_turn(region, index, bases, turns, pointers);
        turns[index]++;
        index = region->steps[index].last_reader; /* none behind it was ready, or is now */
    }
    if (region->pushed != NULL) {
        if (turns[region->step_count] < region->pushed->height) {
            tinycc_roll_keep(region, bases, turns[region->step_count]);
            return 0;
        }
        turns[region->step_count] = 0;
    }
    for (index = 0; index < region->step_count; index++) {
        turns[index] = 0;
    }
    return 1;
}
