#include "start.h"

#include "semihosting.h"

enum { EXIT_FAULT = 70, MAX_ARGUMENTS = 8, COMMAND_LINE_BYTES = 160 };

extern uint32_t __data_load[], __data_start[], __data_end[], __bss_start[], __bss_end[];

int main(int argc, char **argv);

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

void tinycc_start(void)
{
    static char command_line[COMMAND_LINE_BYTES];
    static char *argv[MAX_ARGUMENTS + 1];
    tinycc_prepare_core(); /* first: the compiler may use the vector unit to clear the RAM */
    prepare_ram();
    tinycc_semihosting_command_line(command_line, sizeof command_line);
    const int argc = split(command_line, argv);
    tinycc_semihosting_exit(main(argc, argv));
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

void tinycc_fault(int overflowed, uint32_t pc, uint32_t exception)
{
    if (overflowed) {
        tinycc_port_print("tinycc-fault: stack overflow\n");
    } else {
        print_hex("tinycc-fault: pc 0x", pc);
    }
    print_hex("tinycc-fault: exception 0x", exception);
    tinycc_semihosting_exit(EXIT_FAULT);
}
