/* Drives kernels over whole tensors, in runs, row by row and in place. Every buffer is its own
 * allocation of exactly the right size, so that AddressSanitizer sees each byte outside; buffers
 * start at any alignment. Memory is never freed: the program is short. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_POINTERS = 256 };

/* An exact copy of some bytes, `shift` bytes behind an aligned address. */
static void *copy_of(const void *data, int32_t bytes, int shift)
{
    unsigned char *memory = malloc((size_t)bytes + (size_t)shift);
    if (bytes > 0 && data != NULL) {
        memcpy(memory + shift, data, (size_t)bytes);
    }
    return memory + shift;
}

static int differs(const harness_case *c, const char *way, int32_t from, const void *got,
                   int32_t bytes)
{
    const signed char *a = got, *b = (const signed char *)c->expected + from;
    for (int32_t i = 0; i < bytes; i++) {
        if (a[i] != b[i]) {
            printf("%s, %s: byte %d is %d, not %d\n", c->name, way, (int)(from + i), a[i], b[i]);
            return 1;
        }
    }
    return 0;
}

static int whole(const harness_case *c, int shift)
{
    const void *in[MOST_POINTERS];
    void *scratch = copy_of(NULL, c->scratch, shift);
    void *out = copy_of(NULL, c->out_bytes, shift);
    for (int32_t i = 0; i < c->inputs; i++) {
        in[i] = copy_of(c->input[i].data, c->input[i].bytes, shift);
    }
    if (c->image != NULL) {
        const void **rows = malloc(MOST_POINTERS * sizeof *rows);
        uint16_t turn = 0;
        tinycc_progress progress = {INT32_MAX, &turn};
        tinycc_each_row(c->kernel, c->params, c->image, in[0], out, rows, scratch, &progress);
    } else {
        c->kernel(c->params, in, out, c->units, scratch);
    }
    return differs(c, shift ? "unaligned" : "whole", 0, out, c->out_bytes);
}

static int in_place(const harness_case *c, int32_t which)
{
    const void *in[MOST_POINTERS];
    void *out = copy_of(c->input[which].data, c->out_bytes, 1);
    for (int32_t i = 0; i < c->inputs; i++) {
        const harness_input *input = &c->input[i];
        const int shared = input->same_as == c->input[which].same_as;
        in[i] = shared ? out : copy_of(input->data, input->bytes, 1);
    }
    c->kernel(c->params, in, out, c->units, copy_of(NULL, c->scratch, 1));
    return differs(c, "in place", 0, out, c->out_bytes);
}

/* Runs of 1, 2, 3, ... units, each from copies of its own part of the inputs. */
static int in_runs(const harness_case *c)
{
    const int32_t unit_bytes = c->out_bytes / c->units;
    for (int32_t from = 0, n = 1; from < c->units; from += n, n++) {
        const void *in[MOST_POINTERS];
        n = n < c->units - from ? n : c->units - from;
        for (int32_t i = 0; i < c->inputs; i++) {
            const int32_t step = c->input[i].unit_bytes;
            in[i] = copy_of((const char *)c->input[i].data + from * step, n * step, n & 1);
        }
        void *out = copy_of(NULL, n * unit_bytes, from & 1);
        c->kernel(c->params, in, out, n, copy_of(NULL, c->scratch, 1));
        if (differs(c, "in runs", from * unit_bytes, out, n * unit_bytes)) {
            return 1;
        }
    }
    return 0;
}

static void *row_of(const harness_input *input, int32_t row)
{
    const int32_t bytes = input->bytes / input->rows;
    const int32_t at = input->rows > 1 ? row : 0;
    return copy_of((const char *)input->data + at * bytes, bytes, row & 1);
}

static void window_of(const harness_case *c, int32_t row, const void **in)
{
    const tinycc_rows *image = c->image;
    const int32_t first = image->first ? image->first[row] : row * image->stride - image->pad;
    for (int32_t i = 0; i < image->window; i++) {
        const int32_t at = first + i;
        in[i] = at >= 0 && at < image->in_rows ? row_of(&c->input[0], at) : NULL;
    }
}

static int by_rows(const harness_case *c)
{
    const int32_t bytes = c->out_bytes / c->out_rows;
    for (int32_t row = 0; row < c->out_rows; row++) {
        const void *in[MOST_POINTERS];
        void *out = copy_of(NULL, bytes, row & 1);
        if (c->image != NULL) {
            window_of(c, row, in);
        } else {
            for (int32_t i = 0; i < c->inputs; i++) {
                in[i] = row_of(&c->input[i], row);
            }
        }
        const int32_t n = c->image != NULL ? 1 : c->units / c->out_rows;
        c->kernel(c->params, in, out, n, copy_of(NULL, c->scratch, 1));
        if (differs(c, "by rows", row * bytes, out, bytes)) {
            return 1;
        }
    }
    return 0;
}

static int run_case(const harness_case *c)
{
    int failures = whole(c, 0) + whole(c, 1);
    int cuts = c->image == NULL;
    for (int32_t i = 0; i < c->inputs; i++) {
        cuts = cuts && c->input[i].unit_bytes >= 0;
        failures += c->input[i].in_place ? in_place(c, i) : 0;
    }
    failures += cuts ? in_runs(c) : 0;
    failures += c->out_rows > 0 ? by_rows(c) : 0;
    return failures;
}

int harness_run(const harness_case *cases, int count)
{
    int failures = 0;
    for (int i = 0; i < count; i++) {
        failures += run_case(&cases[i]);
    }
    return failures;
}
