/* What generated code and kernels need of the C library, for compilers that come without its headers. */
#ifndef TINYCC_FREESTANDING_STRING_H
#define TINYCC_FREESTANDING_STRING_H

#include <stddef.h>

void *memcpy(void *to, const void *from, size_t count);
void *memmove(void *to, const void *from, size_t count);
void *memset(void *to, int value, size_t count);
int memcmp(const void *left, const void *right, size_t count);
size_t strlen(const char *text);

#endif
