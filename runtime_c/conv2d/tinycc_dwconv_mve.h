/* Depthwise convolution for the M-profile vector extension: a template.
 *
 * Define TINYCC_DWCONV_MVE(name) and TINYCC_DWCONV_MVE_PREFIX (the same in quotes) for the names,
 * TINYCC_DWCONV_MVE_PLANES (1 or 2) and TINYCC_DWCONV_MVE_VECTORS (1 with one plane, 3 or 4 with
 * two). Without them the file declares nothing.
 *
 * For 16 channels and a strip of the row, scratch holds planes [column][16][4] in which the four
 * bytes of a word are the same pixel of four input rows. A gathering load takes four words, of
 * four columns (one plane) or two columns of 8 rows (two planes), and VMLADAV multiplies and sums
 * these 16 taps. Channel by channel, pixel by pixel that makes a tile of 4 channels x 2 pixels,
 * requantised as in the dense kernel.
 *
 * Weights are packed as [channels][vectors][16] with zeros where the window ends, the vector in
 * the middle (vectors / 2) first. Channels, and constants, are rounded up to 4.
 */
#include <string.h>

#include "tinycc_tile_mve.h"

#ifdef TINYCC_DWCONV_MVE

#define TINYCC_DWCONV_MVE_COLUMN 64
#define TINYCC_DWCONV_MVE_STRIP (16 / TINYCC_DWCONV_MVE_PLANES)
#define TINYCC_DWCONV_MVE_MIDDLE (TINYCC_DWCONV_MVE_VECTORS / 2)

/* One call of an interleaving function: `columns` > 0 columns of 1 to 4 rows. */
typedef struct {
    int8_t *to;               /*  0 */
    const int8_t *rows[4];    /*  4: input channels of the first column */
    int32_t steps[4];         /* 20: bytes from column to column */
    int32_t columns;          /* 36 */
    int32_t channels;         /* 40: 1 to 16 */
    uint8_t sources[16];      /* 44: from rows, the input channel of each output channel */
} TINYCC_DWCONV_MVE(block);

#define TINYCC_DWCONV_MVE_ROWS(name, loads, steps)                                                 \
    __asm__(".pushsection .text." name ",\"ax\",%progbits\n"                                       \
            ".p2align 3\n.global " name "\n.type " name ",%function\n.thumb_func\n" name ":\n"     \
            "push {r4-r9,lr}\n"                                                                    \
            "vpush {d8-d9}\n"                                                                      \
            "add r1,r0,#44\n"                                                                      \
            "vldrb.8 q4,[r1]\n"                                                                    \
            "ldrd r2,r3,[r0,#36]\n"                                                                \
            "vctp.8 r3\n"                                                                          \
            "dls lr,r2\n"                                                                          \
            "ldm r0,{r1-r9}\n"                                                                     \
            "1: " loads                                                                            \
            "vst40.8 {q0,q1,q2,q3},[r1]\n"                                                         \
            "vst41.8 {q0,q1,q2,q3},[r1]\n"                                                         \
            "vst42.8 {q0,q1,q2,q3},[r1]\n"                                                         \
            "vst43.8 {q0,q1,q2,q3},[r1]!\n" steps                                                  \
            "le lr,1b\n"                                                                           \
            "vpop {d8-d9}\n"                                                                       \
            "pop {r4-r9,pc}\n"                                                                     \
            ".p2align 3\n"                                                                         \
            ".size " name ",.-" name "\n"                                                          \
            ".popsection\n")

typedef void TINYCC_DWCONV_MVE(interleave)(const TINYCC_DWCONV_MVE(block) *block);
TINYCC_DWCONV_MVE(interleave) TINYCC_DWCONV_MVE(rows1);
TINYCC_DWCONV_MVE(interleave) TINYCC_DWCONV_MVE(rows3);
TINYCC_DWCONV_MVE(interleave) TINYCC_DWCONV_MVE(rows4);
TINYCC_DWCONV_MVE_ROWS(TINYCC_DWCONV_MVE_PREFIX "rows1",
                       "vpst\n"
                       "vldrbt.u8 q0,[r2,q4]\n",
                       "add r2,r6\n");
