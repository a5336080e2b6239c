#include "tinycc_average_pool2d.h"

/* All sums become outputs; every window has kernel_height * kernel_width pixels. */
static void tinycc_global_average_pool2d_s8_finish(const tinycc_average_pool2d_s8_params *p,
                                                   const int32_t *sums, int8_t *y)
{
    const int32_t count = p->kernel_height * p->kernel_width;
    for (int32_t c = 0; c < p->channels; c++) {
        y[c] = tinycc_requantize(sums[c] - count * p->in_zero, p->multiplier[count - p->least],
                                 p->shift, p->out_zero, p->low, p->high);
    }
}

void tinycc_global_average_pool2d_s8(const void *params, const void *const *in, void *out,
                                     int32_t n, void *scratch)
{
    const tinycc_average_pool2d_s8_params *p = params;
    const int8_t *x = in[0];
    int32_t *sums = scratch;
    for (int32_t c = 0; n == 0 && c < p->channels; c++) {
        sums[c] = 0;
    }
    for (int32_t pixel = 0; pixel < p->in_width; pixel++) {
        for (int32_t c = 0; c < p->channels; c++) {
            sums[c] += *x++;
        }
    }
    if (n == p->kernel_height - 1) {
        tinycc_global_average_pool2d_s8_finish(p, sums, out);
    }
}
