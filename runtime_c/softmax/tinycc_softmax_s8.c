#include "tinycc_softmax.h"

static int32_t tinycc_softmax_s8_max(const int8_t *x, int32_t length)
{
    int32_t max = x[0];
    for (int32_t i = 1; i < length; i++) {
        max = x[i] > max ? x[i] : max;
    }
    return max;
}

static void tinycc_softmax_s8_vector(const tinycc_softmax_s8_params *p, const int8_t *x, int8_t *y)
{
    const int32_t max = tinycc_softmax_s8_max(x, p->length);
    uint64_t sum = 0;
    for (int32_t i = 0; i < p->length; i++) {
        sum += p->table[max - x[i]];
    }
    for (int32_t i = 0; i < p->length; i++) {
        const uint64_t scaled = (uint64_t)p->table[max - x[i]] * p->inverse_scale;
        const int32_t value = (int32_t)((scaled + (sum << 15)) / (sum << 16)) + p->out_zero;
        y[i] = (int8_t)(value > INT8_MAX ? INT8_MAX : value);
    }
}

void tinycc_softmax_s8(const void *params, const void *const *in, void *out, int32_t n,
                       void *scratch)
{
    const tinycc_softmax_s8_params *p = params;
    const int8_t *x = in[0];
    int8_t *y = out;
    (void)scratch;
    for (int32_t vector = 0; vector < n; vector++) {
        tinycc_softmax_s8_vector(p, x + vector * p->length, y + vector * p->length);
    }
}
