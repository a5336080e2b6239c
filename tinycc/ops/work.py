"""What kernels do, counted: calls, rows, blocks of pixels, groups of channels, products.

A kernel's `work` gives the events of a whole step that is run by calls of `n` rows or units each;
a target's cost table says how many instructions its core executes per event. The events follow the
loops of the C or assembly, so that their costs are constants; bench/kernels/fit.py finds them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Protocol, cast

from tinycc.ir.graph import Instance
from tinycc.ops.op import Params, Work, row_count


class Slides(Protocol):
    """Attributes of every operator that slides a window over rows and columns."""

    @property
    def strides(self) -> tuple[int, int]: ...
    @property
    def pads(self) -> tuple[int, int, int, int]: ...
    @property
    def dilations(self) -> tuple[int, int]: ...


def number(params: Params, name: str) -> int:
    """The value of an integer member."""
    value = next(field.value for field in params.fields if field.name == name)
    assert isinstance(value, int)
    return value


def splits(total: int, n: int) -> Iterator[tuple[int, int]]:
    """Calls of n, and one of what is left: (size, how many)."""
    if total // n:
        yield n, total // n
    if total % n:
        yield total % n, 1


def blocks_of(pixels: int, sizes: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Pixels in blocks, the largest first: (size, how many). The last size is 1."""
    for size in sizes:
        if pixels // size:
            yield size, pixels // size
        pixels %= size


def element_work(instance: Instance, n: int) -> Work:
    """RUN kernels that work element by element, in fours or sixteens where they have vectors."""
    total = instance.output.type.elements
    found: Counter[str] = Counter()
    for size, times in splits(total, n):
        found["calls"] += times
        found["elements"] += times * size
        found["fours"] += times * -(-size // 4)
        found["sixteens"] += times * -(-size // 16)
    return found


def vector_work(instance: Instance, n: int) -> Work:
    """RUN kernels on whole vectors along the last axis."""
    shape = instance.output.type.shape
    total = math.prod(shape[:-1])
    return {"calls": -(-total // n), "vectors": total, "elements": total * shape[-1]}


def copy_work(copies: int, size: int, step: int | None = None) -> Work:
    """Calls of memcpy: blocks of 64 bytes, words, bytes. Small copies, and those that begin or end

    between words, go slower ways. `step`: from one copy to the next, in bytes.
    """
    ragged = size % 4 > 0 or (step or size) % 4 > 0
    kind = ("small_" if size < 16 else "") + ("ragged" if ragged else "whole")
    return {
        "copies": copies,
        f"copies_{kind}": copies,
        f"blocks_{kind}": copies * (size // 64),
        f"words_{kind}": copies * (size % 64 // 4),
        f"bytes_{kind}": copies * (size % 4),
    }


def plain_work(instance: Instance, n: int) -> Work:
    """Kernels of nothing but loops over rows, pixels, outputs and products."""
    y = instance.output.type
    constants = [tensor.type for tensor in instance.inputs if tensor.is_constant]
    pixels = math.prod(y.shape[:-1])
    products = max((w.elements // w.shape[0] for w in constants if len(w.shape) > 1), default=0)
    return {
        "calls": -(-max(row_count(y), 1) // n),
        "pixels": pixels,
        "outputs": y.elements,
        "products": y.elements * products,
    }


class Taps:
    """How the windows of an operator lie in the image.

    `rows[r]`, `columns[c]`: taps of output row r (column c) that are inside.
    """

    def __init__(self, instance: Instance, kernel: tuple[int, int]) -> None:
        attrs = cast(Slides, instance.attrs)
        self.kernel = kernel
        before, after = instance.inputs[0].type.shape, instance.output.type.shape
        self.rows, self.columns = (
            [
                sum(
                    0
                    <= at * attrs.strides[axis] - attrs.pads[axis] + k * attrs.dilations[axis]
                    < before[axis + 1]
                    for k in range(kernel[axis])
                )
                for at in range(after[axis + 1])
            ]
            for axis in (0, 1)
        )
