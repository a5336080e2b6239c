#include "tinycc_conv2d.h"

#ifdef __ARM_FEATURE_MVE

#define TINYCC_DWCONV_MVE(name) tinycc_dwconv4x4_s8_mve_##name
#define TINYCC_DWCONV_MVE_PREFIX "tinycc_dwconv4x4_s8_mve_"
#define TINYCC_DWCONV_MVE_PLANES 1
#define TINYCC_DWCONV_MVE_VECTORS 1
#include "tinycc_dwconv_mve.h"

void tinycc_dwconv4x4_s8_mve(const void *params, const void *const *in, void *out, int32_t n,
                            void *scratch)
{
    (void)n; /* one row: the caller moves the window */
    tinycc_dwconv4x4_s8_mve_row(params, in, out, scratch);
}

#endif
