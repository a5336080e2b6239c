/* Start-up of a Cortex-M image: vector table, RAM, floating-point unit, main(), and faults that
 * end the run. Every fault leaves through semihosting with exit code 70, so that a crash is a
 * message and never a hang. */
#include "semihosting.h"

#include <stdint.h>

enum { EXIT_FAULT = 70, MAX_ARGUMENTS = 8, COMMAND_LINE_BYTES = 160 };

extern uint32_t __stack_bottom[], __stack_top[];
extern uint32_t __data_load[], __data_start[], __data_end[], __bss_start[], __bss_end[];

int main(int argc, char **argv);
void tinycc_reset(void) __attribute__((noreturn));
void tinycc_unexpected(void) __attribute__((naked));
void tinycc_fault(const uint32_t *frame, uint32_t exception) __attribute__((noreturn, used));

struct vectors {
    uint32_t *initial_stack;
    void (*handlers[15])(void);
};

/* Interrupts stay disabled, so the table ends after the system exceptions. */
__attribute__((section(".vectors"), used)) static const struct vectors tinycc_vectors = {
    __stack_top,
    {tinycc_reset, tinycc_unexpected, tinycc_unexpected, tinycc_unexpected, tinycc_unexpected,
     tinycc_unexpected, tinycc_unexpected, tinycc_unexpected, tinycc_unexpected, tinycc_unexpected,
     tinycc_unexpected, tinycc_unexpected, tinycc_unexpected, tinycc_unexpected, tinycc_unexpected},
};

#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
static void enable_coprocessors(void)
{
    /* CPACR, full access to CP10 and CP11: the floating-point unit, and MVE where there is one. */
    volatile uint32_t *const cpacr = (volatile uint32_t *)0xE000ED88u;
    *cpacr |= 0xFu << 20;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
}
#else
static void enable_coprocessors(void)
{
}
#endif

static void prepare_ram(void)
{
    const uint32_t *from = __data_load;
    for (uint32_t *to = __data_start; to < __data_end; ++to) {
        *to = *from++;
    }
    for (uint32_t *to = __bss_start; to < __bss_end; ++to) {
        *to = 0;
    }
}

/* Splits at single spaces (the runner passes no argument with a space in it). */
static int split(char *text, char **argv)
{
    int argc = 0;
    while (*text != '\0' && argc < MAX_ARGUMENTS) {
        argv[argc++] = text;
        while (*text != '\0' && *text != ' ') {
            ++text;
        }
        if (*text == ' ') {
            *text++ = '\0';
        }
    }
    return argc;
}

void tinycc_reset(void)
{
    static char command_line[COMMAND_LINE_BYTES];
    static char *argv[MAX_ARGUMENTS + 1];
    prepare_ram();
    enable_coprocessors();
    tinycc_semihosting_command_line(command_line, sizeof command_line);
    const int argc = split(command_line, argv);
    tinycc_semihosting_exit(main(argc, argv));
}

/* The stack pointer may be the reason for the fault: keep it as an argument, then start from a
 * good one. */
void tinycc_unexpected(void)
{
    __asm__ volatile("mrs r0, msp\n\t"
                     "mrs r1, ipsr\n\t"
                     "ldr r2, =__stack_top\n\t"
                     "mov sp, r2\n\t"
                     "ldr r2, =tinycc_fault\n\t"
                     "bx  r2\n\t"
                     ".ltorg\n\t");
}

static void print_hex(const char *before, uint32_t value)
{
    char text[10];
    for (int digit = 0; digit < 8; ++digit) {
        text[digit] = "0123456789abcdef"[(value >> (28 - 4 * digit)) & 15u];
    }
    text[8] = '\n';
    text[9] = '\0';
    tinycc_port_print(before);
    tinycc_port_print(text);
}

void tinycc_fault(const uint32_t *frame, uint32_t exception)
{
    /* The frame that the core pushed: r0-r3, r12, lr, pc, xpsr. It is missing when the stack
     * overflowed. */
    if (frame < __stack_bottom || frame + 8 > __stack_top) {
        tinycc_port_print("tinycc-fault: stack overflow\n");
    } else {
        print_hex("tinycc-fault: pc 0x", frame[6]);
    }
    print_hex("tinycc-fault: exception 0x", exception);
    tinycc_semihosting_exit(EXIT_FAULT);
}