TINYCC_DWCONV_MVE_ROWS(TINYCC_DWCONV_MVE_PREFIX "rows3",
                       "vpsttt\n"
                       "vldrbt.u8 q0,[r2,q4]\n"
                       "vldrbt.u8 q1,[r3,q4]\n"
                       "vldrbt.u8 q2,[r4,q4]\n",
                       "add r2,r6\n"
                       "add r3,r7\n"
                       "add r4,r8\n");
TINYCC_DWCONV_MVE_ROWS(TINYCC_DWCONV_MVE_PREFIX "rows4",
                       "vpstttt\n"
                       "vldrbt.u8 q0,[r2,q4]\n"
                       "vldrbt.u8 q1,[r3,q4]\n"
                       "vldrbt.u8 q2,[r4,q4]\n"
                       "vldrbt.u8 q3,[r5,q4]\n",
                       "add r2,r6\n"
                       "add r3,r7\n"
                       "add r4,r8\n"
                       "add r5,r9\n");

/* One vector of a channel: `first` is the address and ! for the next channel, or an offset. */
#define TINYCC_DWCONV_MVE_VECTOR(a, acc0, acc1, first, second)                                     \
    "vldrw.u32 q0,[q7,#" first "\n"                                                                \
    "vldrw.u32 q1,[q7,#" second "\n"                                                               \
    "vldrb.8 q2,[r5],#16\n"                                                                        \
    "vmladav" a ".s8 " acc0 ",q0,q2\n"                                                             \
    "vmladav" a ".s8 " acc1 ",q1,q2\n"

#if TINYCC_DWCONV_MVE_VECTORS == 1
#define TINYCC_DWCONV_MVE_CHANNEL(acc0, acc1, step)                                                \
    TINYCC_DWCONV_MVE_VECTOR("", acc0, acc1, "4]!", step "]")
#elif TINYCC_DWCONV_MVE_VECTORS == 3
#define TINYCC_DWCONV_MVE_CHANNEL(acc0, acc1, step)                                                \
    TINYCC_DWCONV_MVE_VECTOR("", acc0, acc1, "4]!", step "]")                                      \
    TINYCC_DWCONV_MVE_VECTOR("a", acc0, acc1, "-128]", step "-128]")                               \
    TINYCC_DWCONV_MVE_VECTOR("a", acc0, acc1, "128]", step "+128]")
#else
#define TINYCC_DWCONV_MVE_CHANNEL(acc0, acc1, step)                                                \
    TINYCC_DWCONV_MVE_VECTOR("", acc0, acc1, "4]!", step "]")                                      \
    TINYCC_DWCONV_MVE_VECTOR("a", acc0, acc1, "-256]", step "-256]")                               \
    TINYCC_DWCONV_MVE_VECTOR("a", acc0, acc1, "-128]", step "-128]")                               \
    TINYCC_DWCONV_MVE_VECTOR("a", acc0, acc1, "128]", step "+128]")
#endif

