#include "tinycc_transpose.h"

/* Moves `x` to the next line of the last axis; 0 when there is none left. */
static int tinycc_transpose_s8_next(const tinycc_transpose_s8_params *p, int32_t *index,
                                    const int8_t **x)
{
    for (int32_t axis = p->rank - 2; axis >= 0; axis--) {
        *x += p->strides[axis];
        if (++index[axis] < p->extents[axis]) {
            return 1;
        }
        *x -= p->extents[axis] * p->strides[axis];
        index[axis] = 0;
    }
    return 0;
}

void tinycc_transpose_s8(const void *params, const void *const *in, void *out, int32_t n,
                         void *scratch)
{
    const tinycc_transpose_s8_params *p = params;
    const int32_t length = p->extents[p->rank - 1];
    const int32_t step = p->strides[p->rank - 1];
    const int8_t *x = (const int8_t *)in[0] + p->offset;
    int32_t index[TINYCC_TRANSPOSE_MAX_RANK] = {0};
    int8_t *y = out;
    (void)n; /* one unit */
    (void)scratch;
    do {
        for (int32_t i = 0; i < length; i++) {
            *y++ = x[i * step];
        }
    } while (tinycc_transpose_s8_next(p, index, &x));
}
