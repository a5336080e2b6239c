#include "tinycc_dot_s8_x86.h"

#if defined(__AVX2__)

#include "tinycc_sums_x86.h"

/* Some groups of 16 channels, and what they share. */
typedef struct {
    const int32_t *packed;
    int32_t words;                               /* from group to group */
    int32_t channels, left;                      /* of a pixel; from the first one of the groups on */
    tinycc_finish_x86 finish[TINYCC_X86_GROUPS]; /* a group's */
} tinycc_groups_x86;

/* Some pixels; both numbers are constant where this is inlined. */
TINYCC_X86 void tinycc_dot_s8_x86_block(const tinycc_groups_x86 *own, const uint8_t *x,
                                        const tinycc_walk_x86 *walk, int8_t *y, int pixels,
                                        int groups)
{
    tinycc_sums_x86 sums[TINYCC_X86_PIXELS][TINYCC_X86_GROUPS];
    const int32_t *weights = own->packed + 16;
    for (int i = 0; i < pixels; i++) {
        for (int group = 0; group < groups; group++) {
            sums[i][group] = tinycc_sums_from_x86(own->packed + group * own->words);
        }
    }
    for (int32_t row = 0; row < walk->rows; row++) {
        for (int32_t tap = 0; tap < walk->taps; tap++) {
            const uint8_t *run = x + row * walk->row_bytes + tap * walk->tap_bytes;
            for (const uint8_t *const end = run + 4 * walk->words; run < end; run += 4) {
                for (int group = 0; group < groups; group++) {
                    const tinycc_weights_x86 w = tinycc_weights_at_x86(weights + group * own->words);
                    for (int i = 0; i < pixels; i++) {
                        sums[i][group] = tinycc_add_word_x86(sums[i][group],
                                                             run + i * walk->pixel_bytes, w);
                    }
                }
                weights += 16;
            }
        }
    }
    for (int i = 0; i < pixels; i++) {
        for (int group = 0; group < groups; group++) {
            const __m128i results = tinycc_results_x86(&own->finish[group], sums[i][group]);
            tinycc_store_x86(y + 16 * group, results, own->left - 16 * group);
        }
        y += own->channels;
    }
}

/* All pixels of some groups; `groups` is constant where this is inlined. */
TINYCC_X86 void tinycc_dot_s8_x86_groups(const tinycc_groups_x86 *own, const uint8_t *x,
                                         const tinycc_walk_x86 *walk, int8_t *y, int32_t pixels,
                                         int groups)
{
    enum { MANY = TINYCC_X86_PIXELS };
    for (; pixels >= MANY; pixels -= MANY) {
        tinycc_dot_s8_x86_block(own, x, walk, y, MANY, groups);
        x += MANY * walk->pixel_bytes;
        y += MANY * own->channels;
    }
    for (; pixels > 0; pixels--) {
        tinycc_dot_s8_x86_block(own, x, walk, y, 1, groups);
        x += walk->pixel_bytes;
        y += own->channels;
    }
}

void tinycc_dot_s8_x86(const tinycc_dot_s8_dsp_params *p, const int32_t *packed, const uint8_t *x,
                       const tinycc_walk_x86 *walk, int8_t *y, int32_t pixels)
{
    enum { MANY = TINYCC_X86_GROUPS };
    tinycc_groups_x86 own;
    own.words = 16 * p->quads + (p->fraction ? 48 : 32);
    own.channels = p->channels;
    for (int32_t channel = 0; channel < own.channels;) {
        own.left = own.channels - channel;
        const int groups = own.left > 16 * (MANY - 1) ? MANY : 1;
        own.packed = packed;
        for (int group = 0; group < groups; group++) {
            own.finish[group] = tinycc_finish_of_x86(p, packed + 16 + 16 * p->quads);
            packed += own.words;
        }
        if (groups > 1) {
            tinycc_dot_s8_x86_groups(&own, x, walk, y + channel, pixels, MANY);
        } else {
            tinycc_dot_s8_x86_groups(&own, x, walk, y + channel, pixels, 1);
        }
        channel += 16 * groups;
    }
}

uint8_t *tinycc_flip_s8_x86(uint8_t *to, const int8_t *from, int32_t bytes)
{
    const __m256i sign = _mm256_set1_epi8(-128);
    for (; bytes >= 32; bytes -= 32) {
        const __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)from);
        _mm256_storeu_si256((__m256i *)(void *)to, _mm256_xor_si256(x, sign));
        from += 32, to += 32;
    }
    for (; bytes >= 8; bytes -= 8) {
        const __m128i x = _mm_loadl_epi64((const __m128i *)(const void *)from);
        _mm_storel_epi64((__m128i *)(void *)to,
                         _mm_xor_si128(x, _mm256_castsi256_si128(sign)));
        from += 8, to += 8;
    }
    for (; bytes > 0; bytes--) {
        *to++ = (uint8_t)(*from++ + 128);
    }
    return to;
}

#endif
