"""Prints samples as a C header: `python samples_to_c.py kws01.npz --count 20 > samples.h`.

The file holds `x`, one picture or recording a row, and `y`, what each of them shows.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np


def main() -> None:
    """The constant SAMPLES, and the arrays sample_x and sample_y."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--count", type=int, help="as many, evenly spread over the file; or all")
    parser.add_argument("--prefix", default="sample", help="of the names; default: %(default)s")
    arguments = parser.parse_args()
    name, count = arguments.prefix, f"{arguments.prefix}s".upper()
    with np.load(arguments.file) as archive:
        x, y = archive["x"], archive["y"]
    chosen = np.linspace(0, len(x) - 1, arguments.count or len(x)).astype(int)
    x, y = x[chosen], y[chosen]
    print("/* Made by samples_to_c.py. */\n#include <stdint.h>\n")
    print(f"enum {{ {count} = {len(x)} }};\n")
    print(f"static const {x.dtype}_t {name}_x[{count}][{x[0].size}] = {{")
    for sample in x:
        print("    {" + ", ".join(map(str, sample.reshape(-1))) + "},")
    print("};\n")
    print(f"static const uint8_t {name}_y[{count}] = {{" + ", ".join(map(str, y)) + "};")


if __name__ == "__main__":
    main()