/* The loop over pairs of pixels around the loop over groups of four channels. */
#define TINYCC_DWCONV_MVE_TILE(name, finish, step)                                                 \
    __asm__(TINYCC_MVE_ENTER(name)                                                                 \
            "1: ldr r0,[sp,#24]\n"                                                                 \
            "ldrd r5,r9,[r0,#24]\n"                                                                \
            "add r1,r0,#104\n"                                                                     \
            "vldrw.u32 q7,[r1]\n"                                                                  \
            "ldr r1,[sp,#12]\n"                                                                    \
            "vadd.i32 q7,q7,r1\n"                                                                  \
            "2:\n" TINYCC_DWCONV_MVE_CHANNEL("r0", "r8", step)                                     \
            TINYCC_DWCONV_MVE_CHANNEL("r2", "r10", step)                                           \
            TINYCC_DWCONV_MVE_CHANNEL("r4", "r12", step)                                           \
            TINYCC_DWCONV_MVE_CHANNEL("r6", "lr", step) finish("2b")                               \
            "ldr r0,[sp,#24]\n"                                                                    \
            "ldrd r2,r4,[r0,#32]\n"                                                                \
            "ldr r6,[sp,#12]\n"                                                                    \
            "add r6,r2\n"                                                                          \
            "str r6,[sp,#12]\n"                                                                    \
            "add r11,r4\n"                                                                         \
            "ldr r10,[sp,#28]\n"                                                                   \
            "subs r10,#1\n"                                                                        \
            "str r10,[sp,#28]\n"                                                                   \
            "bne 1b\n"                                                                             \
            "ldr r7,[sp,#32]\n"                                                                    \
            "cbz r7,3f\n"                                                                          \
            "movs r1,#0\n"                                                                         \
            "str r1,[sp,#32]\n"                                                                    \
            "movs r1,#1\n"                                                                         \
            "str r1,[sp,#28]\n"                                                                    \
            "sub r6,r6,r2,asr #1\n"                                                                \
            "str r6,[sp,#12]\n"                                                                    \
            "sub r11,r7\n"                                                                         \
            "b 1b\n"                                                                               \
            "3:\n" TINYCC_MVE_LEAVE(name))

tinycc_tile_function_mve TINYCC_DWCONV_MVE(stride1);
tinycc_tile_function_mve TINYCC_DWCONV_MVE(stride2);
TINYCC_DWCONV_MVE_TILE(TINYCC_DWCONV_MVE_PREFIX "stride1", TINYCC_MVE_FINISH, "64");
TINYCC_DWCONV_MVE_TILE(TINYCC_DWCONV_MVE_PREFIX "stride2", TINYCC_MVE_FINISH, "128");

/* The same for a last group of 1 to 3 channels. */
tinycc_tile_function_mve TINYCC_DWCONV_MVE(odd1);
tinycc_tile_function_mve TINYCC_DWCONV_MVE(odd2);
TINYCC_DWCONV_MVE_TILE(TINYCC_DWCONV_MVE_PREFIX "odd1", TINYCC_MVE_FINISH_ODD, "64");
TINYCC_DWCONV_MVE_TILE(TINYCC_DWCONV_MVE_PREFIX "odd2", TINYCC_MVE_FINISH_ODD, "128");

/* A strip of output pixels. */
typedef struct {
    const tinycc_conv2d_s8_params *p;
    const void *const *rows;
    int8_t *planes;
    int32_t left, pixels;        /* the leftmost column of the input; output pixels */
    int32_t columns, begin, end; /* of the planes; those that lie in the image */
    int32_t source;              /* the input channel that the blocks point at */
    int8_t nothing[16];          /* the zero point: 16 channels of a row outside the image */
    TINYCC_DWCONV_MVE(block) blocks[TINYCC_DWCONV_MVE_PLANES];
    int present[TINYCC_DWCONV_MVE_PLANES]; /* whether a plane has any row in the image */
    tinycc_tile_mve tile;
} TINYCC_DWCONV_MVE(strip);

static void TINYCC_DWCONV_MVE(fill)(int8_t *to, int32_t value, int32_t columns)
{
    __asm__ volatile("vdup.8 q0, %[value]\n"
                     "wls lr, %[columns], 2f\n"
                     "1: vstrb.8 q0, [%[to]], #16\n"
                     "vstrb.8 q0, [%[to]], #16\n"
                     "vstrb.8 q0, [%[to]], #16\n"
                     "vstrb.8 q0, [%[to]], #16\n"
                     "le lr, 1b\n"
                     "2:\n"
                     : [to] "+r"(to)
                     : [columns] "r"(columns), [value] "r"(value)
                     : "lr", "q0", "memory");
}

