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
#define TINYCC_DWCONV_MVE_TILE(name, step)                                                         \
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
            TINYCC_DWCONV_MVE_CHANNEL("r6", "lr", step) TINYCC_MVE_FINISH                          \
            "bne 2b\n"                                                                             \
            "ldr r0,[sp,#24]\n"                                                                    \
            "ldrd r2,r4,[r0,#32]\n"                                                                \
            "ldr r6,[sp,#12]\n"                                                                    \
            "add r6,r2\n"                                                                          \
            "str r6,[sp,#12]\n"                                                                    \
            "add r11,r4\n"                                                                         \
            "ldr r10,[sp,#28]\n"                                                                   \
            "subs r10,#1\n"                                                                        \
            "str r10,[sp,#28]\n"                                                                   \
            "bne 1b\n" TINYCC_MVE_LEAVE(name))

tinycc_tile_function_mve TINYCC_DWCONV_MVE(stride1);
tinycc_tile_function_mve TINYCC_DWCONV_MVE(stride2);
TINYCC_DWCONV_MVE_TILE(TINYCC_DWCONV_MVE_PREFIX "stride1", "64");
TINYCC_DWCONV_MVE_TILE(TINYCC_DWCONV_MVE_PREFIX "stride2", "128");

/* A strip of `pixels` output pixels from column `left` of the input on; its planes at `planes`. */
typedef struct {
    const tinycc_conv2d_s8_params *p;
    const void *const *rows;
    int8_t *planes;
    int32_t left, pixels, columns;
    int8_t *y;
} TINYCC_DWCONV_MVE(strip);

/* Interleaves `count` rows, from row `first` of the window on, of a block's input columns. */
static void TINYCC_DWCONV_MVE(plane)(const TINYCC_DWCONV_MVE(strip) *s, int32_t first,
                                     int32_t count, TINYCC_DWCONV_MVE(block) *block,
                                     const int8_t *nothing, int8_t *to)
{
    const tinycc_conv2d_s8_params *p = s->p;
    const int32_t begin = s->left < 0 ? -s->left : 0;
    const int32_t right = p->in_width - s->left;
    const int32_t end = right < s->columns ? right : s->columns;
    const int32_t source = block->columns; /* the first input channel */
    int present = 0;
    for (int32_t i = 0; i < 4; i++) {
        const int8_t *row = i < count ? s->rows[(first + i) * p->dilation_height] : NULL;
        block->rows[i] = row == NULL ? nothing
                                     : row + (s->left + begin) * p->in_channels + source;
        block->steps[i] = row == NULL ? 0 : p->in_channels;
        present |= row != NULL;
    }
    if (!present || begin >= end || begin > 0 || end < s->columns) {
        memset(to, p->in_zero, (size_t)(s->columns * TINYCC_DWCONV_MVE_COLUMN));
    }
    if (!present || begin >= end) {
        return;
    }
    block->to = to + begin * TINYCC_DWCONV_MVE_COLUMN;
    block->columns = end - begin;
    if (count == 1) {
        TINYCC_DWCONV_MVE(rows1)(block);
    } else if (count <= 3) {
        TINYCC_DWCONV_MVE(rows3)(block);
    } else {
        TINYCC_DWCONV_MVE(rows4)(block);
    }
    block->columns = source;
}

/* The planes of the 16 output channels from `channel` on. */
static void TINYCC_DWCONV_MVE(prepare)(const TINYCC_DWCONV_MVE(strip) *s, int32_t channel)
{
    const tinycc_conv2d_s8_params *p = s->p;
    const int32_t repeat = p->out_channels / p->in_channels;
    const int32_t left = p->out_channels - channel;
    const int32_t height = p->kernel_height;
    int8_t nothing[16];
    TINYCC_DWCONV_MVE(block) block;
    memset(nothing, p->in_zero, sizeof nothing);
    block.channels = left < 16 ? left : 16;
    block.columns = channel / repeat;
    for (int32_t lane = 0; lane < 16; lane++) {
        block.sources[lane] = (uint8_t)((channel + lane) / repeat - block.columns);
    }
    TINYCC_DWCONV_MVE(plane)(s, 0, height < 4 ? height : 4, &block, nothing, s->planes);
    if (height > 4) {
        TINYCC_DWCONV_MVE(plane)(s, 4, height - 4, &block, nothing,
                                 s->planes + s->columns * TINYCC_DWCONV_MVE_COLUMN);
    }
}

static void TINYCC_DWCONV_MVE(run)(const tinycc_conv2d_s8_params *p, const tinycc_tile_mve *tile)
{
    if (p->stride == 1) {
        TINYCC_DWCONV_MVE(stride1)(tile);
    } else {
        TINYCC_DWCONV_MVE(stride2)(tile);
    }
}

/* The groups of four channels from `tile` on for all pairs of pixels; of an odd number the last
 * two again. */
