#include "tinycc_lookup.h"

#ifdef __ARM_FEATURE_MVE

void tinycc_lookup_s8_mve(const void *params, const void *const *in, void *out, int32_t n,
                          void *scratch)
{
    const int8_t *table = ((const tinycc_lookup_s8_params *)params)->table;
    const uint8_t *x = in[0];
    int8_t *y = out;
    (void)scratch;
    __asm__ volatile("wlstp.8 lr, %[n], 2f\n"
                     "1: vldrb.8 q0, [%[x]], #16\n"
                     "vldrb.u8 q1, [%[table], q0]\n"
                     "vstrb.8 q1, [%[y]], #16\n"
                     "letp lr, 1b\n"
                     "2:\n"
                     : [x] "+r"(x), [y] "+r"(y)
                     : [n] "r"(n), [table] "r"(table)
                     : "lr", "q0", "q1", "memory");
}

#endif
