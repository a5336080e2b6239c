#include "tinycc_conv2d.h"

#if defined(__AVX2__)

#include "tinycc_dot_s8_x86.h"

void tinycc_conv1x1_s8_x86(const void *params, const void *const *in, void *out, int32_t n,
                           void *scratch)
{
    const tinycc_conv1x1_s8_dsp_params *p = params;
    const int32_t pitch = 4 * p->dot.quads;
    const tinycc_walk_x86 walk = {.rows = 1, .taps = 1, .words = p->dot.quads, .pixel_bytes = pitch};
    const int8_t *x = in[0];
    int8_t *y = out;
    while (n > 0) {
        const int32_t pixels = n < p->dot.pixels ? n : p->dot.pixels;
        const int32_t runs = pitch == p->in_channels ? 1 : pixels; /* or all are contiguous */
        const int32_t bytes = runs == 1 ? pixels * p->in_channels : p->in_channels;
        for (int32_t i = 0; i < runs; i++) {
            tinycc_flip_s8_x86((uint8_t *)scratch + i * pitch, x, bytes);
            x += bytes;
        }
        tinycc_dot_s8_x86(&p->dot, p->packed, scratch, &walk, y, pixels);
        y += pixels * p->dot.channels;
        n -= pixels;
    }
}

#endif
