/* The port for the machine that compiles: plain stdio. The stack is not measured here. */
#include "tinycc_port.h"

#include <stdio.h>

enum { MAX_FILES = 8 };
static FILE *files[MAX_FILES];

int tinycc_port_open(const char *path, enum tinycc_port_mode mode)
{
    for (int file = 0; file < MAX_FILES; ++file) {
        if (files[file] == NULL) {
            files[file] = fopen(path, mode == TINYCC_PORT_WRITE ? "wb" : "rb");
            return files[file] == NULL ? -1 : file;
        }
    }
    return -1;
}

void tinycc_port_close(int file)
{
    (void)fclose(files[file]);
    files[file] = NULL;
}

int tinycc_port_seek(int file, size_t position)
{
    return fseek(files[file], (long)position, SEEK_SET);
}

int tinycc_port_read(int file, void *to, size_t bytes)
{
    return fread(to, 1, bytes, files[file]) == bytes ? 0 : 1;
}

int tinycc_port_write(int file, const void *from, size_t bytes)
{
    return fwrite(from, 1, bytes, files[file]) == bytes ? 0 : 1;
}

void tinycc_port_print(const char *text)
{
    (void)fputs(text, stdout);
}

void tinycc_port_stack_paint(void)
{
}

size_t tinycc_port_stack_used(void)
{
    return 0;
}

__attribute__((weak)) void tinycc_profile_step(int step) /* a harness that traces brings its own */
{
    (void)step;
}
