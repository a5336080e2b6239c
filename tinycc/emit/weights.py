"""Where the numbers that training makes lie: in the code, or in a file of their own.

In a file, what another training may change is read at run time: weights, tables, and the scalars
that only the arithmetic sees (VALUES). Everything else stays in the code, and the file names the
code that it is for.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np

from tinycc.emit.literals import ArrayPool, constant_value, struct_definition
from tinycc.ops.op import Array, Field, Params

ARRAYS = frozenset({"bias", "multiplier", "packed", "scale", "table", "weights"})
VALUES = frozenset(
    {
        *("in_zero", "out_zero", "zero", "low", "high", "constant", "value"),
        *("multiplier", "shift", "fraction", "doubled", "scale", "inverse_scale"),
    }
)
MAGIC, FORMAT = b"TCNN", 1
HEADER = struct.Struct("<4sIII8s8s")
CRC_FROM = 16


@dataclass(frozen=True)
class PrintedKernel:
    """A step's kernel in C: what is defined for it, the function, and its first argument."""

    definition: str
    function: str
    argument: str


@dataclass(frozen=True)
class Fixed:
    """A constant operand: an expression; in the tables of a region `name`, or a place in a base."""

    expression: str
    name: str
    offset: int = 0
    in_file: bool = False


class InCode:
    """Weights as arrays of the code; equal ones are stored once."""

    def __init__(self, pool: ArrayPool) -> None:
        self._pool = pool

    def kernel(self, name: str, symbol: str, params: Params) -> PrintedKernel:
        """The kernel itself, with a constant struct of parameters."""
        return PrintedKernel(struct_definition(name, params, self._pool), symbol, f"&{name}")

    def fixed(self, name: str, array: Array) -> Fixed:
        """A constant operand."""
        found = self._pool.add(name, array).name
        return Fixed(found, found)


class InFile:
    """Weights in one file, at offsets from the pointer `pointer`."""

    def __init__(self, pool: ArrayPool, pointer: str) -> None:
        self._pool, self.pointer = pool, pointer
        self._parts: list[tuple[int, np.ndarray]] = []
        self.bytes = HEADER.size

    def add(self, data: np.ndarray) -> int:
        """The offset of some numbers."""
        size = data.dtype.itemsize
        offset = -(-self.bytes // size) * size
        self._parts.append((offset, data))
        self.bytes = offset + data.nbytes
        return offset

    def kernel(self, name: str, symbol: str, params: Params) -> PrintedKernel:
        """A function around the kernel that puts its parameters together, where it needs to."""
        values = [field for field in params.fields if _is_value(field)]
        if not values and not any(_is_weights(field) for field in params.fields):
            return InCode(self._pool).kernel(name, symbol, params)
        whole = [field.value for field in values if _own_type(field) is None]
        members, used = [], 0
        for field in params.fields:
            if isinstance(field.value, Array) and _is_weights(field):
                text = self._pointer(field.value.ctype, self.add(field.value.data))
            elif _is_value(field) and (own := _own_type(field)) is not None:
                ctype = "float" if own is np.float32 else "uint32_t"
                text = "*" + self._pointer(ctype, self.add(np.array([field.value], own)))
            elif _is_value(field):
                text, used = f"values[{used}]", used + 1
            else:
                text = constant_value(name, field, self._pool)
            members.append(f"        .{field.name} = {text},")
        start = []
        if whole:
            place = self._pointer("int32_t", self.add(np.array(whole, np.int32)))
            start = [f"    const int32_t *const values = {place};"]
        head = f"static void {name}_call("
        lines = [
            f"{head}const void *none, const void *const *in, void *out, int32_t n,",
            f"{' ' * len(head)}void *scratch)",
            "{",
            *start,
            f"    const {params.struct} params = {{",
            *members,
            "    };",
            "    (void)none;",
            f"    {symbol}(&params, in, out, n, scratch);",
            "}",
        ]
        return PrintedKernel("\n".join(lines), f"{name}_call", "NULL")

    def fixed(self, name: str, array: Array) -> Fixed:
        """A constant operand."""
        offset = self.add(array.data)
        return Fixed(f"{self.pointer} + {offset}", "NULL", offset, in_file=True)

    def _pointer(self, ctype: str, offset: int) -> str:
        return f"(const {ctype} *)(const void *)({self.pointer} + {offset})"

    @property
    def layout(self) -> str:
        """What lies where, without the numbers."""
        return "\n".join(f"{at} {data.dtype} {data.shape}" for at, data in self._parts)

    def file(self, code: bytes, model_sha256: str) -> bytes:
        """The whole file; `code`: 8 bytes that tell which code it is for."""
        found = bytearray(-(-self.bytes // 4) * 4)
        for offset, data in self._parts:
            found[offset : offset + data.nbytes] = data.tobytes()
        model = bytes.fromhex(model_sha256[:16])
        found[: HEADER.size] = HEADER.pack(MAGIC, FORMAT, len(found), 0, code, model)
        crc = zlib.crc32(found[CRC_FROM:])
        found[: HEADER.size] = HEADER.pack(MAGIC, FORMAT, len(found), crc, code, model)
        return bytes(found)


def _last(field: Field) -> str:
    return field.name.rsplit(".", 1)[-1]


def _is_value(field: Field) -> bool:
    return _last(field) in VALUES and isinstance(field.value, int | float | np.integer)


def _own_type(field: Field) -> type[np.generic] | None:
    """The type of a scalar that is no int32_t."""
    if isinstance(field.value, float):
        return np.float32
    return np.uint32 if _last(field) == "inverse_scale" else None


def _is_weights(field: Field) -> bool:
    return _last(field) in ARRAYS and isinstance(field.value, Array)
