/* The dense micro-kernel for the M-profile vector extension: 2 pixels x 4 output channels.
 *
 * VMLADAVA multiplies 16 pairs of int8 and adds all products to one of the eight even core
 * registers; the odd ones hold the pointers, so that per 16 inputs 6 loads and 8 products (128
 * multiply-accumulates) are all there is. The 8 sums then move into two vectors and are
 * requantised together.
 *
 * Weights are packed as [out_channels / 4][inputs / 16][4][16], constants as
 * [out_channels / 4][2][4]: the biases of four channels, then their multipliers. Channels are
 * rounded up to 4 and inputs to 16 with zeros.
 *
 * File-scope assembly rather than a function's: it needs every register but sp, which no compiler
 * grants at -O0 or with a frame pointer.
 */
#ifndef TINYCC_TILE_MVE_H
#define TINYCC_TILE_MVE_H

#include "tinycc_runtime.h"

/* One call of a tile function; the assembly knows the offsets. */
typedef struct {
    int32_t scale;                 /*  0: 2**(fraction + shift), by which sums are multiplied */
    const int32_t *end;            /*  4: of the constants of the groups to do */
    int32_t zero;                  /*  8: zero point of the output */
    const int8_t *x0, *x1;         /* 12: the inputs of two pixels, the same one twice if alone */
    int32_t rounds;                /* 20: see the tile functions */
    const int8_t *weights;         /* 24 */
    const int32_t *constants;      /* 28 */
    int32_t x_step;                /* 32: bytes from one pair of pixels to the next */
    int32_t y_skip;                /* 36: bytes from the end of a pair's groups to the next pair */
    int32_t pairs;                 /* 40 */
    int8_t *y;                     /* 44 */
    int32_t reserved;              /* 48 */
    int32_t extra;                 /* 52: dense: bytes of the last, partial vector of inputs.
                                          depthwise: 0, or bytes between the outputs of pixels:
                                          after the pairs, the last pixel with the one before */
    uint16_t offsets[8];           /* 56: from y, of channel 0 of both pixels, channel 1, ... */
    int16_t low[8], high[8];       /* 72, 88: bounds of the output */
    int32_t lanes[4];              /* 104: depthwise: from x0, of the four words of a vector */
} tinycc_tile_mve;

typedef void tinycc_tile_function_mve(const tinycc_tile_mve *tile);

/* A layer of dot products over vectors of `inputs` bytes that lie `step` bytes apart. */
typedef struct {
    int32_t inputs, step, out_channels;
    int32_t zero, low, high, scale;
    const int8_t *weights;
    const int32_t *constants;
} tinycc_dense_mve;

/* Everything of a tile but its pixels. `distance`: bytes from the first pixel's output to the
 * second's; the 16 bits of an offset hold distance + 3. */
static inline void tinycc_tile_mve_bounds(tinycc_tile_mve *tile, int32_t low, int32_t high,
                                          int32_t distance)
{
    for (int32_t i = 0; i < 8; i += 2) {
        tile->offsets[i] = (uint16_t)(i >> 1);
        tile->offsets[i + 1] = (uint16_t)((i >> 1) + distance);
    }
    for (int32_t i = 0; i < 8; i++) {
        tile->low[i] = (int16_t)low;
        tile->high[i] = (int16_t)high;
    }
}

/* How many of n vectors at x can be taken two by two while their outputs are written at y: all if
 * nothing overlaps, else as long as the outputs of two end below the first one's input. */
static inline int32_t tinycc_tile_mve_apart(const int8_t *x, const int8_t *y, int32_t inputs,
                                            int32_t outputs, int32_t n)
{
    const uintptr_t from = (uintptr_t)x, to = (uintptr_t)y;
    const intptr_t room = (intptr_t)(from - to) - 2 * outputs; /* grows by 2 * (inputs - outputs) */
    int32_t count;
    if (to >= from + (uintptr_t)(n * inputs) || to + (uintptr_t)(n * outputs) <= from) {
        return n;
    }
    if (room < 0 || inputs >= outputs) {
        return room < 0 ? 0 : n;
    }
    count = 2 * ((int32_t)room / (2 * (outputs - inputs)) + 1);
    return count < n ? count : n;
}

