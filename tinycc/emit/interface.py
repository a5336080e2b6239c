"""What a firmware engineer sees of a network in C: its arenas, inputs and outputs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tinycc.emit.literals import float_literal
from tinycc.emit.weights import InFile
from tinycc.ir.types import TensorType
from tinycc.memory.plan import Arena, Plan
from tinycc.ops.op import row_count


@dataclass(frozen=True)
class Port:
    """A model input or output in the C interface.

    `offset` in the `arena`; None for an input that the caller holds and passes as `variable`.
    """

    tensor: str
    type: TensorType
    function: str
    suffix: str  # of its functions: `input`, or `input_<tensor>` where there are several
    macro: str  # prefix of its _BYTES, _SCALE, _ZERO_POINT
    offset: int | None
    variable: str
    arena: str = ""
    in_file: int | None = None  # where scale and zero point lie in the file of the weights

    @property
    def bytes_macro(self) -> str:
        """The macro that holds its size."""
        return f"{self.macro}_BYTES"

    @property
    def parameter(self) -> str:
        """Its declaration as a parameter."""
        return f"const {self.type.dtype.c} *{self.variable}"

    @property
    def scale(self) -> str | None:
        """The scale as a C float literal, None for float tensors."""
        if self.type.quantization is None:
            return None
        return float_literal(np.float32(self.type.quantization.scale[0]))

    @property
    def bits8(self) -> bool:
        """True for quantised bytes, which C code can convert from and to real numbers."""
        return self.scale is not None and self.type.dtype.bytes == 1


@dataclass(frozen=True)
class CArena:
    """An arena in the C interface: `variable` is its name as member and parameter.

    `attribute`: the macro that aligns it and, where there are several memories, puts it into its
    own, `place`.
    """

    variable: str
    macro: str  # prefix of its _BYTES
    attribute: str
    bytes: int
    region: str
    place: Arena | None = None

    @property
    def parameter(self) -> str:
        """Its declaration as a parameter."""
        return f"void *{self.variable}"

    @property
    def bytes_macro(self) -> str:
        """The macro that holds its size."""
        return f"{self.macro}_BYTES"


@dataclass(frozen=True)
class Pushed:
    """The input that comes row by row. `collected`: copied to the arena until all are there;

    `turns`: the place of their number in the counters, None where the one row is not counted.
    """

    port: Port
    collected: bool
    turns: int | None

    @property
    def rows(self) -> int:
        """How many rows make an image."""
        return row_count(self.port.type)

    @property
    def row_shape(self) -> str:
        """The extents of a row, `96x3`."""
        shape = self.port.type.shape
        return "x".join(map(str, shape[2:] if len(shape) == 4 else shape))


def in_file(port: Port, file: InFile) -> Port:
    """A port whose scale and zero point come with the weights."""
    if port.type.quantization is None:
        return port
    place = file.add(np.array([port.type.quantization.scale[0]], np.float32))
    file.add(np.array([port.type.zero_point], np.int32))
    return replace(port, in_file=place)


def arenas(plan: Plan, macro: str) -> tuple[CArena, ...]:
    """One arena, `arena`; or one for each memory that is in use, with its name behind that."""
    found = []
    for region, size in plan.sizes.items():
        place = next((arena for arena in plan.arenas if arena.memory == region), None)
        several = len(plan.sizes) > 1
        found.append(
            CArena(
                f"arena_{region}" if several else "arena",
                f"{macro}_ARENA_{region.upper()}" if several else f"{macro}_ARENA",
                f"{macro}_IN_{region.upper()}" if place else f"{macro}_ALIGN",
                max(size, 1),  # C has no arrays of size 0
                region,
                place,
            )
        )
    return tuple(found)
