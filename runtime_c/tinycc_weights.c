#include "tinycc_weights.h"

#include <stddef.h>

static uint32_t tinycc_weights_word(const uint8_t *file, int32_t index)
{
    const uint8_t *at = file + 4 * index;
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Four bits at a time: a table of 64 bytes. */
static uint32_t tinycc_weights_crc(const uint8_t *at, uint32_t bytes)
{
    static const uint32_t table[16] = {
        0x00000000u, 0x1db71064u, 0x3b6e20c8u, 0x26d930acu, 0x76dc4190u, 0x6b6b51f4u,
        0x4db26158u, 0x5005713cu, 0xedb88320u, 0xf00f9344u, 0xd6d6a3e8u, 0xcb61b38cu,
        0x9b64c2b0u, 0x86d3d2d4u, 0xa00ae278u, 0xbdbdf21cu,
    };
    uint32_t crc = 0xffffffffu;
    for (const uint8_t *const end = at + bytes; at < end; at++) {
        crc ^= *at;
        crc = crc >> 4 ^ table[crc & 15u];
        crc = crc >> 4 ^ table[crc & 15u];
    }
    return ~crc;
}

int tinycc_weights_check(const void *file, uint32_t bytes, uint32_t wanted,
                         const uint32_t layout[2])
{
    const uint8_t *const at = file;
    if (at == NULL || ((uintptr_t)file & (TINYCC_WEIGHTS_ALIGNMENT - 1)) != 0) {
        return TINYCC_WEIGHTS_MISALIGNED;
    }
    if (bytes < TINYCC_WEIGHTS_HEADER) {
        return TINYCC_WEIGHTS_TRUNCATED;
    }
    if (tinycc_weights_word(at, 0) != 0x4e4e4354u) {
        return TINYCC_WEIGHTS_FOREIGN;
    }
    if (tinycc_weights_word(at, 1) != TINYCC_WEIGHTS_VERSION) {
        return TINYCC_WEIGHTS_FORMAT;
    }
    if (tinycc_weights_word(at, 4) != layout[0] || tinycc_weights_word(at, 5) != layout[1]) {
        return TINYCC_WEIGHTS_LAYOUT;
    }
    if (tinycc_weights_word(at, 2) != wanted) {
        return TINYCC_WEIGHTS_DAMAGED;
    }
    if (bytes < wanted) {
        return TINYCC_WEIGHTS_TRUNCATED;
    }
    return tinycc_weights_crc(at + 16, wanted - 16) == tinycc_weights_word(at, 3)
               ? TINYCC_WEIGHTS_OK
               : TINYCC_WEIGHTS_DAMAGED;
}
