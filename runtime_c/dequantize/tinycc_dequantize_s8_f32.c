#include <string.h>

#include "tinycc_dequantize.h"

void tinycc_dequantize_s8_f32(const void *params, const void *const *in, void *out, int32_t n,
                              void *scratch)
{
    const tinycc_dequantize_s8_f32_params *p = params;
    const int8_t *x = in[0];
    uint8_t *y = out;
    (void)scratch;
    for (int32_t i = 0; i < n; i++) {
        const float value = (float)(x[i] - p->zero) * p->scale;
        memcpy(y + (size_t)i * sizeof value, &value, sizeof value);
    }
}
