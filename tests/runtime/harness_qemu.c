/* The harness on a bare core. There is no sanitizer: every buffer lies between guard bytes, which
 * must survive, and in turn one buffer ends where the memory does, or begins where one does, so that a
 * read beyond it faults. HARNESS_MEMORY_END and _START are these addresses (0: unknown). */
#include "harness.h"

#include <string.h>

#include "tinycc_port.h"

enum { GUARD_BYTES = 8, GUARD = 0xA5, MOST_POINTERS = 256, HEAP_BYTES = 1 << 20 };

static uint32_t heap[HEAP_BYTES / 4];
static int32_t used;
static int32_t made, victim; /* buffers of this call; which of them lies at an edge of memory */
static int at_start;         /* that edge is the beginning */

/* The guards of the present call. */
static struct {
    unsigned char *start;
    int32_t bytes;
    int free_before, free_behind; /* there is memory for a guard */
} guarded[MOST_POINTERS + 2];

/* The memory protection unit of Armv7-M forbids 4 KiB before and behind the memory. */
static void fence(uint32_t region, uint32_t address)
{
    *(volatile uint32_t *)0xE000ED98 = region;
    *(volatile uint32_t *)0xE000ED9C = address;
    *(volatile uint32_t *)0xE000EDA0 = 11u << 1 | 1u; /* 2**(11 + 1) bytes, no access, enabled */
    *(volatile uint32_t *)0xE000ED94 = 5;             /* all else as without the unit */
}

static void forget(int32_t next_victim)
{
    used = 0;
    made = 0;
    victim = next_victim;
}

/* A copy of some bytes (or undefined ones) at an address that is `shift` above a multiple of 4. */
static void *copy_of(const void *data, int32_t bytes, int shift)
{
    unsigned char *start = (unsigned char *)heap + used + GUARD_BYTES + shift;
    const int first = HARNESS_MEMORY_START != 0 && made == victim && at_start;
    const int last = HARNESS_MEMORY_END != 0 && made == victim && !at_start;
    if (first) {
        start = (unsigned char *)(uintptr_t)HARNESS_MEMORY_START;
    }
    if (last) {
        start = (unsigned char *)(uintptr_t)(HARNESS_MEMORY_END - (uint32_t)bytes);
        if (data == NULL && shift == 0) { /* scratch is aligned */
            start = (unsigned char *)((uintptr_t)start & ~(uintptr_t)3);
        }
    }
    used += (bytes + shift + 2 * GUARD_BYTES + 3) & ~3;
    if (!first) {
        memset(start - GUARD_BYTES, GUARD, GUARD_BYTES);
    }
    if (!last) {
        memset(start + bytes, GUARD, GUARD_BYTES);
    }
    memset(start, 0x5A, (size_t)bytes);
    if (data != NULL) {
        memcpy(start, data, (size_t)bytes);
    }
    guarded[made].start = start;
    guarded[made].bytes = bytes;
    guarded[made].free_before = !first;
    guarded[made].free_behind = !last;
    made++;
    return start;
}

static int guards_hold(void)
{
    for (int32_t i = 0; i < made; i++) {
        for (int32_t j = 0; j < GUARD_BYTES; j++) {
            const unsigned char *after = guarded[i].start + guarded[i].bytes;
            if ((guarded[i].free_before && guarded[i].start[j - GUARD_BYTES] != GUARD) ||
                (guarded[i].free_behind && after[j] != GUARD)) {
                return 0;
            }
        }
    }
    return 1;
}

static int judged(const harness_case *c, const char *way, int32_t from, const void *got,
                  int32_t bytes)
{
    const int same = memcmp((const char *)c->expected + from, got, (size_t)bytes) == 0;
    const int holds = guards_hold();
    if (!same || !holds) {
        tinycc_port_print(c->name);
        tinycc_port_print(way);
        tinycc_port_print(same ? ": wrote outside\n" : ": wrong bytes\n");
    }
    return !same || !holds;
}

