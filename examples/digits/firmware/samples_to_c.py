"""Prints samples.npz as a C header: `python samples_to_c.py samples.npz > samples.h`."""

from __future__ import annotations

import sys

import numpy as np


def main() -> None:
    """Two constant arrays: the pixels of every picture, and the digits they show."""
    with np.load(sys.argv[1]) as samples:
        pixels, digits = samples["x"], samples["y"]
    print("/* Made by samples_to_c.py. */\n#include <stdint.h>\n")
    print(f"enum {{ SAMPLES = {len(pixels)} }};\n")
    print(f"static const uint8_t sample_pixels[SAMPLES][{pixels[0].size}] = {{")
    for picture in pixels:
        print("    {" + ", ".join(map(str, picture.reshape(-1))) + "},")
    print("};\n")
    print("static const uint8_t sample_digits[SAMPLES] = {" + ", ".join(map(str, digits)) + "};")


if __name__ == "__main__":
    main()
