#include "tinycc_conv2d.h"

void tinycc_conv1x1_s8(const void *params, const void *const *in, void *out, int32_t n,
                       void *scratch)
{
    const tinycc_conv1x1_s8_params *p = params;
    const int8_t *x = in[0];
    int8_t *y = out;
    (void)scratch;
    for (int32_t pixel = 0; pixel < n; pixel++) {
        const int8_t *weights = p->weights;
        for (int32_t channel = 0; channel < p->out_channels; channel++) {
            int32_t sum = 0, acc;
            for (int32_t i = 0; i < p->in_channels; i++) {
                sum += *weights++ * x[i];
            }
            acc = sum * ((int32_t)1 << p->fraction) + p->bias[channel];
            *y++ = tinycc_requantize(acc, p->multiplier[channel], p->shift, p->out_zero, p->low,
                                     p->high);
        }
        x += p->in_channels;
    }
}
