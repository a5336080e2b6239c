#include "tinycc_dw_s8_thumb.h"

#if defined(__thumb__)

tinycc_dw_s8_thumb_plan tinycc_dw_s8_thumb_begin(const tinycc_dwconv2d_s8_thumb_params *p,
                                                 void *scratch)
{
    tinycc_dw_s8_thumb_plan plan;
    plan.ring = scratch;
    plan.rows = (const int32_t **)(plan.ring + p->slots * p->pitch);
    plan.weights = (int32_t *)(plan.rows + p->kernel_height);
    for (int32_t *to = plan.ring; to < (int32_t *)plan.rows; to++) {
        *to = p->in_zero;
    }
    return plan;
}

void tinycc_dw_s8_thumb_restart(const tinycc_dwconv2d_s8_thumb_params *p,
                                tinycc_dw_s8_thumb_plan *plan)
{
    const int32_t *row = plan->ring;
    plan->to = plan->ring + p->pad_left;
    for (int32_t i = 0; i < p->kernel_height; i++) {
        plan->rows[i] = row;
        row += p->dilation_height * p->pitch;
    }
}

/* One channel of `count` pixels that are `step` bytes apart. */
void tinycc_dw_s8_thumb_expand_row(int32_t *to, const int8_t *x, int32_t count, int32_t step);

/* r0 to, r1 x, r3 step, r7 offset into x; r12 where whole fours end, lr the end. */
__asm__(
    "    .syntax unified\n"
    "    .thumb\n"
    "    .pushsection .text.tinycc_dw_s8_thumb_expand_row, \"ax\", %progbits\n"
    "    .balign 4\n"
    "    .global tinycc_dw_s8_thumb_expand_row\n"
    "    .type  tinycc_dw_s8_thumb_expand_row, %function\n"
    "    .thumb_func\n"
    "tinycc_dw_s8_thumb_expand_row:\n"
    "    push   {r4-r7, lr}\n"
    "    lsls   r2, r2, #2\n"
    "    adds   r4, r0, r2\n"
    "    mov    lr, r4\n"
    "    movs   r5, #15\n"
    "    bics   r2, r2, r5\n"
    "    adds   r2, r2, r0\n"
    "    mov    r12, r2\n"
    "    movs   r7, #0\n"
    "    b      2f\n"
    "1:\n"
    "    .irp   value, r2, r4, r5, r6\n"
    "    ldrsb  \\value, [r1, r7]\n"
    "    adds   r7, r7, r3\n"
    "    .endr\n"
    "    stmia  r0!, {r2, r4-r6}\n"
    "2:  cmp    r0, r12\n"
    "    bne    1b\n"
    "    b      4f\n"
    "3:  ldrsb  r2, [r1, r7]\n"
    "    adds   r7, r7, r3\n"
    "    stmia  r0!, {r2}\n"
    "4:  cmp    r0, lr\n"
    "    bne    3b\n"
    "    pop    {r4-r7, pc}\n"
    "    .size  tinycc_dw_s8_thumb_expand_row, . - tinycc_dw_s8_thumb_expand_row\n"
    "    .popsection\n");

void tinycc_dw_s8_thumb_expand(const tinycc_dwconv2d_s8_thumb_params *p,
                               tinycc_dw_s8_thumb_plan *plan, const void *const *rows,
                               int32_t count, int32_t channel)
{
    const int8_t zero = (int8_t)p->in_zero;
    for (; count > 0; count--) {
        const int8_t *const row = *rows++;
        if (row == NULL) {
            tinycc_dw_s8_thumb_expand_row(plan->to, &zero, p->in_width, 0);
        } else {
            tinycc_dw_s8_thumb_expand_row(plan->to, row + channel, p->in_width, p->in_channels);
        }
        plan->to += p->pitch;
        if (plan->to >= (const int32_t *)plan->rows) {
            plan->to = plan->ring + p->pad_left;
        }
    }
}

void tinycc_dw_s8_thumb_move(const tinycc_dwconv2d_s8_thumb_params *p,
                             const tinycc_dw_s8_thumb_plan *plan, int32_t count)
{
    const int32_t *const end = (const int32_t *)plan->rows;
    const int32_t ring = p->slots * p->pitch;
    const int32_t **const rows_end = plan->rows + p->kernel_height;
    count *= p->pitch;
    for (const int32_t **row = plan->rows; row < rows_end; row++) {
        const int32_t *const next = *row + count;
        *row = next < end ? next : next - ring;
    }
}

void tinycc_dw_s8_thumb_load(const tinycc_dwconv2d_s8_thumb_params *p,
                             const tinycc_dw_s8_thumb_plan *plan, int32_t channel)
{
    const int32_t taps = p->kernel_height * p->kernel_width, unit = (int32_t)1 << p->fraction;
    const int8_t *w = p->weights + channel * taps;
    int32_t *to = plan->weights;
    for (int32_t *const end = to + taps; to < end; to++) {
        *to = *w++ * unit;
    }
    to[0] = p->bias[channel];
    to[1] = p->multiplier[channel];
}

#endif