/* Points the block of a plane at its rows and fills its columns outside the image. */
static void TINYCC_DWCONV_MVE(aim)(TINYCC_DWCONV_MVE(strip) *s, int32_t plane)
{
    const tinycc_conv2d_s8_params *p = s->p;
    TINYCC_DWCONV_MVE(block) *block = &s->blocks[plane];
    int8_t *to = s->planes + plane * s->columns * TINYCC_DWCONV_MVE_COLUMN;
    int present = 0;
    for (int32_t i = 0; i < 4; i++) {
        const int32_t ky = 4 * plane + i;
        const int8_t *row = ky < p->kernel_height ? s->rows[ky * p->dilation_height] : NULL;
        block->rows[i] = row == NULL ? s->nothing : row + (s->left + s->begin) * p->in_channels;
        block->steps[i] = row == NULL ? 0 : p->in_channels;
        present |= row != NULL;
    }
    s->present[plane] = present && s->begin < s->end;
    block->to = to + s->begin * TINYCC_DWCONV_MVE_COLUMN;
    block->columns = s->end - s->begin;
    if (s->present[plane]) {
        TINYCC_DWCONV_MVE(fill)(to, p->in_zero, s->begin);
        TINYCC_DWCONV_MVE(fill)(to + s->end * TINYCC_DWCONV_MVE_COLUMN, p->in_zero,
                                s->columns - s->end);
    } else {
        TINYCC_DWCONV_MVE(fill)(to, p->in_zero, s->columns);
    }
}

/* The strip whose first output pixel is x: what is the same for all of its channels. */
static void TINYCC_DWCONV_MVE(begin)(TINYCC_DWCONV_MVE(strip) *s, int32_t x)
{
    const tinycc_conv2d_s8_params *p = s->p;
    const int32_t span = TINYCC_DWCONV_MVE_PLANES == 2 ? 2 * TINYCC_DWCONV_MVE_VECTORS
                                                       : 3 * p->dilation_width + 1;
    const int32_t rest = p->out_width - x;
    int32_t right;
    s->pixels = rest < TINYCC_DWCONV_MVE_STRIP ? rest : TINYCC_DWCONV_MVE_STRIP;
    s->left = x * p->stride - p->pad_left;
    /* a single pixel is one of a pair, too */
    s->columns = (s->pixels > 1 ? s->pixels - 1 : 1) * p->stride + span;
    right = p->in_width - s->left;
    s->begin = s->left < 0 ? -s->left : 0;
    s->end = right < s->columns ? right : s->columns;
    s->source = 0;
    for (int32_t plane = 0; plane < TINYCC_DWCONV_MVE_PLANES; plane++) {
        TINYCC_DWCONV_MVE(aim)(s, plane);
    }
    for (int32_t i = 0; i < 4; i++) {
        const int32_t two = (i & 1) + (i >> 1) * s->columns;
        const int32_t one = i * p->dilation_width;
        s->tile.lanes[i] = (TINYCC_DWCONV_MVE_PLANES == 2 ? two : one) * TINYCC_DWCONV_MVE_COLUMN;
    }
}

/* Interleaves the input of up to 16 output channels from `channel` on. */
static void TINYCC_DWCONV_MVE(prepare)(TINYCC_DWCONV_MVE(strip) *s, int32_t channel, int32_t count)
{
    const int32_t repeat = s->p->out_channels / s->p->in_channels;
    const int32_t source = repeat == 1 ? channel : channel / repeat;
    for (int32_t plane = 0; plane < TINYCC_DWCONV_MVE_PLANES; plane++) {
        TINYCC_DWCONV_MVE(block) *block = &s->blocks[plane];
        const int32_t height = s->p->kernel_height - 4 * plane;
        for (int32_t i = 0; i < 4; i++) {
            block->rows[i] += block->steps[i] != 0 ? source - s->source : 0;
        }
        for (int32_t lane = 0; repeat > 1 && lane < 16; lane++) {
            block->sources[lane] = (uint8_t)((channel + lane) / repeat - source);
        }
        block->channels = count;
        if (!s->present[plane]) {
            continue;
        }
        if (height == 1) {
            TINYCC_DWCONV_MVE(rows1)(block);
        } else if (height <= 3) {
            TINYCC_DWCONV_MVE(rows3)(block);
        } else {
            TINYCC_DWCONV_MVE(rows4)(block);
        }
    }
    s->source = source;
}

