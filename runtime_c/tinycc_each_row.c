#include "tinycc_runtime.h"

int tinycc_each_row(tinycc_kernel *kernel, const void *params, const tinycc_rows *rows,
                    const void *x, void *y, const void **pointers, void *scratch,
                    tinycc_progress *progress)
{
    const uint8_t *in = x;
    const int32_t together = rows->together ? rows->together : 1;
    int32_t row = progress->turns[0];
    uint8_t *out = (uint8_t *)y + row * rows->out_row_bytes;
    for (; row < rows->out_rows; row += together) {
        if (progress->slices == 0) {
            progress->turns[0] = (uint16_t)row;
            return 0;
        }
        progress->slices--;
        const int32_t left = rows->out_rows - row, n = left < together ? left : together;
        const int32_t first = rows->first ? rows->first[row] : row * rows->stride - rows->pad;
        for (int32_t i = 0; i < rows->window + (n - 1) * rows->stride; i++) {
            const int32_t at = first + i;
            const int inside = at >= 0 && at < rows->in_rows;
            pointers[i] = inside ? in + at * rows->in_row_bytes : NULL;
        }
        kernel(params, pointers, out, n, scratch);
        out += n * rows->out_row_bytes;
    }
    progress->turns[0] = 0;
    return 1;
}