static void TINYCC_DWCONV_MVE(pairs)(const TINYCC_DWCONV_MVE(strip) *s, tinycc_tile_mve *tile)
{
    const int32_t odd = s->pixels & 1;
    tile->pairs = s->pixels >> 1;
    TINYCC_DWCONV_MVE(run)(s->p, tile);
    if (odd != 0) {
        const int32_t before = s->pixels - 2;
        tile->x0 += before * (tile->x_step >> 1);
        tile->y += before * s->p->out_channels;
        tile->pairs = 1;
        TINYCC_DWCONV_MVE(run)(s->p, tile);
    }
}

/* Four channels or fewer of each pixel by itself through a buffer: where a tile's four channels or
 * two pixels do not exist. */
static void TINYCC_DWCONV_MVE(rest)(const TINYCC_DWCONV_MVE(strip) *s, tinycc_tile_mve *tile,
                                    int32_t channels)
{
    int8_t results[8];
    int8_t *y = tile->y;
    tile->y = results;
    tile->pairs = 1;
    tile->end = tile->constants + 8;
    tinycc_tile_mve_bounds(tile, s->p->low, s->p->high, 4);
    for (int32_t pixel = 0; pixel < s->pixels; pixel++) {
        const int32_t again = pixel > 0 && pixel == s->pixels - 1; /* the second of the last pair */
        const int8_t *x0 = tile->x0;
        tile->x0 += (pixel - again) * (tile->x_step >> 1);
        TINYCC_DWCONV_MVE(run)(s->p, tile);
        tile->x0 = x0;
        memcpy(y, results + 4 * again, (size_t)channels);
        y += s->p->out_channels;
    }
}

/* The 16 output channels from `channel` on. */
static void TINYCC_DWCONV_MVE(channels)(const TINYCC_DWCONV_MVE(strip) *s, int32_t channel)
{
    const tinycc_conv2d_s8_params *p = s->p;
    const int32_t left = p->out_channels - channel < 16 ? p->out_channels - channel : 16;
    const int32_t whole = s->pixels > 1 ? left & ~3 : 0;
    const int32_t plane = s->columns * TINYCC_DWCONV_MVE_COLUMN;
    tinycc_tile_mve tile;
    tile.scale = (int32_t)1 << (p->fraction + p->shift);
    tile.zero = p->out_zero;
    tile.x0 = s->planes + 128 * TINYCC_DWCONV_MVE_MIDDLE - 4;
    tile.x_step = 2 * p->stride * TINYCC_DWCONV_MVE_COLUMN;
    tile.weights = p->weights + channel * TINYCC_DWCONV_MVE_VECTORS * 16;
    tile.constants = p->bias + 2 * channel;
    tile.end = tile.constants + 2 * whole;
    tile.y = s->y + channel;
    tile.y_skip = 2 * p->out_channels - whole;
    for (int32_t i = 0; i < 4; i++) {
        const int32_t two = (i & 1) * TINYCC_DWCONV_MVE_COLUMN + (i >> 1) * plane;
        const int32_t one = i * p->dilation_width * TINYCC_DWCONV_MVE_COLUMN;
        tile.lanes[i] = TINYCC_DWCONV_MVE_PLANES == 2 ? two : one;
    }
    if (whole != 0) {
        tinycc_tile_mve copy = tile;
        tinycc_tile_mve_bounds(&copy, p->low, p->high, p->out_channels);
        TINYCC_DWCONV_MVE(pairs)(s, &copy);
    }
    for (int32_t done = whole; done < left; done += 4) {
        tinycc_tile_mve copy = tile;
        copy.weights += done * TINYCC_DWCONV_MVE_VECTORS * 16;
        copy.constants += 2 * done;
        copy.x0 += 4 * done;
        copy.y += done;
        TINYCC_DWCONV_MVE(rest)(s, &copy, left - done < 4 ? left - done : 4);
    }
}

/* One output row. */
static void TINYCC_DWCONV_MVE(row)(const tinycc_conv2d_s8_params *p, const void *const *rows,
                                   int8_t *y, int8_t *scratch)
{
    const int32_t span = TINYCC_DWCONV_MVE_PLANES == 2 ? 2 * TINYCC_DWCONV_MVE_VECTORS
                                                       : 3 * p->dilation_width + 1;
    TINYCC_DWCONV_MVE(strip) s = {p, rows, NULL, 0, 0, 0, NULL};
    s.planes = scratch + (-(uintptr_t)scratch & 3);
    for (int32_t x = 0; x < p->out_width; x += s.pixels) {
        const int32_t left = p->out_width - x;
        s.pixels = left < TINYCC_DWCONV_MVE_STRIP ? left : TINYCC_DWCONV_MVE_STRIP;
        s.left = x * p->stride - p->pad_left;
        /* a single pixel is one of a pair, too */
        s.columns = (s.pixels > 1 ? s.pixels - 1 : 1) * p->stride + span;
        s.y = y + x * p->out_channels;
        for (int32_t channel = 0; channel < p->out_channels; channel += 16) {
            TINYCC_DWCONV_MVE(prepare)(&s, channel);
            TINYCC_DWCONV_MVE(channels)(&s, channel);
        }
    }
}

#undef TINYCC_DWCONV_MVE_PLANES
#undef TINYCC_DWCONV_MVE_VECTORS
#undef TINYCC_DWCONV_MVE_PREFIX
#undef TINYCC_DWCONV_MVE
#endif
