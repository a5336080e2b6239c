#include "tinycc_average_pool2d.h"

#if defined(__AVX2__)

#include <immintrin.h>

#include "tinycc_average_pool2d_lanes.h"

static inline __m256i tinycc_average_pool2d_s8_x86_eight(const int8_t *x)
{
    return _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)x));
}

/* Sums of 16 channels over `taps` pixels of all rows. */
static void tinycc_average_pool2d_s8_x86_sum(const tinycc_average_pool2d_s8_params *p,
                                             const void *const *rows, int32_t offset, int32_t taps,
                                             int32_t *sums)
{
    __m256i low = _mm256_setzero_si256(), high = low;
    for (int32_t ky = 0; ky < p->kernel_height; ky++) {
        const int8_t *x = rows[ky];
        if (x == NULL) {
            continue;
        }
        x += offset;
        for (int32_t tap = 0; tap < taps; tap++) {
            low = _mm256_add_epi32(low, tinycc_average_pool2d_s8_x86_eight(x));
            high = _mm256_add_epi32(high, tinycc_average_pool2d_s8_x86_eight(x + 8));
            x += p->channels;
        }
    }
    _mm256_storeu_si256((__m256i *)(void *)sums, low);
    _mm256_storeu_si256((__m256i *)(void *)(sums + 8), high);
}

void tinycc_average_pool2d_s8_x86(const void *params, const void *const *in, void *out, int32_t n,
                                  void *scratch)
{
    (void)n; /* one row: the caller moves the window */
    (void)scratch;
    tinycc_average_pool2d_s8_lanes(params, in, out, tinycc_average_pool2d_s8_x86_sum, 16);
}

#endif
