#include "tinycc_conv2d.h"

#ifdef __ARM_FEATURE_MVE

#define TINYCC_DENSE_MVE(name) tinycc_conv1x1_odd_s8_mve_##name
#define TINYCC_DENSE_MVE_PREFIX "tinycc_conv1x1_odd_s8_mve_"
#define TINYCC_DENSE_MVE_FINISH TINYCC_MVE_FINISH_ODD
#define TINYCC_DENSE_MVE_RAGGED
#include "tinycc_dense_mve.h"

/* Where a dying input lies above the output (rows are made in order, and no row of the output
 * reaches the input row that it is made from), two vectors of different rows must not be taken
 * together if the outputs of both reach the first one: the vectors from the start on, or up to
 * the end, for which they do are taken one by one. */
void tinycc_conv1x1_odd_s8_mve(const void *params, const void *const *in, void *out, int32_t n,
                               void *scratch)
{
    const tinycc_conv1x1_s8_params *p = params;
    const tinycc_dense_mve dense = {
        p->in_channels, p->in_channels, p->out_channels,
        p->out_zero, p->low, p->high, (int32_t)1 << (p->fraction + p->shift),
        p->weights, p->bias,
    };
    const int8_t *x = in[0];
    int8_t *y = out;
    tinycc_tile_mve tile;
    (void)scratch;
    tinycc_conv1x1_odd_s8_mve_begin(&dense, &tile);
    while (n > 0) {
        const int32_t pairs = tinycc_tile_mve_apart(x, y, p->in_channels, p->out_channels, n);
        const int32_t count = pairs > 0 ? pairs : 1;
        tinycc_conv1x1_odd_s8_mve_run(&dense, &tile, x, y, count);
        x += count * p->in_channels;
        y += count * p->out_channels;
        n -= count;
    }
}

#endif
