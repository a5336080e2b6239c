#include <string.h>

#include "tinycc_softmax_float.h"

static void tinycc_softmax_s8_f32_vector(const tinycc_softmax_s8_f32_params *p, const int8_t *x,
                                         uint8_t *y)
{
    int32_t max = x[0];
    float sum = 0.0f;
    for (int32_t i = 1; i < p->length; i++) {
        max = x[i] > max ? x[i] : max;
    }
    for (int32_t i = 0; i < p->length; i++) {
        sum += p->table[max - x[i]];
    }
    for (int32_t i = 0; i < p->length; i++) {
        const float share = p->table[max - x[i]] / sum;
        memcpy(y + (size_t)i * sizeof share, &share, sizeof share);
    }
}

void tinycc_softmax_s8_f32(const void *params, const void *const *in, void *out, int32_t n,
                           void *scratch)
{
    const tinycc_softmax_s8_f32_params *p = params;
    const int8_t *x = in[0];
    uint8_t *y = out;
    (void)scratch;
    for (int32_t vector = 0; vector < n; vector++) {
        tinycc_softmax_s8_f32_vector(p, x, y);
        x += p->length;
        y += (size_t)p->length * sizeof(float);
    }
}
