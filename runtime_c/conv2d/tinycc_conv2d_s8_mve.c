#include "tinycc_conv2d.h"

#ifdef __ARM_FEATURE_MVE

#define TINYCC_DENSE_MVE(name) tinycc_conv2d_s8_mve_##name
#define TINYCC_DENSE_MVE_PREFIX "tinycc_conv2d_s8_mve_"
#include "tinycc_dense_mve.h"

/* For each of `windows` windows: copies `bytes` bytes at `offset` of `count` rows; null pointers are
 * passed over. The assembly knows the offsets. */
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
} tinycc_conv2d_s8_mve_copy;

void tinycc_conv2d_s8_mve_rows(const tinycc_conv2d_s8_mve_copy *copy);
__asm__(".pushsection .text.tinycc_conv2d_s8_mve_rows,\"ax\",%progbits\n"
        ".p2align 3\n"
        ".global tinycc_conv2d_s8_mve_rows\n"
        ".type tinycc_conv2d_s8_mve_rows,%function\n"
        ".thumb_func\n"
        "tinycc_conv2d_s8_mve_rows:\n"
        "push {r4-r11,lr}\n"
        "mov r11,r0\n"
        "ldm r0,{r1-r10}\n"
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
        ".p2align 3\n"
        ".size tinycc_conv2d_s8_mve_rows,.-tinycc_conv2d_s8_mve_rows\n"
        ".popsection\n");

static void tinycc_conv2d_s8_mve_fill(int8_t *to, int32_t value, int32_t bytes)
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
static void tinycc_conv2d_s8_mve_clipped(const tinycc_conv2d_s8_params *p, int32_t left,
                                         int32_t taps, tinycc_conv2d_s8_mve_copy *copy,
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
            tinycc_conv2d_s8_mve_rows(copy);
        }
    }
}

/* How many of `count` windows, one every `stride` from column `left` on, lie inside the image's
 * columns; 0 where the first does not, or has holes. */
static int32_t tinycc_conv2d_s8_mve_inside(const tinycc_conv2d_s8_params *p, int32_t left,
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
static void tinycc_conv2d_s8_mve_windows(const tinycc_conv2d_s8_params *p,
                                         tinycc_conv2d_s8_mve_copy *copy, int missing,
                                         int32_t left, int32_t count, int8_t *window)
{
    const int32_t size = p->kernel_height * copy->to_step;
    const int32_t step = (size + 15) & ~15;
    const int32_t taps = p->dilation_width == 1 ? p->kernel_width : 1;
    while (count > 0) {
        int32_t done = tinycc_conv2d_s8_mve_inside(p, left, count);
        if (missing || done == 0) {
            tinycc_conv2d_s8_mve_fill(window, p->in_zero, (done > 1 ? done : 1) * step);
        }
        if (done > 0) {
            copy->offset = left * p->in_channels;
            copy->to = window;
            copy->bytes = copy->to_step;
            copy->windows = done;
            tinycc_conv2d_s8_mve_rows(copy);
        } else {
            tinycc_conv2d_s8_mve_clipped(p, left, taps, copy, window);
            done = 1;
        }
        left += done * p->stride;
        window += done * step;
        count -= done;
    }
}

void tinycc_conv2d_s8_mve(const void *params, const void *const *in, void *out, int32_t n,
                          void *scratch)
{
    const tinycc_conv2d_s8_params *p = params;
    const int32_t row = p->kernel_width * p->in_channels;
    const int32_t step = (p->kernel_height * row + 15) & ~15;
    const int32_t batch = step <= 128 ? 8 : step <= 256 ? 4 : 2;
    const tinycc_dense_mve dense = {
        step, step, p->out_channels,
        p->out_zero, p->low, p->high, (int32_t)1 << (p->fraction + p->shift),
        p->weights, p->bias,
    };
    tinycc_conv2d_s8_mve_copy copy = {
        in, 4 * p->dilation_height, 0, NULL, row, 0, p->kernel_height,
        0, p->stride * p->in_channels, step - p->kernel_height * row,
    };
    tinycc_tile_mve tile;
    int8_t *y = out;
    int missing = 0;
    tinycc_conv2d_s8_mve_begin(&dense, &tile);
    (void)n; /* one row: the caller moves the window */
    for (int32_t ky = 0; ky < p->kernel_height; ky++) {
        missing |= in[ky * p->dilation_height] == NULL;
    }
    for (int32_t x = 0; x < p->out_width; x += batch) {
        const int32_t count = p->out_width - x < batch ? p->out_width - x : batch;
        tinycc_conv2d_s8_mve_windows(p, &copy, missing, x * p->stride - p->pad_left, count,
                                     scratch);
        tinycc_conv2d_s8_mve_run(&dense, &tile, scratch, y, count);
        y += count * p->out_channels;
    }
}

#endif
