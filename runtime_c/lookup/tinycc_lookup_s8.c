#include "tinycc_lookup.h"

void tinycc_lookup_s8(const void *params, const void *const *in, void *out, int32_t n,
                      void *scratch)
{
    const int8_t *table = ((const tinycc_lookup_s8_params *)params)->table;
    const uint8_t *x = in[0];
    int8_t *y = out;
    (void)scratch;
    for (int32_t i = 0; i < n; i++) {
        y[i] = table[x[i]];
    }
}
