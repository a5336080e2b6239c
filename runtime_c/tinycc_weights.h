/* Weights in a file of their own, which may lie anywhere and may be replaced without new code.
 *
 * Little-endian words: "TCNN", the format's version, the bytes of the whole file, the CRC-32 (as
 * zlib and Ethernet have it) of what follows this word, two words that say which code the weights
 * are for, two of the model's SHA-256; then the weights.
 */
#ifndef TINYCC_WEIGHTS_H
#define TINYCC_WEIGHTS_H

#include <stdint.h>

enum { TINYCC_WEIGHTS_VERSION = 1, TINYCC_WEIGHTS_ALIGNMENT = 8, TINYCC_WEIGHTS_HEADER = 32 };

/* What the generated header calls <NAME>_WEIGHTS_..., in the order of the checks. */
enum {
    TINYCC_WEIGHTS_OK,
    TINYCC_WEIGHTS_MISALIGNED,
    TINYCC_WEIGHTS_TRUNCATED,
    TINYCC_WEIGHTS_FOREIGN,
    TINYCC_WEIGHTS_FORMAT,
    TINYCC_WEIGHTS_LAYOUT,
    TINYCC_WEIGHTS_DAMAGED
};

/* Whether `file`, of which at most `bytes` may be read, holds `wanted` bytes of weights for the
 * code `layout`: TINYCC_WEIGHTS_OK, or the first thing that is wrong. Reads no byte that is not
 * there, whatever the file says. */
int tinycc_weights_check(const void *file, uint32_t bytes, uint32_t wanted,
                         const uint32_t layout[2]);

#endif
