"""C literals: constant arrays with their shape, parameter structs with named members."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinycc.emit.names import comment
from tinycc.ops.op import Array, Field, Params

_LINE = 100


@dataclass(frozen=True)
class ConstantArray:
    """A `static const` array of the generated data file."""

    name: str
    ctype: str
    data: np.ndarray
    note: str

    @property
    def bytes(self) -> int:
        """Bytes in flash."""
        return int(self.data.nbytes)

    @property
    def declarator(self) -> str:
        """Type, name and shape."""
        shape = "".join(f"[{extent}]" for extent in self.data.shape)
        return f"static const {self.ctype} {self.name}{shape}"

    @property
    def definition(self) -> str:
        """The whole definition; one entry of the first axis per line."""
        note = f" /* {comment(self.note)} */" if self.note else ""
        return f"{self.declarator} = {{{note}\n{_rows(self.data)}\n}};"


class ArrayPool:
    """Collects the arrays of all steps; equal ones are stored once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, tuple[int, ...], bytes], ConstantArray] = {}

    def add(self, name: str, array: Array) -> ConstantArray:
        """The stored array with these contents, new under `name` or the older equal one."""
        key = (array.ctype, array.data.shape, array.data.tobytes())
        return self._found.setdefault(key, ConstantArray(name, array.ctype, array.data, array.note))

    @property
    def arrays(self) -> tuple[ConstantArray, ...]:
        """All arrays in the order of their first use."""
        return tuple(self._found.values())


def struct_definition(name: str, params: Params, pool: ArrayPool) -> str:
    """`static const` definition of a parameter struct with designated initialisers."""
    lines = [_member(name, field, pool) for field in params.fields]
    return "\n".join([f"static const {params.struct} {name} = {{", *lines, "};"])


def _member(struct: str, field: Field, pool: ArrayPool) -> str:
    note = f" /* {comment(field.note)} */" if field.note else ""
    return f"    .{field.name} = {constant_value(struct, field, pool)},{note}"


def constant_value(struct: str, field: Field, pool: ArrayPool) -> str:
    """The constant expression of a member; its array goes to the pool."""
    if field.value is None:
        return "NULL"
    if isinstance(field.value, Array):
        array = pool.add(f"{struct}_{field.name}", field.value)
        return array.name if array.data.ndim == 1 else f"(const {array.ctype} *){array.name}"
    if isinstance(field.value, float):
        return float_literal(field.value)
    return _integer(int(field.value))


def float_literal(value: float | np.float32) -> str:
    """The shortest C literal of type float that gives exactly this float32 value."""
    return f"{float(value)!r}f"


def _integer(value: int) -> str:
    """INT32_MIN has no literal of type int."""
    return str(value) if value > -(2**31) else f"(-{2**31 - 1} - 1)"


def _scalar(value: np.generic) -> str:
    number = value.item()
    if isinstance(number, float):
        return float_literal(number)
    return f"{number}u" if number > 2**31 - 1 else _integer(number)


def _rows(data: np.ndarray) -> str:
    if data.ndim == 1:
        return _wrapped([_scalar(value) for value in data])
    return "\n".join(f"    {_nested(entry)}," for entry in data)


def _nested(data: np.ndarray) -> str:
    if data.ndim == 1:
        return "{" + ", ".join(_scalar(value) for value in data) + "}"
    return "{" + ", ".join(_nested(entry) for entry in data) + "}"


def _wrapped(items: list[str]) -> str:
    lines, line = [], "   "
    for item in items:
        if len(line) + len(item) + 2 > _LINE:
            lines.append(line)
            line = "   "
        line += f" {item},"
    return "\n".join([*lines, line])
