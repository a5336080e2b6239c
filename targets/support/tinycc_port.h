/* What a test harness needs from the machine it runs on: files, a console, an exit code, the
 * stack's high-water mark. One implementation per kind of machine: bare/ (semihosting, as QEMU
 * and debug probes offer it) and host/ (stdio). None of this belongs to the generated code,
 * which needs neither files nor a console. */
#ifndef TINYCC_PORT_H
#define TINYCC_PORT_H

#include <stddef.h>

enum tinycc_port_mode { TINYCC_PORT_READ = 0, TINYCC_PORT_WRITE = 1 };

/* Opens a file; returns a handle, or a negative number. Writing replaces the file. */
int tinycc_port_open(const char *path, enum tinycc_port_mode mode);
void tinycc_port_close(int file);
/* Moves to a byte position counted from the start. These three return 0 when everything was
 * done. */
int tinycc_port_seek(int file, size_t position);
int tinycc_port_read(int file, void *to, size_t bytes);
int tinycc_port_write(int file, const void *from, size_t bytes);

/* Prints on the console of the host. */
void tinycc_port_print(const char *text);

/* Fills the stack below the caller with a pattern / tells how many bytes below the caller have
 * been used since. Both work from the caller's stack pointer, so a call between them is measured
 * without the caller's own frame. Returns 0 where the stack cannot be measured (host). */
void tinycc_port_stack_paint(void);
size_t tinycc_port_stack_used(void);

/* Where generated code that was compiled with -DTINYCC_PROFILE=tinycc_profile_step says which step
 * begins (see stack_and_profile.S). */
void tinycc_profile_step(int step);

#endif
