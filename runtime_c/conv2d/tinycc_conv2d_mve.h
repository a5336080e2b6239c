/* Convolution with gathered windows on the M-profile vector extension: a template.
 *
 * Define TINYCC_CONV2D_MVE(name) to give the functions their prefix, TINYCC_CONV2D_MVE_PREFIX as
 * the same in quotes, and what tinycc_dense_mve.h needs; without them the file declares nothing.
 */
#ifdef TINYCC_CONV2D_MVE

#include "tinycc_dense_mve.h"

/* For each of `windows` windows: copies `bytes` bytes at `offset` of `count` rows; null pointers
 * are passed over. The assembly knows the offsets. */
typedef struct {
    const void *const *rows; /*  0 */
    int32_t step;            /*  4: bytes from one row's pointer to the next */
    int32_t offset;          /*  8 */
    int8_t *to;              /* 12 */
    int32_t to_step;         /* 16: bytes from row to row of a window */
    int32_t bytes;           /* 20 */
    int32_t count;           /* 24 */
    int32_t windows;         /* 28 */
    int32_t window_step;     /* 32: added to the offset */
    int32_t window_skip;     /* 36: bytes from behind the last row to the next window's first */
} TINYCC_CONV2D_MVE(copy);

void TINYCC_CONV2D_MVE(rows)(const TINYCC_CONV2D_MVE(copy) *copy);
__asm__(".pushsection .text." TINYCC_CONV2D_MVE_PREFIX "rows,\"ax\",%progbits\n"
        ".p2align 3\n"
        ".global " TINYCC_CONV2D_MVE_PREFIX "rows\n"
        ".type " TINYCC_CONV2D_MVE_PREFIX "rows,%function\n"
        ".thumb_func\n"
        TINYCC_CONV2D_MVE_PREFIX "rows:\n"
        "push {r4-r11,lr}\n"
        "mov r11,r0\n"
        "ldm r0,{r1-r10}\n"
        "cmp r6,#16\n"
        "ble 4f\n"
        "1: ldr r0,[r1]\n"
        "add r1,r2\n"
        "cbz r0,3f\n"
        "add r0,r3\n"
        "mov r12,r4\n"
        "dlstp.8 lr,r6\n"
        "2: vldrb.8 q0,[r0],#16\n"
        "vstrb.8 q0,[r12],#16\n"
        "letp lr,2b\n"
        "3: add r4,r5\n"
        "subs r7,#1\n"
        "bne 1b\n"
        "ldr r1,[r11]\n"
        "ldr r7,[r11,#24]\n"
        "add r3,r9\n"
        "add r4,r10\n"
        "subs r8,#1\n"
        "bne 1b\n"
        "pop {r4-r11,pc}\n"
        "4: vctp.8 r6\n" /* the same for rows of one vector */
        "5: ldr r0,[r1]\n"
        "add r1,r2\n"
        "cbz r0,6f\n"
        "add r0,r3\n"
        "vpstt\n"
        "vldrbt.8 q0,[r0]\n"
        "vstrbt.8 q0,[r4]\n"
        "6: add r4,r5\n"
        "subs r7,#1\n"
        "bne 5b\n"
        "ldr r1,[r11]\n"
        "ldr r7,[r11,#24]\n"
        "add r3,r9\n"
        "add r4,r10\n"
        "subs r8,#1\n"
        "bne 5b\n"
        "pop {r4-r11,pc}\n"
        ".p2align 3\n"
        ".size " TINYCC_CONV2D_MVE_PREFIX "rows,.-" TINYCC_CONV2D_MVE_PREFIX "rows\n"
        ".popsection\n");

static void TINYCC_CONV2D_MVE(fill)(int8_t *to, int32_t value, int32_t bytes)
{
    __asm__ volatile("vdup.8 q0, %[value]\n"
                     "dlstp.8 lr, %[bytes]\n"
                     "1: vstrb.8 q0, [%[to]], #16\n"
                     "letp lr, 1b\n"
                     : [to] "+r"(to)
                     : [bytes] "r"(bytes), [value] "r"(value)
                     : "lr", "q0", "memory");
}

