/* QEMU TCG plugin: how often each translation block ran, and what each profiled step executed.
 * Use: -plugin count_blocks.so,out=FILE[,hook=ADDRESS,hooks=N]
 * Writes `block ADDRESS INSTRUCTIONS CYCLES TIMES` (cycles of one execution), and
 * `step NUMBER INSTRUCTIONS CYCLES TIMES` (all its executions together).
 *
 * A step begins when the block at hook + 2 * step runs: tinycc_profile_step() in each core's
 * stack_and_profile.S.
 *
 * The declarations are those of the public plugin API; Debian ships no header for it. What is used
 * is the same in version 1 (QEMU 4.2 to 8) and version 2 (QEMU 9 and later), but QEMU wants to be
 * told: compile with -DQEMU_PLUGIN_API=1 or 2. One callback per block costs little: an inference
 * has about a tenth as many blocks as instructions. */
#ifndef QEMU_PLUGIN_API
#define QEMU_PLUGIN_API 1
#endif
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { NO_REGISTERS = 0 };
typedef void translation_callback(plugin_id, struct qemu_plugin_tb *);
typedef void execution_callback(unsigned vcpu, void *data);
typedef void exit_callback(plugin_id, void *data);
extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, translation_callback *);
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, execution_callback *,
                                                 int flags, void *data);
extern void qemu_plugin_register_atexit_cb(plugin_id, exit_callback *, void *data);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
extern char *qemu_plugin_insn_disas(const struct qemu_plugin_insn *);
EXPORT int qemu_plugin_version = QEMU_PLUGIN_API;
EXPORT int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);

struct block {
    struct block *next;
    uint64_t address, instructions, cycles, times;
};
struct totals {
    uint64_t instructions, cycles, times;
};

static struct block *blocks;
static struct totals now, step_start, *steps;
static uint64_t hook;
static size_t hooks, current_step;
static const char *out_path = "counts.txt";

static int starts(const char *text, const char *prefix)
{
    while (*prefix != '\0' && *text == *prefix) {
        ++text;
        ++prefix;
    }
    return *prefix == '\0';
}

static unsigned registers_listed(const char *operands)
{
    unsigned count = 1;
    for (; *operands != '\0'; ++operands) {
        count += *operands == ',';
    }
    return count;
}

/* RISC-V: lb, lbu, lh, lhu, lw and flw. */
static int is_riscv_load(const char *mnemonic)
{
    mnemonic += mnemonic[0] == 'f';
    return mnemonic[0] == 'l' && mnemonic[1] != '\0' && strchr("bhw", mnemonic[1]) != NULL &&
           strchr("u", mnemonic[2]) != NULL;
}

static int is_store(const char *mnemonic)
{
    return starts(mnemonic, "str") ||
           (mnemonic[0] == 's' && mnemonic[1] != '\0' && strchr("bhw", mnemonic[1]) != NULL &&
            mnemonic[2] == '\0');
}

/* Cortex-M4 TRM r0p1, table 3-1, no wait states: a load costs 2, one right after another access
 * 1 (decided statically); a branch 3, as the taken back edge of a loop does. RISC-V instructions
 * count as their likes. */
static unsigned cycles_of(const char *mnemonic, const char *operands, int after_access)
{
    if (starts(mnemonic, "ldm") || starts(mnemonic, "stm") || starts(mnemonic, "push") ||
        starts(mnemonic, "pop")) {
        return 1 + registers_listed(operands);
    }
    if (starts(mnemonic, "ldrd") || starts(mnemonic, "strd")) {
        return after_access ? 2 : 3;
    }
    if (starts(mnemonic, "ldr") || starts(mnemonic, "vldr") || is_riscv_load(mnemonic)) {
        return after_access ? 1 : 2;
    }
    if (starts(mnemonic, "sdiv") || starts(mnemonic, "udiv") || starts(mnemonic, "div") ||
        starts(mnemonic, "rem")) {
        return 7;
    }
    if ((mnemonic[0] == 'b' && !starts(mnemonic, "bic") && !starts(mnemonic, "bf")) ||
        mnemonic[0] == 'j' || starts(mnemonic, "ret")) {
        return 3;
    }
    if (starts(mnemonic, "cb")) {
        return 2;
    }
    if (starts(mnemonic, "vdiv") || starts(mnemonic, "vsqrt")) {
        return 14;
    }
    return starts(mnemonic, "vmla") || starts(mnemonic, "vfma") ? 3 : 1;
}

