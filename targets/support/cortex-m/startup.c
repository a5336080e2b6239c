/* A Cortex-M image: vector table, floating-point unit, faults, and semihosting by BKPT 0xAB. */
#include "bare/semihosting.h"
#include "bare/start.h"

void tinycc_unexpected(void) __attribute__((naked));
void tinycc_stacked_fault(const uint32_t *frame, uint32_t exception)
    __attribute__((noreturn, used));

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

void tinycc_reset(void)
{
    tinycc_start();
}

#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
void tinycc_prepare_core(void)
{
    /* CPACR, full access to CP10 and CP11: the floating-point unit, and MVE where there is one. */
    volatile uint32_t *const cpacr = (volatile uint32_t *)0xE000ED88u;
    *cpacr |= 0xFu << 20;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
}
#else
void tinycc_prepare_core(void)
{
}
#endif

int tinycc_semihosting_call(int operation, const void *argument)
{
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

/* The stack pointer may be the reason for the fault: keep it as an argument, then start from a
 * good one. */
void tinycc_unexpected(void)
{
    __asm__ volatile("mrs r0, msp\n\t"
                     "mrs r1, ipsr\n\t"
                     "ldr r2, =__stack_top\n\t"
                     "mov sp, r2\n\t"
                     "ldr r2, =tinycc_stacked_fault\n\t"
                     "bx  r2\n\t"
                     ".ltorg\n\t");
}

/* The frame that the core pushed: r0-r3, r12, lr, pc, xpsr. It is missing when the stack
 * overflowed. */
void tinycc_stacked_fault(const uint32_t *frame, uint32_t exception)
{
    const int overflowed = frame < __stack_bottom || frame + 8 > __stack_top;
    tinycc_fault(overflowed, overflowed ? 0 : frame[6], exception);
}
