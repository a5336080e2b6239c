/* The port for a harness inside another program: its files are that program's memory. */
#include "tinycc_port.h"

#include <stdint.h>

enum { FILES = 3, ARGUMENTS = 6 };
static struct {
    uint8_t *bytes;
    size_t size, at;
} files[FILES];

int main(int argc, char **argv); /* the harness's */

/* Runs a harness; its exit code. `samples`: their number in decimals. */
__attribute__((visibility("default")))
int tinycc_simulate(uint8_t *input, size_t input_bytes, uint8_t *output, size_t output_bytes,
                    uint8_t *report, size_t report_bytes, char *samples)
{
    static char program[] = "library", once[] = "1";
    static char names[FILES][2] = {"0", "1", "2"};
    char *argv[ARGUMENTS] = {program, names[0], names[1], names[2], samples, once};
    uint8_t *const bytes[FILES] = {input, output, report};
    const size_t sizes[FILES] = {input_bytes, output_bytes, report_bytes};
    for (int file = 0; file < FILES; ++file) {
        files[file].bytes = bytes[file];
        files[file].size = sizes[file];
        files[file].at = 0;
    }
    return main(ARGUMENTS, argv);
}

int tinycc_port_open(const char *path, enum tinycc_port_mode mode)
{
    (void)mode;
    return path[0] - '0';
}

void tinycc_port_close(int file)
{
    (void)file;
}

int tinycc_port_seek(int file, size_t position)
{
    files[file].at = position;
    return position > files[file].size;
}

/* Copies between a file and `data` from where the file stands; 1 when the file ends before. */
static int copy(int file, uint8_t *to, const uint8_t *from, size_t bytes)
{
    uint8_t *const place = files[file].bytes + files[file].at;
    if (bytes > files[file].size - files[file].at) {
        return 1;
    }
    for (size_t i = 0; i < bytes; ++i) {
        *(to != NULL ? to + i : place + i) = from != NULL ? from[i] : place[i];
    }
    files[file].at += bytes;
    return 0;
}

int tinycc_port_read(int file, void *to, size_t bytes)
{
    return copy(file, to, NULL, bytes);
}

int tinycc_port_write(int file, const void *from, size_t bytes)
{
    return copy(file, NULL, from, bytes);
}

void tinycc_port_print(const char *text)
{
    (void)text;
}

void tinycc_port_stack_paint(void)
{
}

size_t tinycc_port_stack_used(void)
{
    return 0;
}
