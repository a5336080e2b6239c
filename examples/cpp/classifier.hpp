// The generated C as a C++ object: it owns the arena, so it cannot be copied, and several of them
// do not disturb each other.
#pragma once

#include <stdint.h>

#include "digits.h"

class Classifier {
public:
    Classifier() : net_(digits_init(arena_)) {}
    Classifier(const Classifier &) = delete;
    Classifier &operator=(const Classifier &) = delete;

    /// The digit in a picture of bytes from 0 to 255. A wrong size does not compile.
    template <unsigned bytes> int classify(const uint8_t (&pixels)[bytes])
    {
        static_assert(bytes == DIGITS_INPUT_BYTES, "a picture has the network's input size");
        int8_t *const input = digits_input(&net_);
        for (unsigned i = 0; i < bytes; i++) {
            input[i] = static_cast<int8_t>(pixels[i] - 128); // scale 1 / 255, zero point -128
        }
        digits_run(&net_);
        return digits_argmax(&net_);
    }

private:
    DIGITS_ALIGN uint8_t arena_[DIGITS_ARENA_BYTES];
    digits_t net_;
};
