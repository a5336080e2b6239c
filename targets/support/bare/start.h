/* Start-up of a bare core, and the end of a run that faults. */
#ifndef TINYCC_START_H
#define TINYCC_START_H

#include <stdint.h>

extern uint32_t __stack_bottom[], __stack_top[];

/* Where the core begins, in its own code: calls tinycc_start with the stack pointer set. */
void tinycc_reset(void) __attribute__((noreturn));
/* The core's own: enables units that are off after a reset. */
void tinycc_prepare_core(void);

/* RAM, then main() with the semihosting command line, then exit. */
void tinycc_start(void) __attribute__((noreturn));
/* Every fault leaves with exit code 70, so that a crash is a message and never a hang. `pc` is not
 * known after a stack overflow. */
void tinycc_fault(int overflowed, uint32_t pc, uint32_t exception) __attribute__((noreturn));

#endif
