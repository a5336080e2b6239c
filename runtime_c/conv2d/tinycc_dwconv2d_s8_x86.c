#include <string.h>

#include "tinycc_conv2d.h"

#if defined(__AVX2__)

#include "tinycc_sums_x86.h"

/* Up to four rows of the window. */
typedef struct {
    const int8_t *rows[4]; /* 16 bytes of padding where there is none */
    int32_t steps[4];      /* from column to column */
} tinycc_strip_x86;

/* Rows 4 * quad to 4 * quad + 3 of the window. */
static tinycc_strip_x86 tinycc_strip_of_x86(const tinycc_conv2d_s8_x86_params *p,
                                            const void *const *in, int32_t quad,
                                            const int8_t *padding)
{
    tinycc_strip_x86 strip;
    for (int32_t i = 0; i < 4; i++) {
        const int32_t ky = 4 * quad + i;
        const int8_t *const row = ky < p->kernel_height ? in[ky * p->dilation_height] : NULL;
        strip.rows[i] = row ? row : padding;
        strip.steps[i] = row ? p->in_channels : 0;
    }
    return strip;
}

/* 16 words of a channel's bytes in four rows. */
TINYCC_X86 void tinycc_interleave_x86(__m128i a, __m128i b, __m128i c, __m128i d, uint8_t *to)
{
    __m128i *const words = (__m128i *)(void *)to;
    const __m128i sign = _mm_set1_epi8(-128);
    const __m128i ab = _mm_xor_si128(_mm_unpacklo_epi8(a, b), sign);
    const __m128i cd = _mm_xor_si128(_mm_unpacklo_epi8(c, d), sign);
    const __m128i ab8 = _mm_xor_si128(_mm_unpackhi_epi8(a, b), sign);
    const __m128i cd8 = _mm_xor_si128(_mm_unpackhi_epi8(c, d), sign);
    _mm_storeu_si128(words, _mm_unpacklo_epi16(ab, cd));
    _mm_storeu_si128(words + 1, _mm_unpackhi_epi16(ab, cd));
    _mm_storeu_si128(words + 2, _mm_unpacklo_epi16(ab8, cd8));
    _mm_storeu_si128(words + 3, _mm_unpackhi_epi16(ab8, cd8));
}

TINYCC_X86 __m128i tinycc_bytes_at_x86(const int8_t *x)
{
    return _mm_loadu_si128((const __m128i *)(const void *)x);
}

TINYCC_X86 __m128i tinycc_few_at_x86(const int8_t *x, int32_t count)
{
    int8_t few[16] = {0};
    memcpy(few, x, (size_t)count);
    return tinycc_bytes_at_x86(few);
}

/* Columns `from` to `to` - 1 of the padded image, `left` of whose channels exist; 16 may be read
 * of all but the last columns of a row. Columns lie `pitch` bytes apart. */
static void tinycc_columns_x86(const tinycc_conv2d_s8_x86_params *p, const tinycc_strip_x86 *strip,
                               const int8_t *padding, int32_t channel, int32_t count, uint8_t *to,
                               int32_t pitch)
{
    const int32_t channels = p->in_channels, few = channels - channel < 16 ? channels - channel : 16;
    const int32_t end = p->pad_left + p->in_width < count ? p->pad_left + p->in_width : count;
    const int32_t bytes = p->in_width * channels - channel - 16;
    const int32_t safe = bytes < 0 ? 0 : bytes / channels + 1; /* columns */
    const int8_t *a = strip->rows[0] + (strip->steps[0] ? channel : 0);
    const int8_t *b = strip->rows[1] + (strip->steps[1] ? channel : 0);
    const int8_t *c = strip->rows[2] + (strip->steps[2] ? channel : 0);
    const int8_t *d = strip->rows[3] + (strip->steps[3] ? channel : 0);
    const __m128i zeros = tinycc_bytes_at_x86(padding);
    int32_t column = 0;
    for (; column < p->pad_left && column < count; column++, to += pitch) {
        tinycc_interleave_x86(zeros, zeros, zeros, zeros, to);
    }
    for (; column < end; column++, to += pitch) {
        if (column - p->pad_left < safe) {
            tinycc_interleave_x86(tinycc_bytes_at_x86(a), tinycc_bytes_at_x86(b),
                                  tinycc_bytes_at_x86(c), tinycc_bytes_at_x86(d), to);
        } else {
            tinycc_interleave_x86(tinycc_few_at_x86(a, few), tinycc_few_at_x86(b, few),
                                  tinycc_few_at_x86(c, few), tinycc_few_at_x86(d, few), to);
        }
        a += strip->steps[0], b += strip->steps[1], c += strip->steps[2], d += strip->steps[3];
    }
    for (; column < count; column++, to += pitch) {
        tinycc_interleave_x86(zeros, zeros, zeros, zeros, to);
    }
}

