#include "tinycc_runtime.h"

int tinycc_each_row_backwards(tinycc_kernel *kernel, const void *params, const tinycc_rows *rows,
                              const void *x, void *y, const void **pointers, void *scratch,
                              tinycc_progress *progress)
{
    const uint8_t *in = x;
    const int32_t together = rows->together ? rows->together : 1;
    for (int32_t left = rows->out_rows - progress->turns[0]; left > 0;) {
        if (progress->slices == 0) {
            progress->turns[0] = (uint16_t)(rows->out_rows - left);
            return 0;
        }
        progress->slices--;
        const int32_t n = left < together ? left : together, row = left - n;
        const int32_t first = rows->first ? rows->first[row] : row * rows->stride - rows->pad;
        for (int32_t i = 0; i < rows->window + (n - 1) * rows->stride; i++) {
            const int32_t at = first + i;
            const int inside = at >= 0 && at < rows->in_rows;
            pointers[i] = inside ? in + at * rows->in_row_bytes : NULL;
        }
        kernel(params, pointers, (uint8_t *)y + row * rows->out_row_bytes, n, scratch);
        left = row;
    }
    progress->turns[0] = 0;
    return 1;
}
