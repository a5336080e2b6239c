#include "adder.h"

#include <string.h>

#ifdef TINYCC_PROFILE
void tinycc_profile_step(int step);
#define STEP(number) tinycc_profile_step(number)
#else
#define STEP(number) (void)0
#endif

typedef void (*row_kernel)(const int8_t *left, const int8_t *right, int8_t *out);

enum { ROWS = 4, ROW_BYTES = 16 };

static void add_row(const int8_t *left, const int8_t *right, int8_t *out)
{
    int8_t scratch[ROW_BYTES];
    for (int i = 0; i < ROW_BYTES; ++i) {
        scratch[i] = (int8_t)(left[i] + right[i]);
    }
    memcpy(out, scratch, sizeof scratch);
}

static void scale_row(const int8_t *left, const int8_t *right, int8_t *out)
{
    (void)right;
    for (int i = 0; i < ROW_BYTES; ++i) {
        volatile int64_t half = (int64_t)left[i] * 3 * (int64_t)1073741824;
        out[i] = (int8_t)(half >> 31);
    }
}

#ifdef ADDER_CRASH
static void crash_row(const int8_t *left, const int8_t *right, int8_t *out)
{
    (void)left;
    (void)right;
    (void)out;
    __builtin_trap();
}
#endif

#ifdef ADDER_OVERFLOW
static int descend(volatile int *from, int depth)
{
    volatile int here[64];
    here[0] = from[0] + depth;
    return depth == 0 ? here[0] : descend(here, depth - 1) + here[0];
}
#endif

#ifdef ADDER_DIVIDE
/* A library call on every core: none divides 64 bits. */
__attribute__((noinline)) static int8_t divide(int64_t number, int64_t by)
{
    return (int8_t)(number / by);
}
#endif

/* noinline: the pointers are called as pointers. */
__attribute__((noinline)) static void each_row(row_kernel kernel, const int8_t *left,
                                               const int8_t *right, int8_t *out)
{
    for (int row = 0; row < ROWS; ++row) {
        kernel(left + row * ROW_BYTES, right + row * ROW_BYTES, out + row * ROW_BYTES);
    }
}

adder_t adder_init(void *arena)
{
    adder_t net = {arena};
    return net;
}

void *adder_input_left(adder_t *net)
{
    return net->arena;
}

void *adder_input_right(adder_t *net)
{
    return net->arena + 64;
}

const void *adder_output(const adder_t *net)
{
    return net->arena + 128;
}

void adder_run(adder_t *net)
{
    int8_t *const left = (int8_t *)net->arena;
    int8_t *const right = left + 64;
    int8_t *const out = left + 128;
    STEP(0);
    each_row(add_row, left, right, left);
    STEP(1);
    each_row(scale_row, left, right, out);
    STEP(2);
#ifdef ADDER_CRASH
    each_row(crash_row, left, right, out);
#endif
#ifdef ADDER_OVERFLOW
    volatile int start = 1;
    out[0] = (int8_t)descend(&start, 100000);
#endif
#ifdef ADDER_DIVIDE
    out[0] = divide(out[0], out[1] | 1);
#endif
#ifdef ADDER_BELOW
    net->arena[-1] = 0;
#endif
#ifdef ADDER_BEYOND
    net->arena[ADDER_ARENA_BYTES] = 0;
#endif
#ifdef ADDER_HANG
    for (volatile int i = 0;; ++i) {
    }
#endif
}