/* Pieces of assembly. Stack: the first 24 bytes of the tile, its address, pairs left, extra. */
#define TINYCC_MVE_ENTER(name)                                                                     \
    ".pushsection .text." name ",\"ax\",%progbits\n"                                               \
    ".p2align 3\n.global " name "\n.type " name ",%function\n.thumb_func\n" name ":\n"             \
    "push {r4-r11,lr}\n"                                                                           \
    "vpush {d8-d15}\n"                                                                             \
    "sub sp,#36\n"                                                                                 \
    "mov r12,r0\n"                                                                                 \
    "ldm r0,{r1-r6}\n"                                                                             \
    "stm sp,{r1-r6}\n"                                                                             \
    "ldr r1,[r12,#40]\n"                                                                           \
    "strd r12,r1,[sp,#24]\n"                                                                       \
    "ldr r11,[r12,#44]\n"                                                                          \
    "ldr r1,[r12,#52]\n"                                                                           \
    "str r1,[sp,#32]\n"                                                                            \
    "add r0,r12,#56\n"                                                                             \
    "vldrh.u16 q6,[r0]\n"                                                                          \
    "vldrh.u16 q4,[r0,#16]\n"                                                                      \
    "vldrh.u16 q5,[r0,#32]\n"

#define TINYCC_MVE_LEAVE(name)                                                                     \
    "add sp,#36\n"                                                                                 \
    "vpop {d8-d15}\n"                                                                              \
    "pop {r4-r11,pc}\n"                                                                            \
    ".p2align 3\n"                    /* nops, not the linker's zeros, before what follows */     \
    ".size " name ",.-" name "\n"                                                                  \
    ".popsection\n"

/* Requantises the sums in r0, r2, r4, r6 (first pixel) and r8, r10, r12, lr (second), with the
 * constants at r9, in q2, whose lanes are channel by channel of both pixels; leaves the flags of r9
 * compared with `end` (r2). */
#define TINYCC_MVE_RESULTS                                                                         \
    "vmov q0[2],q0[0],r0,r4\n"                                                                     \
    "vmov q0[3],q0[1],r2,r6\n"                                                                     \
    "vmov q1[2],q1[0],r8,r12\n"                                                                    \
    "vmov q1[3],q1[1],r10,lr\n"                                                                    \
    "vldrw.u32 q2,[r9]\n"                                                                          \
    "ldm sp,{r0,r2,r4}\n"                                                                          \
    "vldrw.u32 q3,[r9],#16\n"                                                                      \
    "vmla.s32 q2,q0,r0\n"              /* acc = bias + sum * 2**fraction */                        \
    "vldrw.u32 q0,[r9],#16\n"                                                                      \
    "vmla.s32 q3,q1,r0\n"                                                                          \
    "vmulh.s32 q2,q2,q0\n"                                                                         \
    "vmulh.s32 q3,q3,q0\n"                                                                         \
    "cmp r9,r2\n"                                                                                  \
    "vqrshrnb.s32 q2,q2,#1\n"          /* (high word + 1) >> 1: rounds half up, saturates to 16 */ \
    "vqrshrnt.s32 q2,q3,#1\n"                                                                      \
    "vqadd.s16 q2,q2,r4\n"                                                                         \
    "vmax.s16 q2,q2,q4\n"                                                                          \
    "vmin.s16 q2,q2,q5\n"

/* Stores them and goes on with the next group. Where the channels are no multiple of 4, `end` lies
 * within the last group's constants (8 bytes per channel) and tells how many to store. */
#define TINYCC_MVE_FINISH(next)                                                                    \
    TINYCC_MVE_RESULTS "vstrb.16 q2,[r11,q6]\n"                                                    \
                       "add r11,#4\n"                                                              \
                       "blo " next "\n"

#define TINYCC_MVE_FINISH_ODD(next)                                                                \
    TINYCC_MVE_RESULTS "sub r0,r2,r9\n"                                                            \
                       "add r0,#32\n"                                                              \
                       "asr r0,#2\n"                                                               \
                       "vctp.16 r0\n"                                                              \
                       "vpst\n"                                                                    \
                       "vstrbt.16 q2,[r11,q6]\n"                                                   \
                       "add r11,#4\n"                                                              \
                       "blo " next "\n"

/* 16 inputs of 4 channels and 2 pixels; `a` is "a" to accumulate. */
#define TINYCC_MVE_PRODUCTS(a)                                                                     \
    "vldrb.8 q2,[r5],#16\n"                                                                        \
    "vmladav" a ".s8 r0,q0,q2\n"                                                                   \
    "vldrb.8 q3,[r5],#16\n"                                                                        \
    "vmladav" a ".s8 r8,q1,q2\n"                                                                   \
    "vmladav" a ".s8 r2,q0,q3\n"                                                                   \
    "vldrb.8 q2,[r5],#16\n"                                                                        \
    "vmladav" a ".s8 r10,q1,q3\n"                                                                  \
    "vmladav" a ".s8 r4,q0,q2\n"                                                                   \
    "vldrb.8 q3,[r5],#16\n"                                                                        \
    "vmladav" a ".s8 r12,q1,q2\n"                                                                  \
    "vmladav" a ".s8 r6,q0,q3\n"                                                                   \
    "vmladav" a ".s8 lr,q1,q3\n"