static int whole(const harness_case *c, int shift, int32_t next_victim)
{
    const void *in[MOST_POINTERS], *rows[MOST_POINTERS];
    forget(next_victim);
    void *out = copy_of(NULL, c->out_bytes, shift ? 4 + shift : 0);
    void *scratch = copy_of(NULL, c->scratch, 0);
    for (int32_t i = 0; i < c->inputs; i++) {
        in[i] = copy_of(c->input[i].data, c->input[i].bytes, shift);
    }
    if (c->image != NULL) {
        uint16_t turn = 0;
        tinycc_progress progress = {INT32_MAX, &turn};
        tinycc_each_row(c->kernel, c->params, c->image, in[0], out, rows, scratch, &progress);
    } else {
        c->kernel(c->params, in, out, c->units, scratch);
    }
    return judged(c, shift ? ", unaligned" : ", whole", 0, out, c->out_bytes);
}

static int in_place(const harness_case *c, int32_t which)
{
    const void *in[MOST_POINTERS];
    forget(-1);
    void *out = copy_of(c->input[which].data, c->out_bytes, 1);
    for (int32_t i = 0; i < c->inputs; i++) {
        const harness_input *input = &c->input[i];
        const int shared = input->same_as == c->input[which].same_as;
        in[i] = shared ? out : copy_of(input->data, input->bytes, 1);
    }
    c->kernel(c->params, in, out, c->units, copy_of(NULL, c->scratch, 0));
    return judged(c, ", in place", 0, out, c->out_bytes);
}

static int in_runs(const harness_case *c)
{
    const int32_t unit_bytes = c->out_bytes / c->units;
    for (int32_t from = 0, n = 1; from < c->units; from += n, n++) {
        const void *in[MOST_POINTERS];
        n = n < c->units - from ? n : c->units - from;
        forget(2);
        void *out = copy_of(NULL, n * unit_bytes, from & 3);
        void *scratch = copy_of(NULL, c->scratch, 0);
        for (int32_t i = 0; i < c->inputs; i++) {
            const int32_t step = c->input[i].unit_bytes;
            in[i] = copy_of((const char *)c->input[i].data + from * step, n * step, n & 3);
        }
        c->kernel(c->params, in, out, n, scratch);
        if (judged(c, ", in runs", from * unit_bytes, out, n * unit_bytes)) {
            return 1;
        }
    }
    return 0;
}

/* Row by row, each row a buffer of its own; `last` rows from the end of the window is the one that
 * ends with the memory. */
static int by_rows(const harness_case *c, int32_t last)
{
    const int32_t bytes = c->out_bytes / c->out_rows;
    for (int32_t row = 0; row < c->out_rows; row++) {
        const tinycc_rows *image = c->image;
        const int32_t first = image->first ? image->first[row] : row * image->stride - image->pad;
        const void *in[MOST_POINTERS];
        forget(2 + last);
        void *out = copy_of(NULL, bytes, row & 3);
        void *scratch = copy_of(NULL, c->scratch, 0);
        for (int32_t i = 0; i < image->window; i++) {
            const int32_t at = first + i;
            const int inside = at >= 0 && at < image->in_rows;
            const char *data = (const char *)c->input[0].data + at * image->in_row_bytes;
            in[i] = inside ? copy_of(data, image->in_row_bytes, (row + i) & 3) : NULL;
        }
        c->kernel(c->params, in, out, 1, scratch);
        if (judged(c, ", by rows", row * bytes, out, bytes)) {
            return 1;
        }
    }
    return 0;
}

/* In all ways; the buffers in turn lie at one edge of memory. */
static int run_case(const harness_case *c)
{
    int failures = 0, cuts = c->image == NULL;
    for (int32_t i = -1; i < 2 + c->inputs; i++) {
        failures += whole(c, (i + 1) & 3, i);
    }
    for (int32_t i = 0; i < c->inputs; i++) {
        cuts = cuts && c->input[i].unit_bytes >= 0;
        failures += c->input[i].in_place ? in_place(c, i) : 0;
    }
    failures += cuts ? in_runs(c) : 0;
    for (int32_t last = 0; c->image != NULL && c->out_rows > 0 && last < 3; last++) {
        failures += by_rows(c, last);
    }
    return failures;
}

int harness_run(const harness_case *cases, int count)
{
    int failures = 0;
    if (HARNESS_FENCED) {
        fence(0, HARNESS_MEMORY_START - 0x1000u);
        fence(1, HARNESS_MEMORY_END);
    }
    for (int i = 0; i < count; i++) {
        at_start = 0;
        failures += run_case(&cases[i]);
        at_start = 1;
        failures += HARNESS_MEMORY_START != 0 ? run_case(&cases[i]) : 0;
    }
    return failures;
}
