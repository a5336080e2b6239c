/* QEMU TCG plugin: how many bytes of each range of addresses are read and written.
 * Use: -plugin count_accesses.so,out=FILE,range=ADDRESS:BYTES[,range=...]
 * Writes `READ WRITTEN` in bytes, a line for each range. Reads of instructions, and what the
 * debugger's side of semihosting does, are not counted.
 *
 * The declarations are those of the public plugin API; Debian ships no header for it. */
#ifndef QEMU_PLUGIN_API
#define QEMU_PLUGIN_API 1
#endif
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
typedef uint64_t plugin_id;
typedef uint32_t access_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { NO_REGISTERS = 0, READ_AND_WRITE = 3, MAX_RANGES = 16 };
typedef void translation_callback(plugin_id, struct qemu_plugin_tb *);
typedef void access_callback(unsigned vcpu, access_info, uint64_t address, void *data);
typedef void exit_callback(plugin_id, void *data);
extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, translation_callback *);
extern void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *, access_callback *, int flags,
                                             int accesses, void *data);
extern void qemu_plugin_register_atexit_cb(plugin_id, exit_callback *, void *data);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
extern unsigned qemu_plugin_mem_size_shift(access_info);
extern _Bool qemu_plugin_mem_is_store(access_info);
EXPORT int qemu_plugin_version = QEMU_PLUGIN_API;
EXPORT int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);

struct bytes {
    uint64_t read, written;
};

static uint64_t starts[MAX_RANGES], ends[MAX_RANGES];
static size_t ranges;
static struct bytes counted[MAX_RANGES];
static const char *out_path = "accesses.txt";

static void on_access(unsigned vcpu, access_info info, uint64_t address, void *unused)
{
    (void)vcpu; /* a microcontroller has one */
    (void)unused;
    for (size_t range = 0; range < ranges; ++range) {
        if (address >= starts[range] && address < ends[range]) {
            struct bytes *bytes = &counted[range];
            const uint64_t size = UINT64_C(1) << qemu_plugin_mem_size_shift(info);
            if (qemu_plugin_mem_is_store(info)) {
                bytes->written += size;
            } else {
                bytes->read += size;
            }
        }
    }
}

static void on_translation(plugin_id id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); ++i) {
        qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(tb, i), on_access, NO_REGISTERS,
                                         READ_AND_WRITE, NULL);
    }
}

static void on_exit_write(plugin_id id, void *unused)
{
    (void)id;
    (void)unused;
    FILE *out = fopen(out_path, "w");
    if (out == NULL) {
        return; /* the reader reports the missing file */
    }
    for (size_t range = 0; range < ranges; ++range) {
        fprintf(out, "%" PRIu64 " %" PRIu64 "\n", counted[range].read, counted[range].written);
    }
    fclose(out);
}

static int read_argument(const char *text)
{
    char *end = NULL;
    if (strncmp(text, "out=", 4) == 0) {
        out_path = strdup(text + 4);
        return out_path != NULL;
    }
    if (strncmp(text, "range=", 6) == 0 && ranges < MAX_RANGES) {
        starts[ranges] = strtoull(text + 6, &end, 0);
        ends[ranges] = *end == ':' ? starts[ranges] + strtoull(end + 1, NULL, 0) : 0;
        return ends[ranges++] != 0;
    }
    return 0;
}

EXPORT int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; ++i) {
        if (!read_argument(argv[i])) {
            return 1;
        }
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_exit_write, NULL);
    return 0;
}
