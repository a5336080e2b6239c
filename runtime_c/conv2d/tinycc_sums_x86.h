/* Sums of 16 channels in x86-64 vectors, with AVX-512 VNNI where the compiler may use it, else with
 * AVX2; the bytes in memory are the same for both.
 *
 *   inputs   int8 with the sign bit flipped (0 .. 255), four in a word
 *   weights  16 channels of four int8
 */
#ifndef TINYCC_SUMS_X86_H
#define TINYCC_SUMS_X86_H

#if defined(__AVX2__)

#include <immintrin.h>
#include <string.h>

#include "tinycc_conv2d.h"

/* Inlined everywhere, so that sums stay in registers. */
#define TINYCC_X86 static inline __attribute__((always_inline))

/* Stores the first `count` of 16 bytes. */
TINYCC_X86 void tinycc_store_x86(int8_t *y, __m128i bytes, int32_t count)
{
    if (count >= 16) {
        _mm_storeu_si128((__m128i *)(void *)y, bytes);
        return;
    }
    if (count & 8) {
        _mm_storel_epi64((__m128i *)(void *)y, bytes);
        bytes = _mm_srli_si128(bytes, 8);
        y += 8;
    }
    if (count & 4) {
        const int32_t four = _mm_cvtsi128_si32(bytes);
        memcpy(y, &four, 4);
        bytes = _mm_srli_si128(bytes, 4);
        y += 4;
    }
    for (int32_t last = _mm_cvtsi128_si32(bytes), i = 0; i < (count & 3); i++) {
        y[i] = (int8_t)(last >> 8 * i);
    }
}

#if defined(__AVX512VNNI__) && defined(__AVX512BW__) && defined(__AVX512VL__)

enum { TINYCC_X86_PIXELS = 4, TINYCC_X86_GROUPS = 4 }; /* at once: 16 sums, 4 weights, an input */

typedef __m512i tinycc_sums_x86;
typedef __m512i tinycc_weights_x86;

/* Sums before the first product: the start of 16 channels. */
TINYCC_X86 tinycc_sums_x86 tinycc_sums_from_x86(const int32_t *start)
{
    return _mm512_loadu_si512((const void *)start);
}

TINYCC_X86 tinycc_weights_x86 tinycc_weights_at_x86(const void *weights)
{
    return _mm512_loadu_si512(weights);
}

/* Adds the products of one word of inputs for all channels. */
TINYCC_X86 tinycc_sums_x86 tinycc_add_word_x86(tinycc_sums_x86 sums, const uint8_t *word,
                                               tinycc_weights_x86 weights)
{
    int32_t x;
    memcpy(&x, word, 4);
    return _mm512_dpbusd_epi32(sums, _mm512_set1_epi32(x), weights);
}

/* Adds the products of one word of inputs for each channel. */
TINYCC_X86 tinycc_sums_x86 tinycc_add_words_x86(tinycc_sums_x86 sums, const uint8_t *words,
                                                tinycc_weights_x86 weights)
{
    return _mm512_dpbusd_epi32(sums, _mm512_loadu_si512((const void *)words), weights);
}

/* What turns the sums of 16 channels into results. */
typedef struct {
    __m512i rest, even, odd, constant; /* multipliers of even and of odd channels */
    __m128i fraction, low, high;
    int has_fraction;
} tinycc_finish_x86;

/* From what is packed behind the weights. */
TINYCC_X86 tinycc_finish_x86 tinycc_finish_of_x86(const tinycc_dot_s8_dsp_params *p,
                                                  const int32_t *behind)
{
    const int32_t *const multiplier = behind + (p->fraction ? 16 : 0);
    tinycc_finish_x86 finish;
    finish.rest = _mm512_loadu_si512((const void *)behind); /* anything without fraction */
    finish.has_fraction = p->fraction != 0;
    finish.even = _mm512_loadu_si512((const void *)multiplier);
    finish.odd = _mm512_srli_epi64(finish.even, 32);
    finish.constant = _mm512_set1_epi32(p->constant);
    finish.fraction = _mm_cvtsi32_si128(p->fraction);
    finish.low = _mm_set1_epi8((char)p->low);
    finish.high = _mm_set1_epi8((char)p->high);
    return finish;
}

TINYCC_X86 __m128i tinycc_results_x86(const tinycc_finish_x86 *finish, tinycc_sums_x86 acc)
{
    if (finish->has_fraction) {
        acc = _mm512_add_epi32(_mm512_sll_epi32(acc, finish->fraction), finish->rest);
    }
    const __m512i even = _mm512_srli_epi64(_mm512_mul_epi32(acc, finish->even), 32);
    const __m512i odd = _mm512_mul_epi32(_mm512_srli_epi64(acc, 32), finish->odd);
    const __m512i upper = _mm512_mask_blend_epi32(0xAAAA, even, odd);
    const __m512i y = _mm512_srai_epi32(_mm512_add_epi32(upper, finish->constant), 1);
    const __m128i raised = _mm_max_epi8(_mm512_cvtsepi32_epi8(y), finish->low);
    return _mm_min_epi8(raised, finish->high);
}

#else

enum { TINYCC_X86_PIXELS = 2, TINYCC_X86_GROUPS = 1 }; /* at once: 8 sums of 16 registers */

