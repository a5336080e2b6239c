/* Printing numbers on the host's console, for examples: C without a C library, and C++. */
#ifndef CONSOLE_H
#define CONSOLE_H

#ifdef __cplusplus
extern "C" {
#endif
#include "tinycc_port.h"
#ifdef __cplusplus
}
#endif

static inline void print_number(unsigned number)
{
    char text[12];
    char *first = text + sizeof text - 1;
    *first = '\0';
    do {
        *--first = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    tinycc_port_print(first);
}

/* "right: 19 of 20 recordings" */
static inline void print_score(unsigned right, unsigned of, const char *what)
{
    tinycc_port_print("right: ");
    print_number(right);
    tinycc_port_print(" of ");
    print_number(of);
    tinycc_port_print(" ");
    tinycc_port_print(what);
}

#endif
