#include "tinycc_conv2d.h"

#ifdef __ARM_FEATURE_MVE

#define TINYCC_DENSE_MVE(name) tinycc_conv2d_s8_mve_##name
#define TINYCC_DENSE_MVE_PREFIX "tinycc_conv2d_s8_mve_"
#define TINYCC_DENSE_MVE_FINISH TINYCC_MVE_FINISH
#define TINYCC_CONV2D_MVE(name) tinycc_conv2d_s8_mve_##name
#define TINYCC_CONV2D_MVE_PREFIX "tinycc_conv2d_s8_mve_"
#include "tinycc_conv2d_mve.h"

void tinycc_conv2d_s8_mve(const void *params, const void *const *in, void *out, int32_t n,
                          void *scratch)
{
    (void)n; /* one row: the caller moves the window */
    tinycc_conv2d_s8_mve_row(params, in, out, scratch);
}

#endif
