"""The record that describes an operator once; everything else about it is derived from it."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ir.types import TensorType
from tinycc.ops.bounds import Bounds
from tinycc.ops.channels import Channels, Select, same_attributes
from tinycc.ops.foreign import OnnxRule

RowRange = tuple[int, int] | None
"""First and last input row (inclusive) that an output row needs; None: all of them."""

Columns = tuple[tuple[int, int], ...] | None
"""Per activation the first and last column that an output column needs, padding included (columns
below 0 or beyond the last); None: the operator cannot make some of its columns alone."""


Work = Mapping[str, int]
"""How often each event of a kernel's code happens in a step (tinycc/ops/work.py)."""


CountWork = Callable[[Instance, int], Work]
"""Counts the events of a step whose calls make so many rows or units."""


class Alias(enum.Enum):
    """How an output may share memory with an input."""

    NONE = "none"
    IN_PLACE = "in place"  # may overwrite any activation input of its size that dies here
    VIEW = "view"  # is the same bytes as input 0


class Scale(enum.Enum):
    """Which quantisation an operator's output may have."""

    SAME = "same"  # that of its inputs: the operator only moves or selects values
    FREE = "free"  # any


class Drive(enum.Enum):
    """How generated code calls a kernel."""

    ROWS = "rows"  # one output row at a time, from a window of input row pointers
    RUN = "run"  # n contiguous units at once (pixels, vectors): see Kernel.units
    ACCUMULATE = "accumulate"  # one input row at a time, n is its number; writes after the last


@dataclass(frozen=True)
class Window:
    """Vertical geometry of a ROWS kernel: output row r reads `rows` input rows from r*stride - pad.

    `first` replaces that formula with one explicit first row per output row (Resize). Rows outside
    the image are handed over as null pointers. A layer makes `together` output rows per call, which
    share work; a rolling region always one.
    """

    rows: int = 1
    stride: int = 1
    pad: int = 0
    first: tuple[int, ...] | None = None
    together: int = 1

    @property
    def pointers(self) -> int:
        """The input rows of one call."""
        return self.rows + (self.together - 1) * self.stride


@dataclass(frozen=True)
class Array:
    """A constant array of a parameter struct; `shape` is how it is declared and printed."""

    ctype: str
    data: np.ndarray
    note: str = ""


@dataclass(frozen=True)
class Field:
    """One member of a C parameter struct, with the comment printed behind it.

    A float is a value of C type float. A dot in the name reaches into a nested struct, as C99's
    designated initialisers do (`.walk.length = 3`).
    """

    name: str
    value: int | float | Array | None
    note: str = ""


@dataclass(frozen=True)
class Params:
    """A C parameter struct: its type and its members in order."""

    struct: str
    fields: tuple[Field, ...]


def always(_: Instance) -> bool:
    return True


def never(_: Instance) -> bool:
    return False


def _nothing(_: Instance) -> int:
    return 0


def _whole(_: Instance, __: int) -> Columns:
    return None


def _activations(instance: Instance) -> tuple[int, ...]:
    return tuple(i for i, tensor in enumerate(instance.inputs) if not tensor.is_constant)


@dataclass(frozen=True)
class Kernel:
    """One C function that implements an operator for some shapes on some cores.

    `source` lies under runtime_c/; `scratch` is in bytes. RUN kernels work on `units` contiguous
    units; `pointers` are the indices of the inputs whose addresses they get. `work` counts the
    events of the whole step when each call makes so many rows or units (the last one fewer); None:
    loops over pixels, outputs and products. `over`: its output row may be written where the first
    row of its window lies.
    """

    symbol: str
    source: str
    drive: Drive
    params: Callable[[Instance], Params]
    isa: frozenset[str] = frozenset()
    when: Callable[[Instance], bool] = always
    scratch: Callable[[Instance], int] = _nothing
    window: Callable[[Instance], Window] | None = None
    units: Callable[[Instance], int] | None = None
    pointers: Callable[[Instance], tuple[int, ...]] = _activations
    work: CountWork | None = None
    over: Callable[[Instance], bool] = never


