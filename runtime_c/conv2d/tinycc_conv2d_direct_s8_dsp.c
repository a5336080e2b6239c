#include "tinycc_conv2d.h"

#if defined(__ARM_FEATURE_DSP)

#include <string.h>

#include "tinycc_vectors_dsp.h"

/* Neighbouring inputs of a pixel, in the row they lie in. The order is that of the assembly. */
typedef struct {
    int32_t skip; /* bytes of the loop that its first round leaves out */
    const int8_t *end, *x;
} tinycc_conv2d_direct_s8_dsp_part;

/* All outputs of a pixel, saturated. `packed`: as tinycc_vectors_dsp.h says. */
void tinycc_conv2d_direct_s8_dsp_dot(const int32_t *packed,
                                     const tinycc_conv2d_direct_s8_dsp_part *parts, int8_t *y,
                                     const tinycc_dot_s8_dsp_params *p,
                                     const tinycc_conv2d_direct_s8_dsp_part *parts_end);

/* r10 next part; the rest, and the stack, as in tinycc_vector_function. */
__asm__(
    ".set   tinycc_direct_parts, tinycc_dot_strip\n"
    ".set   tinycc_direct_parts_end, tinycc_dot_pixel_bytes\n"
    "tinycc_dot_function tinycc_conv2d_direct_s8_dsp_dot\n"
    "    push   {r4-r11, lr}\n"
    "    ldr    r4, [sp, #36]\n"
    "    mov    lr, r0\n"
    "    ldrd   r5, r6, [r3, #8]\n" /* constant, fraction */
    "    ldr    r3, [r3, #4]\n"     /* channels */
    "    sub    r2, r2, #1\n"
    "    push   {r0-r7}\n"
    "1:  ldmia  lr!, {r0-r3}\n"
    "    ldr    r10, [sp, #tinycc_direct_parts]\n"
    "7:  ldmia  r10!, {r4, r11, r12}\n"
    "    add    pc, r4\n"
    "    nop.n\n"
    "2:\n"
    "    .rept  4\n"
    "    ldr.w  r4, [r12], #4\n"
    "    tinycc_vector_products\n"
    "    .endr\n"
    "    cmp    r12, r11\n"
    "    bne    2b\n"
    "    ldr    r4, [sp, #tinycc_direct_parts_end]\n"
    "    cmp    r10, r4\n"
    "    bne    7b\n"
    "    tinycc_vector_finish tinycc_vector_sums\n"
    "tinycc_dot_end_function tinycc_conv2d_direct_s8_dsp_dot\n");

enum { TINYCC_DIRECT_QUAD = 64 }; /* bytes of code */

static inline tinycc_conv2d_direct_s8_dsp_part tinycc_conv2d_direct_s8_dsp_made(const int8_t *x,
                                                                                int32_t bytes)
{
    const tinycc_conv2d_direct_s8_dsp_part part = {
        (-(bytes / 4) & 3) * TINYCC_DIRECT_QUAD, x + bytes, x};
    return part;
}

void tinycc_conv2d_direct_s8_dsp(const void *params, const void *const *in, void *out, int32_t n,
                                 void *scratch)
{
    const tinycc_conv2d_s8_dsp_params *p = params;
    const int32_t channels = p->in_channels, reach = (p->kernel_width - 1) * p->dilation_width;
    tinycc_conv2d_direct_s8_dsp_part *const parts = scratch;
    int8_t *const zeros = (int8_t *)(parts + p->kernel_height * p->kernel_width);
    int8_t *y = out;
    (void)n; /* one row: the caller moves the window */
    memset(zeros, p->in_zero, (size_t)channels);
    for (int32_t x = 0; x < p->out_width; x++) {
        const int32_t left = x * p->stride - p->pad_left;
        const int inside = left >= 0 && left + reach < p->in_width && p->dilation_width == 1;
        tinycc_conv2d_direct_s8_dsp_part *part = parts;
        for (int32_t ky = 0; ky < p->kernel_height; ky++) {
            const int8_t *const row = in[ky * p->dilation_height];
            if (inside && row != NULL) {
                *part++ = tinycc_conv2d_direct_s8_dsp_made(row + left * channels,
                                                           p->kernel_width * channels);
                continue;
            }
            for (int32_t kx = 0; kx < p->kernel_width; kx++) {
                const int32_t column = left + kx * p->dilation_width;
                const int valid = row != NULL && column >= 0 && column < p->in_width;
                *part++ = tinycc_conv2d_direct_s8_dsp_made(
                    valid ? row + column * channels : zeros, channels);
            }
        }
        tinycc_conv2d_direct_s8_dsp_dot(p->packed, parts, y, &p->dot, part);
        tinycc_clamp_s8_dsp(y, p->dot.channels, p->dot.low, p->dot.high);
        y += p->dot.channels;
    }
}

#endif