static void TINYCC_DWCONV_MVE(run)(const tinycc_conv2d_s8_params *p, const tinycc_tile_mve *tile,
                                   int32_t channels)
{
    const int odd = (channels & 3) != 0;
    if (p->stride == 1 && !odd) {
        TINYCC_DWCONV_MVE(stride1)(tile);
    } else if (p->stride == 1) {
        TINYCC_DWCONV_MVE(odd1)(tile);
    } else if (!odd) {
        TINYCC_DWCONV_MVE(stride2)(tile);
    } else {
        TINYCC_DWCONV_MVE(odd2)(tile);
    }
}

/* `count` channels of a single pixel, through a buffer: a tile stores two. */
static void TINYCC_DWCONV_MVE(single)(TINYCC_DWCONV_MVE(strip) *s, int32_t count, int8_t *y)
{
    int8_t results[32];
    s->tile.y = results;
    s->tile.pairs = 1;
    s->tile.extra = 0;
    tinycc_tile_mve_bounds(&s->tile, s->p->low, s->p->high, 16);
    TINYCC_DWCONV_MVE(run)(s->p, &s->tile, count);
    memcpy(y, results, (size_t)count);
    tinycc_tile_mve_bounds(&s->tile, s->p->low, s->p->high, s->p->out_channels);
}

/* `count` output channels, at most 16, from `channel` on. */
static void TINYCC_DWCONV_MVE(channels)(TINYCC_DWCONV_MVE(strip) *s, int32_t channel,
                                        int32_t count, int8_t *y)
{
    const tinycc_conv2d_s8_params *p = s->p;
    tinycc_tile_mve *tile = &s->tile;
    tile->x0 = s->planes + 128 * TINYCC_DWCONV_MVE_MIDDLE - 4;
    tile->weights = p->weights + channel * TINYCC_DWCONV_MVE_VECTORS * 16;
    tile->constants = p->bias + 2 * channel;
    tile->end = tile->constants + 2 * count;
    if (s->pixels == 1) {
        TINYCC_DWCONV_MVE(single)(s, count, y);
        return;
    }
    tile->y = y;
    tile->y_skip = 2 * p->out_channels - ((count + 3) & ~3);
    tile->pairs = s->pixels >> 1;
    tile->extra = (s->pixels & 1) * p->out_channels;
    TINYCC_DWCONV_MVE(run)(p, tile, count);
}

/* One output row. */
static void TINYCC_DWCONV_MVE(row)(const tinycc_conv2d_s8_params *p, const void *const *rows,
                                   int8_t *y, int8_t *scratch)
{
    TINYCC_DWCONV_MVE(strip) s;
    s.p = p;
    s.rows = rows;
    s.planes = scratch + (-(uintptr_t)scratch & 3);
    memset(s.nothing, p->in_zero, sizeof s.nothing);
    for (int32_t lane = 0; lane < 16; lane++) {
        for (int32_t plane = 0; plane < TINYCC_DWCONV_MVE_PLANES; plane++) {
            s.blocks[plane].sources[lane] = (uint8_t)lane;
        }
    }
    s.tile.scale = (int32_t)1 << (p->fraction + p->shift);
    s.tile.zero = p->out_zero;
    s.tile.x_step = 2 * p->stride * TINYCC_DWCONV_MVE_COLUMN;
    tinycc_tile_mve_bounds(&s.tile, p->low, p->high, p->out_channels);
    for (int32_t x = 0; x < p->out_width; x += TINYCC_DWCONV_MVE_STRIP) {
        TINYCC_DWCONV_MVE(begin)(&s, x);
        for (int32_t channel = 0; channel < p->out_channels; channel += 16) {
            const int32_t left = p->out_channels - channel;
            const int32_t count = left < 16 ? left : 16;
            TINYCC_DWCONV_MVE(prepare)(&s, channel, count);
            TINYCC_DWCONV_MVE(channels)(&s, channel, count, y + x * p->out_channels + channel);
        }
    }
}

#undef TINYCC_DWCONV_MVE_PLANES
#undef TINYCC_DWCONV_MVE_VECTORS
#undef TINYCC_DWCONV_MVE_PREFIX
#undef TINYCC_DWCONV_MVE
#endif