/* The window whose leftmost column is `left`, clipped: `taps` columns at once, all or one. */
static void TINYCC_CONV2D_MVE(clipped)(const tinycc_conv2d_s8_params *p, int32_t left,
                                         int32_t taps, TINYCC_CONV2D_MVE(copy) *copy,
                                         int8_t *window)
{
    const int32_t channels = p->in_channels;
    copy->windows = 1;
    for (int32_t kx = 0; kx < p->kernel_width; kx += taps) {
        const int32_t column = left + kx * p->dilation_width;
        const int32_t begin = column < 0 ? -column : 0;
        const int32_t right = p->in_width - column;
        const int32_t end = right < taps ? right : taps;
        copy->offset = (column + begin) * channels;
        copy->to = window + (kx + begin) * channels;
        copy->bytes = (end - begin) * channels;
        if (copy->bytes > 0) {
            TINYCC_CONV2D_MVE(rows)(copy);
        }
    }
}

/* How many of `count` windows, one every `stride` from column `left` on, lie inside the image's
 * columns; 0 where the first does not, or has holes. */
static int32_t TINYCC_CONV2D_MVE(inside)(const tinycc_conv2d_s8_params *p, int32_t left,
                                           int32_t count)
{
    int32_t room = p->in_width - p->kernel_width - left;
    int32_t inside = 0;
    if (left < 0 || p->dilation_width != 1) {
        return 0;
    }
    for (; inside < count && room >= 0; inside++) {
        room -= p->stride;
    }
    return inside;
}

/* `count` windows, the leftmost columns `left` and then every `stride`. */
static void TINYCC_CONV2D_MVE(windows)(const tinycc_conv2d_s8_params *p,
                                         TINYCC_CONV2D_MVE(copy) *copy, int missing,
                                         int32_t left, int32_t count, int8_t *window)
{
    const int32_t size = p->kernel_height * copy->to_step;
    const int32_t step = (size + 15) & ~15;
    const int32_t taps = p->dilation_width == 1 ? p->kernel_width : 1;
    while (count > 0) {
        int32_t done = TINYCC_CONV2D_MVE(inside)(p, left, count);
        if (missing || done == 0) {
            TINYCC_CONV2D_MVE(fill)(window, p->in_zero, (done > 1 ? done : 1) * step);
        }
        if (done > 0) {
            copy->offset = left * p->in_channels;
            copy->to = window;
            copy->bytes = copy->to_step;
            copy->windows = done;
            TINYCC_CONV2D_MVE(rows)(copy);
        } else {
            TINYCC_CONV2D_MVE(clipped)(p, left, taps, copy, window);
            done = 1;
        }
        left += done * p->stride;
        window += done * step;
        count -= done;
    }
}

/* One output row. */
static void TINYCC_CONV2D_MVE(row)(const tinycc_conv2d_s8_params *p, const void *const *in,
                                   int8_t *y, int8_t *scratch)
{
    const int32_t row = p->kernel_width * p->in_channels;
    const int32_t step = (p->kernel_height * row + 15) & ~15;
    const int32_t few = step <= 128 ? 8 : step <= 256 ? 4 : 2;
    const int32_t batch = step <= 32 ? 32 : step <= 64 ? 16 : few; /* 1024 bytes or two windows */
    const tinycc_dense_mve dense = {
        step, step, p->out_channels,
        p->out_zero, p->low, p->high, (int32_t)1 << (p->fraction + p->shift),
        p->weights, p->bias,
    };
    TINYCC_CONV2D_MVE(copy) copy = {
        in, 4 * p->dilation_height, 0, NULL, row, 0, p->kernel_height,
        0, p->stride * p->in_channels, step - p->kernel_height * row,
    };
    tinycc_tile_mve tile;
    int missing = 0;
    TINYCC_CONV2D_MVE(begin)(&dense, &tile);
    for (int32_t ky = 0; ky < p->kernel_height; ky++) {
        missing |= in[ky * p->dilation_height] == NULL;
    }
    for (int32_t x = 0; x < p->out_width; x += batch) {
        const int32_t count = p->out_width - x < batch ? p->out_width - x : batch;
        TINYCC_CONV2D_MVE(windows)(p, &copy, missing, x * p->stride - p->pad_left, count,
                                     scratch);
        TINYCC_CONV2D_MVE(run)(&dense, &tile, scratch, y, count);
        y += count * p->out_channels;
    }
}

#undef TINYCC_CONV2D_MVE
#undef TINYCC_CONV2D_MVE_PREFIX
#endif
