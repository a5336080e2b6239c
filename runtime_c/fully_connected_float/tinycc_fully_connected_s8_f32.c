#include <string.h>

#include "tinycc_fully_connected_float.h"

void tinycc_fully_connected_s8_f32(const void *params, const void *const *in, void *out, int32_t n,
                                   void *scratch)
{
    const tinycc_fully_connected_s8_f32_params *p = params;
    const int8_t *x = in[0];
    uint8_t *y = out;
    (void)scratch;
    for (int32_t vector = 0; vector < n; vector++) {
        const int8_t *weights = p->weights;
        for (int32_t channel = 0; channel < p->out_channels; channel++) {
            int32_t acc = p->bias[channel];
            float value;
            for (int32_t i = 0; i < p->in_channels; i++) {
                acc += *weights++ * x[i];
            }
            value = (float)acc * p->scale[channel];
            value = value < p->low ? p->low : value;
            value = value > p->high ? p->high : value;
            memcpy(y, &value, sizeof value);
            y += sizeof value;
        }
        x += p->in_channels;
    }
}
