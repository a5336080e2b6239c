#include "tinycc_conv2d.h"

#if defined(__riscv)

#include "tinycc_dot_s8_rv32.h"

void tinycc_conv1x1_s8_rv32(const void *params, const void *const *in, void *out, int32_t n,
                            void *scratch)
{
    const tinycc_conv1x1_s8_dsp_params *p = params;
    (void)scratch;
    tinycc_dot_s8_rv32(&p->dot, p->packed, in[0], p->in_channels, p->in_channels, out, n);
}

#endif