/* QEMU's own disassembler for RISC-V puts the instruction's bits in front. */
static const char *behind_bits(const char *text)
{
    const size_t digits = strspn(text, "0123456789abcdef");
    const int bits = (digits == 4 || digits == 8) && text[digits] == ' ';
    return bits ? text + digits + strspn(text + digits, " ") : text;
}

static uint64_t block_cycles(const struct qemu_plugin_tb *tb)
{
    uint64_t cycles = 0;
    int after_access = 0;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); ++i) {
        char *text = qemu_plugin_insn_disas(qemu_plugin_tb_get_insn(tb, i));
        char mnemonic[16] = "?";
        const char *operands = "";
        if (text != NULL) {
            const char *const start = behind_bits(text);
            const size_t length = strcspn(start, " \t");
            operands = start + length;
            memcpy(mnemonic, start, length < 15 ? length : 15);
            mnemonic[length < 15 ? length : 15] = '\0';
        }
        cycles += cycles_of(mnemonic, operands, after_access);
        after_access = starts(mnemonic, "ldr") || is_riscv_load(mnemonic) || is_store(mnemonic);
        free(text);
    }
    return cycles;
}

/* The step that ran until now gets what was executed since it began. */
static void begin_step(size_t step)
{
    if (current_step < hooks) {
        steps[current_step].instructions += now.instructions - step_start.instructions;
        steps[current_step].cycles += now.cycles - step_start.cycles;
        ++steps[current_step].times;
    }
    step_start = now;
    current_step = step;
}

static void on_execution(unsigned vcpu, void *data)
{
    struct block *block = data;
    (void)vcpu; /* a microcontroller has one */
    if (block->address >= hook && block->address < hook + 2 * hooks) {
        begin_step((size_t)(block->address - hook) / 2);
    }
    ++block->times;
    now.instructions += block->instructions;
    now.cycles += block->cycles;
}

static void on_translation(plugin_id id, struct qemu_plugin_tb *tb)
{
    (void)id;
    struct block *block = calloc(1, sizeof *block); /* stays: translated code refers to it */
    if (block == NULL) {
        abort();
    }
    block->next = blocks;
    block->address = qemu_plugin_tb_vaddr(tb);
    block->instructions = qemu_plugin_tb_n_insns(tb);
    block->cycles = block_cycles(tb);
    blocks = block;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_execution, NO_REGISTERS, block);
}

static void on_exit_write(plugin_id id, void *unused)
{
    (void)id;
    (void)unused;
    FILE *out = fopen(out_path, "w");
    if (out == NULL) {
        return; /* the reader reports the missing file */
    }
    for (const struct block *block = blocks; block != NULL; block = block->next) {
        if (block->times > 0) {
            fprintf(out, "block %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", block->address,
                    block->instructions, block->cycles, block->times);
        }
    }
    for (size_t step = 0; step < hooks; ++step) {
        if (steps[step].times > 0) {
            fprintf(out, "step %zu %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", step,
                    steps[step].instructions, steps[step].cycles, steps[step].times);
        }
    }
    fclose(out);
}

EXPORT int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; ++i) {
        if (starts(argv[i], "out=")) {
            out_path = strdup(argv[i] + 4);
        } else if (starts(argv[i], "hook=")) {
            hook = strtoull(argv[i] + 5, NULL, 0);
        } else if (starts(argv[i], "hooks=")) {
            hooks = strtoull(argv[i] + 6, NULL, 0);
        }
    }
    current_step = hooks;
    steps = calloc(hooks + 1, sizeof *steps);
    if (steps == NULL || out_path == NULL) {
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_exit_write, NULL);
    return 0;
}
