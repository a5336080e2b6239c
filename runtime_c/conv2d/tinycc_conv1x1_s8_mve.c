#include "tinycc_conv2d.h"

#ifdef __ARM_FEATURE_MVE

#define TINYCC_DENSE_MVE(name) tinycc_conv1x1_s8_mve_##name
#define TINYCC_DENSE_MVE_PREFIX "tinycc_conv1x1_s8_mve_"
#define TINYCC_DENSE_MVE_RAGGED
#include "tinycc_dense_mve.h"

void tinycc_conv1x1_s8_mve(const void *params, const void *const *in, void *out, int32_t n,
                           void *scratch)
{
    const tinycc_conv1x1_s8_params *p = params;
    const tinycc_dense_mve dense = {
        p->in_channels, p->in_channels, p->out_channels,
        p->out_zero, p->low, p->high, (int32_t)1 << (p->fraction + p->shift),
        p->weights, p->bias,
    };
    tinycc_tile_mve tile;
    (void)scratch;
    tinycc_conv1x1_s8_mve_begin(&dense, &tile);
    tinycc_conv1x1_s8_mve_run(&dense, &tile, in[0], out, n);
}

#endif
