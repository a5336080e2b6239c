#include "tinycc_elementwise.h"

#if defined(__AVX2__)

#include <immintrin.h>

typedef struct {
    __m256i multiplier1, multiplier2, constant;
    __m128i shift, low, high;
} tinycc_add_s8_x86_constants;

/* Eight elements, saturated to int16. */
static inline __m128i tinycc_add_s8_x86_eight(const tinycc_add_s8_x86_constants *c, const int8_t *a,
                                              const int8_t *b)
{
    const __m128i bytes1 = _mm_loadl_epi64((const __m128i *)(const void *)a);
    const __m128i bytes2 = _mm_loadl_epi64((const __m128i *)(const void *)b);
    __m256i sum = _mm256_mullo_epi32(_mm256_cvtepi8_epi32(bytes1), c->multiplier1);
    sum = _mm256_add_epi32(sum, c->constant);
    sum = _mm256_add_epi32(sum, _mm256_mullo_epi32(_mm256_cvtepi8_epi32(bytes2), c->multiplier2));
    sum = _mm256_sra_epi32(sum, c->shift);
    return _mm_packs_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
}

/* One element. */
static inline int8_t tinycc_add_s8_x86_one(const tinycc_add_s8_params *p, int32_t a, int32_t b)
{
    const int32_t value = (a * p->multiplier1 + b * p->multiplier2 + p->constant) >> p->shift;
    const int32_t raised = value < p->low ? p->low : value;
    return (int8_t)(raised > p->high ? p->high : raised);
}

/* An operand of step 0 becomes part of the constant; in its place the other one is multiplied by
 * 0. They are never both of step 0 where there are several elements. */
static void tinycc_add_s8_x86_line(const void *params, const int8_t *a, const int8_t *b, int8_t *y,
                                   int32_t n)
{
    tinycc_add_s8_params p = *(const tinycc_add_s8_params *)params;
    if (n > 1 && p.walk.step1 == 0) {
        p.constant += *a * p.multiplier1;
        p.multiplier1 = 0;
        a = b;
    }
    if (n > 1 && p.walk.step2 == 0) {
        p.constant += *b * p.multiplier2;
        p.multiplier2 = 0;
        b = a;
    }
    const tinycc_add_s8_x86_constants c = {
        _mm256_set1_epi32(p.multiplier1), _mm256_set1_epi32(p.multiplier2),
        _mm256_set1_epi32(p.constant),    _mm_cvtsi32_si128(p.shift),
        _mm_set1_epi8((char)p.low),       _mm_set1_epi8((char)p.high),
    };
    for (; n >= 16; n -= 16) {
        const __m128i first = tinycc_add_s8_x86_eight(&c, a, b);
        const __m128i second = tinycc_add_s8_x86_eight(&c, a + 8, b + 8);
        const __m128i raised = _mm_max_epi8(_mm_packs_epi16(first, second), c.low);
        _mm_storeu_si128((__m128i *)(void *)y, _mm_min_epi8(raised, c.high));
        a += 16, b += 16, y += 16;
    }
    for (; n > 0; n--) {
        *y++ = tinycc_add_s8_x86_one(&p, *a++, *b++);
    }
}

void tinycc_add_s8_x86(const void *params, const void *const *in, void *out, int32_t n,
                       void *scratch)
{
    const tinycc_add_s8_params *p = params;
    (void)scratch;
    tinycc_walk_lines(&p->walk, tinycc_add_s8_x86_line, p, in, out, n);
}

#endif