/* A row of outputs. */
typedef struct {
    int32_t width, step; /* bytes of columns from one to the next */
    int32_t tap_bytes;
    int32_t channels, left; /* of a pixel; from these 16 on */
} tinycc_outputs_x86;

/* 16 channels; `taps` and `quads` may be constants where this is inlined. */
TINYCC_X86 void tinycc_dwconv2d_s8_x86_sums(const tinycc_outputs_x86 *own,
                                            const tinycc_finish_x86 *finish,
                                            const int32_t *packed, const uint8_t *columns,
                                            int8_t *y, int32_t taps, int32_t quads)
{
    const int32_t channels = own->channels, left = own->left;
    for (const int8_t *const end = y + own->width * channels; y < end; y += channels) {
        tinycc_sums_x86 sums = tinycc_sums_from_x86(packed);
        for (int32_t kx = 0; kx < taps; kx++) {
            for (int32_t quad = 0; quad < quads; quad++) {
                sums = tinycc_add_words_x86(
                    sums, columns + kx * own->tap_bytes + 64 * quad,
                    tinycc_weights_at_x86(packed + 16 * (kx * quads + quad + 1)));
            }
        }
        tinycc_store_x86(y, tinycc_results_x86(finish, sums), left);
        columns += own->step;
    }
}

/* 16 channels of a row of outputs from columns of `quads` times 16 words. */
static void tinycc_dwconv2d_s8_x86_group(const tinycc_conv2d_s8_x86_params *p,
                                         const int32_t *packed, const uint8_t *columns,
                                         int32_t quads, int32_t channel, int8_t *y)
{
    const tinycc_finish_x86 finish =
        tinycc_finish_of_x86(&p->dot, packed + 16 + 16 * p->dot.quads);
    const tinycc_outputs_x86 own = {
        .width = p->out_width,
        .step = p->stride * 64 * quads,
        .tap_bytes = p->dilation_width * 64 * quads,
        .channels = p->in_channels,
        .left = p->in_channels - channel,
    };
    if (p->kernel_width == 3 && quads == 1) { /* weights stay in registers */
        tinycc_dwconv2d_s8_x86_sums(&own, &finish, packed, columns, y, 3, 1);
    } else {
        tinycc_dwconv2d_s8_x86_sums(&own, &finish, packed, columns, y, p->kernel_width, quads);
    }
}

void tinycc_dwconv2d_s8_x86(const void *params, const void *const *in, void *out, int32_t n,
                            void *scratch)
{
    const tinycc_conv2d_s8_x86_params *p = params;
    const int32_t channels = p->in_channels, quads = (p->kernel_height + 3) / 4;
    const int32_t reach = (p->kernel_width - 1) * p->dilation_width;
    const int32_t count = (p->out_width - 1) * p->stride + reach + 1;
    const int32_t group_words = 16 * p->dot.quads + (p->dot.fraction ? 48 : 32);
    uint8_t *const columns = scratch;
    int8_t *const padding = (int8_t *)(columns + 64 * quads * count);
    const int32_t *packed = p->packed;
    int8_t *y = out;
    (void)n; /* one row: the caller moves the window */
    memset(padding, p->in_zero, 16);
    for (int32_t channel = 0; channel < channels; channel += 16) {
        for (int32_t quad = 0; quad < quads; quad++) {
            const tinycc_strip_x86 strip = tinycc_strip_of_x86(p, in, quad, padding);
            tinycc_columns_x86(p, &strip, padding, channel, count, columns + 64 * quad, 64 * quads);
        }
        tinycc_dwconv2d_s8_x86_group(p, packed, columns, quads, channel, y + channel);
        packed += group_words;
    }
}

#endif
