#include <string.h>

#include "tinycc_concat.h"

void tinycc_concat_s8(const void *params, const void *const *in, void *out, int32_t n,
                      void *scratch)
{
    const tinycc_concat_s8_params *p = params;
    int8_t *y = out;
    (void)scratch;
    for (int32_t unit = 0; unit < n; unit++) {
        for (int32_t i = 0; i < p->inputs; i++) {
            const int32_t bytes = p->bytes[i];
            memcpy(y, (const int8_t *)in[i] + unit * bytes, (size_t)bytes);
            y += bytes;
        }
    }
}
