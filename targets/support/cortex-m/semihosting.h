/* The two semihosting calls that start-up needs beside the port. */
#ifndef TINYCC_SEMIHOSTING_H
#define TINYCC_SEMIHOSTING_H

#include "tinycc_port.h"

void tinycc_semihosting_command_line(char *text, size_t bytes);
void tinycc_semihosting_exit(int code) __attribute__((noreturn));

#endif