@dataclass(frozen=True)
class Op:
    """Everything about one operator of the IR. `name` is also its C stem and docs anchor.

    `requires`: each returns None when satisfied, else the fact found; its docstring says what is
    needed. `infer` gives the output's shape. `reference` defines the integer result bit for bit:
    operands in, output out, both as stored; `real` is the float64 meaning on real values.

    For exact reduction: `bounds` gives the limits of the output from those of all inputs (None:
    those of its type), `channels` which channels exist together (None: all of them), `select`
    the attributes of the node with fewer channels.

    `columns` does for columns what `rows` does for rows. An operator that has it makes a strip of
    its output when it gets that strip's columns, with the same attributes but the left and right
    padding of `pads` that lie in the strip.

    `border`: one side may be float32; `reference` defines float results as well.
    """

    name: str
    attrs: type
    summary: str
    infer: Callable[[object, Sequence[TensorType]], tuple[int, ...]]
    reference: Callable[[Instance, Sequence[np.ndarray]], np.ndarray] | None
    real: Callable[[Instance, Sequence[np.ndarray]], np.ndarray]
    rows: Callable[[Instance, int], tuple[RowRange, ...]]
    examples: Callable[[np.random.Generator], Iterable[Instance]]
    kernels: tuple[Kernel, ...] = ()
    onnx: tuple[OnnxRule, ...] = ()
    requires: tuple[Callable[[Instance], str | None], ...] = ()
    scale: Scale = Scale.FREE
    alias: Alias = Alias.NONE
    macs: Callable[[Instance], int] = field(default=_nothing)
    bounds: Callable[[Instance, Sequence[Bounds]], Bounds] | None = None
    channels: Callable[[Instance], Channels | None] | None = None
    select: Select = same_attributes
    border: bool = False
    columns: Callable[[Instance, int], Columns] = field(default=_whole)


def elements(instance: Instance) -> int:
    """`units` of a kernel that works element by element."""
    return instance.output.type.elements


def vectors(instance: Instance) -> int:
    """`units` of a kernel that works on whole vectors along the last axis."""
    return math.prod(instance.output.type.shape[:-1])


def all_inputs(instance: Instance) -> tuple[int, ...]:
    """`pointers` of a kernel that takes constants by address, like activations."""
    return tuple(range(len(instance.inputs)))


def row_count(type_: TensorType) -> int:
    """Rows of a tensor: the height of a 4-D one, 1 for all others."""
    return type_.shape[1] if len(type_.shape) == 4 else 1


def same_row(instance: Instance, row: int) -> tuple[RowRange, ...]:
    """`rows` of an operator that works element by element.

    An input of one row (a gate per channel) serves every output row.
    """
    return tuple(
        (row, row) if row_count(tensor.type) > row else (0, row_count(tensor.type) - 1)
        for tensor in instance.activations
    )


def same_column(instance: Instance, column: int) -> Columns:
    """`columns` of an operator that works element by element on images.

    An operand of one column serves every output column; a constant must be such a one.
    """
    output, width = instance.output.type.shape, instance.output.type.shape[-2]
    wide = [t for t in instance.inputs if width > 1 and _spans_columns(t.type, width)]
    if len(output) != 4 or any(tensor.is_constant for tensor in wide):
        return None
    return tuple((column, column) if tensor in wide else (0, 0) for tensor in instance.activations)


def _spans_columns(type_: TensorType, width: int) -> bool:
    return len(type_.shape) >= 2 and type_.shape[-2] == width


def all_rows(instance: Instance, row: int) -> tuple[RowRange, ...]:
    """`rows` of a barrier: every output row needs the whole of every input."""
    return tuple(None for _ in instance.activations)


def window_rows(
    row: int, stride: int, pad: int, kernel: int, dilation: int, height: int
) -> tuple[int, int]:
    """The input rows that a window operator's output row needs (design: Rows)."""
    first = row * stride - pad
    return max(0, first), min(height - 1, first + (kernel - 1) * dilation)
