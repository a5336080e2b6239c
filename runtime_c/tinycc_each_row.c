#include "tinycc_runtime.h"

void tinycc_each_row(tinycc_kernel *kernel, const void *params, const tinycc_rows *rows,
                     const void *x, void *y, const void **pointers, void *scratch)
{
    const uint8_t *in = x;
    uint8_t *out = y;
    for (int32_t row = 0; row < rows->out_rows; row++) {
        const int32_t first = rows->first ? rows->first[row] : row * rows->stride - rows->pad;
        for (int32_t i = 0; i < rows->window; i++) {
            const int32_t at = first + i;
            const int inside = at >= 0 && at < rows->in_rows;
            pointers[i] = inside ? in + at * rows->in_row_bytes : NULL;
        }
        kernel(params, pointers, out, 1, scratch);
        out += rows->out_row_bytes;
    }
}
