/* tinycc runtime: the contract that generated code and kernels share.
 *
 * C99. Needs <stdint.h>, <stddef.h> and <string.h>, nothing else. `>>` on negative integers must be
 * arithmetic, as every compiler for these cores makes it.
 */
#ifndef TINYCC_RUNTIME_H
#define TINYCC_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

/* Changes when a parameter struct or a calling convention does; generated code asserts it. */
#define TINYCC_RUNTIME_ABI 4

/* Every kernel has this type. Kernels return void and check nothing: shapes, ranges and sizes were
 * proved by the compiler.
 *   params   the kernel's parameter struct
 *   in       ROWS kernels: n * stride + window - stride pointers to consecutive input rows, a null
 *            pointer for a row outside the image. RUN kernels: one pointer per input tensor.
 *            ACCUMULATE kernels: input row n.
 *   out      ROWS kernels: n output rows; RUN kernels: n units (pixels, vectors), contiguous
 *   scratch  as many bytes as the compiler computed for this step; contents undefined
 */
typedef void tinycc_kernel(const void *params, const void *const *in, void *out, int32_t n,
                           void *scratch);

/* TINYCC_PROFILE is the name of a function of the user's: it learns which step runs from now on, and
 * with the number of steps that none does. Point it at a cycle counter. */
#ifdef TINYCC_PROFILE
#if TINYCC_PROFILE + 0
#error "name your function: -DTINYCC_PROFILE=f for a function `void f(int step)`"
#endif
void TINYCC_PROFILE(int step);
#define TINYCC_STEP(step) TINYCC_PROFILE(step)
#else
#define TINYCC_STEP(step) ((void)0)
#endif

/* Where a network stands within the layer or the region that runs now.
 *   slices  how many more turns (mostly rows) it may take before it has to pause
 *   turns   those taken: one number for a layer, one per step for a region; 0 before and after it */
typedef struct {
    int32_t slices;
    uint16_t *turns;
} tinycc_progress;

/* How tinycc_each_row walks over an image: output row r reads `window` input rows from
 * r * stride - pad, or from first[r] where `first` is not null. */
typedef struct {
    int32_t in_rows, in_row_bytes;
    int32_t out_rows, out_row_bytes;
    int32_t window, stride, pad;
    int32_t together; /* output rows per call; 0: one */
    const uint16_t *first; /* null where together > 1 */
} tinycc_rows;

/* Runs a ROWS kernel over an image that lies at x, into y, from where it stands. Returns 1 when the
 * whole image has been done, 0 to be called again. `pointers` is room for
 * window + (together - 1) * stride pointers. x and y must not overlap. */
int tinycc_each_row(tinycc_kernel *kernel, const void *params, const tinycc_rows *rows,
                    const void *x, void *y, const void **pointers, void *scratch,
                    tinycc_progress *progress);

/* The same from the last rows to the first, for an output whose end lies in that of its dying
 * input. The rows that are left where `together` does not divide them are the first ones. */
int tinycc_each_row_backwards(tinycc_kernel *kernel, const void *params, const tinycc_rows *rows,
                              const void *x, void *y, const void **pointers, void *scratch,
                              tinycc_progress *progress);

/* How tinycc_each_run walks: `units` of the kernel make a row; an operand that every row reads as a
 * whole has in_row_bytes 0. */
typedef struct {
    int32_t rows, units, out_row_bytes, operands;
    const int32_t *in_row_bytes;
} tinycc_runs;

/* Runs a RUN kernel with operands at x[0], x[1], ..., into y, as tinycc_each_row does: all rows in
 * one call where it may. `pointers` is room for one pointer per operand. */
int tinycc_each_run(tinycc_kernel *kernel, const void *params, const tinycc_runs *runs,
                    const void *const *x, void *y, const void **pointers, void *scratch,
                    tinycc_progress *progress);

/* floor(acc * multiplier / 2**(33 - shift) + zero + 1/2), clamped to [low, high].
 * Because floor((floor(a) + n) / 2) == floor((a + n) / 2) this rounds once, half up.
 * |acc| < 2**31, 0 < multiplier < 2**31, 0 <= shift < 32: every term fits 64 bits. The lower bound
 * acts first, so low > high gives high (as ONNX's Clip). */
static inline int8_t tinycc_requantize(int32_t acc, int32_t multiplier, int32_t shift, int32_t zero,
                                       int32_t low, int32_t high)
{
    const int64_t product = (int64_t)acc * multiplier;
    int32_t value;
    if (shift == 0) {
        value = (int32_t)(product >> 32);
    } else {
        const int64_t wide = product >> (32 - shift);
        value = wide > 65536 ? 65536 : wide < -65536 ? -65536 : (int32_t)wide;
    }
    value = (value + 2 * zero + 1) >> 1;
    value = value < low ? low : value;
    return (int8_t)(value > high ? high : value);
}

/* Bounds behind a kernel that saturates to int8; the lower one acts first. */
static inline void tinycc_clamp_s8(int8_t *y, int32_t count, int32_t low, int32_t high)
{
    if (low == INT8_MIN && high == INT8_MAX) {
        return;
    }
    for (const int8_t *const end = y + count; y < end; y++) {
        const int32_t raised = *y < low ? low : *y;
        *y = (int8_t)(raised > high ? high : raised);
    }
}

#endif
