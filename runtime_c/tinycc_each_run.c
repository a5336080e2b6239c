#include "tinycc_runtime.h"

int tinycc_each_run(tinycc_kernel *kernel, const void *params, const tinycc_runs *runs,
                    const void *const *x, void *y, const void **pointers, void *scratch,
                    tinycc_progress *progress)
{
    const int32_t row = progress->turns[0], left = runs->rows - row;
    const int32_t n = left < progress->slices ? left : progress->slices;
    for (int32_t i = 0; i < runs->operands; i++) {
        pointers[i] = (const uint8_t *)x[i] + row * runs->in_row_bytes[i];
    }
    progress->slices -= n;
    progress->turns[0] = (uint16_t)(n < left ? row + n : 0);
    if (n > 0) {
        kernel(params, pointers, (uint8_t *)y + row * runs->out_row_bytes, n * runs->units, scratch);
    }
    return n == left;
}
