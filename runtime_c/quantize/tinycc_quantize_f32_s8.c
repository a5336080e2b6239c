#include <string.h>

#include "tinycc_quantize.h"

/* Half to even. Beyond +-512 every zero point saturates; `value - whole` is exact. */
static int32_t tinycc_quantize_f32_s8_round(float value)
{
    if (value != value) {
        return 0;
    }
    if (value >= 512.0f || value <= -512.0f) {
        return value > 0.0f ? 512 : -512;
    }
    const int32_t whole = (int32_t)value;
    const float rest = value - (float)whole;
    const int32_t odd = whole & 1;
    if (rest > 0.5f || (rest == 0.5f && odd)) {
        return whole + 1;
    }
    return rest < -0.5f || (rest == -0.5f && odd) ? whole - 1 : whole;
}

void tinycc_quantize_f32_s8(const void *params, const void *const *in, void *out, int32_t n,
                            void *scratch)
{
    const tinycc_quantize_f32_s8_params *p = params;
    const uint8_t *x = in[0];
    int8_t *y = out;
    (void)scratch;
    for (int32_t i = 0; i < n; i++) {
        float value;
        memcpy(&value, x + (size_t)i * sizeof value, sizeof value);
        const int32_t steps = tinycc_quantize_f32_s8_round(value / p->scale) + p->zero;
        y[i] = (int8_t)(steps < INT8_MIN ? INT8_MIN : steps > INT8_MAX ? INT8_MAX : steps);
    }
}
