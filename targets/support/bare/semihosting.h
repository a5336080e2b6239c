/* Semihosting beside the port: what start-up needs, and what each core brings. */
#ifndef TINYCC_SEMIHOSTING_H
#define TINYCC_SEMIHOSTING_H

#include "tinycc_port.h"

/* The core's own: hands an operation and its argument block to the debugger; returns the answer. */
int tinycc_semihosting_call(int operation, const void *argument);

void tinycc_semihosting_command_line(char *text, size_t bytes);
void tinycc_semihosting_exit(int code) __attribute__((noreturn));

#endif