/* Four channels in each vector, two sums of each: of inputs 0 and 1, of 2 and 3. */
typedef struct {
    __m256i fours[4];
} tinycc_sums_x86;
typedef struct {
    __m256i fours[4];
} tinycc_weights_x86;

/* Sums before the first product; of each two one is 0. */
TINYCC_X86 tinycc_sums_x86 tinycc_sums_from_x86(const int32_t *start)
{
    tinycc_sums_x86 sums;
    for (int i = 0; i < 4; i++) {
        const __m128i four = _mm_loadu_si128((const __m128i *)(const void *)(start + 4 * i));
        sums.fours[i] = _mm256_cvtepu32_epi64(four);
    }
    return sums;
}

TINYCC_X86 __m256i tinycc_sixteen_at_x86(const void *bytes)
{
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)bytes));
}

TINYCC_X86 tinycc_weights_x86 tinycc_weights_at_x86(const void *weights)
{
    const char *const w = weights;
    return (tinycc_weights_x86){{tinycc_sixteen_at_x86(w), tinycc_sixteen_at_x86(w + 16),
                                 tinycc_sixteen_at_x86(w + 32), tinycc_sixteen_at_x86(w + 48)}};
}

TINYCC_X86 __m256i tinycc_add_four_x86(__m256i sums, __m128i x, __m256i weights)
{
    return _mm256_add_epi32(sums, _mm256_madd_epi16(_mm256_cvtepu8_epi16(x), weights));
}

TINYCC_X86 tinycc_sums_x86 tinycc_add_word_x86(tinycc_sums_x86 sums, const uint8_t *word,
                                               tinycc_weights_x86 weights)
{
    int32_t bytes;
    memcpy(&bytes, word, 4);
    const __m128i x = _mm_set1_epi32(bytes);
    for (int i = 0; i < 4; i++) {
        sums.fours[i] = tinycc_add_four_x86(sums.fours[i], x, weights.fours[i]);
    }
    return sums;
}

TINYCC_X86 tinycc_sums_x86 tinycc_add_words_x86(tinycc_sums_x86 sums, const uint8_t *words,
                                                tinycc_weights_x86 weights)
{
    for (int i = 0; i < 4; i++) {
        const __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(words + 16 * i));
        sums.fours[i] = tinycc_add_four_x86(sums.fours[i], x, weights.fours[i]);
    }
    return sums;
}

/* What turns the sums of 16 channels into results. */
typedef struct {
    const int32_t *rest, *multiplier; /* rest: anything without fraction */
    __m256i constant;
    __m128i fraction, low, high;
    int has_fraction;
} tinycc_finish_x86;

/* From what is packed behind the weights. */
TINYCC_X86 tinycc_finish_x86 tinycc_finish_of_x86(const tinycc_dot_s8_dsp_params *p,
                                                  const int32_t *behind)
{
    tinycc_finish_x86 finish;
    finish.rest = behind;
    finish.multiplier = behind + (p->fraction ? 16 : 0);
    finish.constant = _mm256_set1_epi32(p->constant);
    finish.fraction = _mm_cvtsi32_si128(p->fraction);
    finish.low = _mm_set1_epi8((char)p->low);
    finish.high = _mm_set1_epi8((char)p->high);
    finish.has_fraction = p->fraction != 0;
    return finish;
}

TINYCC_X86 __m256i tinycc_numbers_at_x86(const int32_t *numbers)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)numbers);
}

/* Channels `first` to `first` + 7, as int16. */
TINYCC_X86 __m128i tinycc_eight_x86(const tinycc_finish_x86 *finish, __m256i low, __m256i high,
                                    int first)
{
    const __m256i pairs = _mm256_hadd_epi32(low, high); /* channels 0 1 4 5 2 3 6 7 */
    __m256i acc = _mm256_permute4x64_epi64(pairs, 0xD8);
    if (finish->has_fraction) {
        acc = _mm256_sll_epi32(acc, finish->fraction);
        acc = _mm256_add_epi32(acc, tinycc_numbers_at_x86(finish->rest + first));
    }
    const __m256i multiplier = tinycc_numbers_at_x86(finish->multiplier + first);
    const __m256i even = _mm256_srli_epi64(_mm256_mul_epi32(acc, multiplier), 32);
    const __m256i odd =
        _mm256_mul_epi32(_mm256_srli_epi64(acc, 32), _mm256_srli_epi64(multiplier, 32));
    const __m256i upper = _mm256_blend_epi32(even, odd, 0xAA);
    const __m256i y = _mm256_srai_epi32(_mm256_add_epi32(upper, finish->constant), 1);
    return _mm_packs_epi32(_mm256_castsi256_si128(y), _mm256_extracti128_si256(y, 1));
}

TINYCC_X86 __m128i tinycc_results_x86(const tinycc_finish_x86 *finish, tinycc_sums_x86 sums)
{
    const __m128i first = tinycc_eight_x86(finish, sums.fours[0], sums.fours[1], 0);
    const __m128i second = tinycc_eight_x86(finish, sums.fours[2], sums.fours[3], 8);
    return _mm_min_epi8(_mm_max_epi8(_mm_packs_epi16(first, second), finish->low), finish->high);
}

#endif

#endif
#endif
