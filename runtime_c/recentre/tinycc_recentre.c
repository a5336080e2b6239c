#include "tinycc_recentre.h"

void tinycc_recentre(const void *params, const void *const *in, void *out, int32_t n, void *scratch)
{
    const tinycc_recentre_params *p = params;
    const uint8_t *x = in[0];
    uint8_t *y = out;
    (void)scratch;
    for (int32_t i = 0; i < n; i++) {
        y[i] = (uint8_t)(x[i] ^ p->flip);
    }
}