#define TINYCC_MVE_VECTOR(a)                                                                       \
    "vldrb.8 q0,[r1],#16\n"                                                                        \
    "vldrb.8 q1,[r3],#16\n" TINYCC_MVE_PRODUCTS(a)

#define TINYCC_MVE_TAIL(a)                                                                         \
    "vpstt\n"                                                                                      \
    "vldrbt.8 q0,[r1]\n"                                                                           \
    "vldrbt.8 q1,[r3]\n" TINYCC_MVE_PRODUCTS(a)

/* The loop over pairs around the loop over groups of four channels. */
#define TINYCC_MVE_DENSE(name, finish, vectors, prepare)                                           \
    __asm__(TINYCC_MVE_ENTER(name) prepare                                                         \
            "1: ldr r0,[sp,#24]\n"                                                                 \
            "ldrd r5,r9,[r0,#24]\n"                                                                \
            "2: ldrd r1,r3,[sp,#12]\n" vectors finish("2b")                                        \
            "ldr r0,[sp,#24]\n"                                                                    \
            "ldrd r2,r4,[r0,#32]\n"                                                                \
            "ldrd r6,r8,[sp,#12]\n"                                                                \
            "add r6,r2\n"                                                                          \
            "add r8,r2\n"                                                                          \
            "strd r6,r8,[sp,#12]\n"                                                                \
            "add r11,r4\n"                                                                         \
            "ldr r10,[sp,#28]\n"                                                                   \
            "subs r10,#1\n"                                                                        \
            "str r10,[sp,#28]\n"                                                                   \
            "bne 1b\n" TINYCC_MVE_LEAVE(name))

/* 1 to 16 inputs (tail). */
#define TINYCC_MVE_DENSE_SHORT(name, finish)                                                       \
    TINYCC_MVE_DENSE(name, finish,                                                                 \
                     "ldr r7,[sp,#32]\n"                                                           \
                     "vctp.8 r7\n" TINYCC_MVE_TAIL(""), "")

/* 17 inputs and more, not whole vectors; rounds: whole vectors but the first. */
#define TINYCC_MVE_DENSE_RAGGED(name, finish)                                                      \
    TINYCC_MVE_DENSE(name, finish,                                                                 \
                     "ldr r7,[sp,#20]\n" TINYCC_MVE_VECTOR("")                                     \
                     "cbz r7,4f\n"                                                                 \
                     "3:\n" TINYCC_MVE_VECTOR("a")                                                 \
                     "subs r7,#1\n"                                                                \
                     "bne 3b\n"                                                                    \
                     "4: ldr r7,[sp,#32]\n"                                                        \
                     "vctp.8 r7\n" TINYCC_MVE_TAIL("a"), "")

/* 2 to 9 whole vectors; rounds: their number. The first jumps to as many others as there are, each
 * of 14 instructions of 4 bytes. */
#define TINYCC_MVE_DENSE_FEW(name, finish)                                                         \
    TINYCC_MVE_DENSE(name, finish,                                                                 \
                     "ldr r7,[sp,#20]\n" TINYCC_MVE_VECTOR("")                                     \
                     "mov pc,r7\n" TINYCC_MVE_VECTOR("a") TINYCC_MVE_VECTOR("a")                   \
                     TINYCC_MVE_VECTOR("a") TINYCC_MVE_VECTOR("a") TINYCC_MVE_VECTOR("a")          \
                     TINYCC_MVE_VECTOR("a") TINYCC_MVE_VECTOR("a") TINYCC_MVE_VECTOR("a") "4:\n",  \
                     "ldr r1,[sp,#20]\n"                                                           \
                     "subs r1,#1\n"                                                                \
                     "mov r2,#56\n"                                                                \
                     "mul r1,r2\n"                                                                 \
                     "adr.w r2,4f\n"                                                               \
                     "subs r2,r1\n"                                                                \
                     "str r2,[sp,#20]\n")

/* 2 and more whole vectors; rounds: their number. Two per turn, the odd one first. */
#define TINYCC_MVE_DENSE_WHOLE(name, finish)                                                       \
    TINYCC_MVE_DENSE(name, finish,                                                                 \
                     "ldr r7,[sp,#20]\n" TINYCC_MVE_VECTOR("")                                     \
                     "lsrs r7,#1\n"                                                                \
                     "bcc 4f\n"                                                                    \
                     "3:\n" TINYCC_MVE_VECTOR("a")                                                 \
                     "4:\n" TINYCC_MVE_VECTOR("a")                                                 \
                     "subs r7,#1\n"                                                                \
                     "bne 3b\n", "")

#endif
