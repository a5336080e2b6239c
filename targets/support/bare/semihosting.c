/* The port for bare cores: Arm's "Semihosting for AArch32 and AArch64", version 3, which "RISC-V
 * Semihosting", version 0.4, takes over. How a core calls its debugger is its own. */
#include "semihosting.h"

#include <stdint.h>

enum {
    SYS_OPEN = 0x01,
    SYS_CLOSE = 0x02,
    SYS_WRITE0 = 0x04,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_SEEK = 0x0A,
    SYS_GET_CMDLINE = 0x15,
    SYS_EXIT_EXTENDED = 0x20,
    OPEN_RB = 1,
    OPEN_WB = 5,
    APPLICATION_EXIT = 0x20026 /* ADP_Stopped_ApplicationExit */
};

static size_t length(const char *text)
{
    size_t bytes = 0;
    while (text[bytes] != '\0') {
        ++bytes;
    }
    return bytes;
}

int tinycc_port_open(const char *path, enum tinycc_port_mode mode)
{
    const uintptr_t block[3] = {(uintptr_t)path, mode == TINYCC_PORT_WRITE ? OPEN_WB : OPEN_RB,
                                length(path)};
    return tinycc_semihosting_call(SYS_OPEN, block);
}

void tinycc_port_close(int file)
{
    const uintptr_t block[1] = {(uintptr_t)file};
    (void)tinycc_semihosting_call(SYS_CLOSE, block);
}

int tinycc_port_seek(int file, size_t position)
{
    const uintptr_t block[2] = {(uintptr_t)file, position};
    return tinycc_semihosting_call(SYS_SEEK, block);
}

/* Both answer with the number of bytes that were not transferred. */
int tinycc_port_read(int file, void *to, size_t bytes)
{
    const uintptr_t block[3] = {(uintptr_t)file, (uintptr_t)to, bytes};
    return tinycc_semihosting_call(SYS_READ, block);
}

int tinycc_port_write(int file, const void *from, size_t bytes)
{
    const uintptr_t block[3] = {(uintptr_t)file, (uintptr_t)from, bytes};
    return tinycc_semihosting_call(SYS_WRITE, block);
}

void tinycc_port_print(const char *text)
{
    (void)tinycc_semihosting_call(SYS_WRITE0, text);
}

void tinycc_semihosting_command_line(char *text, size_t bytes)
{
    uintptr_t block[2] = {(uintptr_t)text, bytes};
    if (tinycc_semihosting_call(SYS_GET_CMDLINE, block) != 0) {
        text[0] = '\0';
    }
}

void tinycc_semihosting_exit(int code)
{
    const uintptr_t block[2] = {APPLICATION_EXIT, (uintptr_t)code};
    for (;;) {
        (void)tinycc_semihosting_call(SYS_EXIT_EXTENDED, block);
    }
}
