"""FlatBuffers tables, read by field number; every offset is checked, since files may be hostile.

Format: https://flatbuffers.dev/internals (tables point to a vtable of field offsets).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import flatbuffers.encode
import flatbuffers.number_types as kinds
import flatbuffers.table
import numpy as np

from tinycc.frontend.wording import FactError

_KINDS: dict[str, Any] = {
    "bool": kinds.BoolFlags,
    "int8": kinds.Int8Flags,
    "int32": kinds.Int32Flags,
    "uint8": kinds.Uint8Flags,
    "uint32": kinds.Uint32Flags,
    "uint64": kinds.Uint64Flags,
    "float32": kinds.Float32Flags,
}
_T = TypeVar("_T")


class Record:
    """One table of a file. Absent fields have their default, or are empty.

    Every method raises FactError where an offset or a length leaves the file.
    """

    def __init__(self, data: bytes, position: int) -> None:
        if not 0 <= position <= len(data) - 4:
            raise FactError(f"an offset points to byte {position} of {len(data)}")
        self._table = flatbuffers.table.Table(data, position)
        vtable = position - self._checked(lambda: self._table.Get(kinds.SOffsetTFlags, position))
        if not 0 <= vtable <= len(data) - 4:
            raise FactError(f"the table at byte {position} has its fields at byte {vtable}")

    @classmethod
    def root(cls, data: bytes) -> Record:
        """The table that a file begins with."""
        if len(data) < 8:
            raise FactError(f"the file has only {len(data)} bytes")
        return cls(data, flatbuffers.encode.Get(kinds.UOffsetTFlags.packer_type, data, 0))

    def number(self, field: int, kind: str, default: float = 0) -> Any:
        """A number or truth value."""
        flags = _KINDS[kind]
        place = self._place(field)
        return self._checked(lambda: self._table.Get(flags, place)) if place else default

    def record(self, field: int) -> Record | None:
        """Another table; None when absent."""
        place = self._place(field)
        return self._at(place) if place else None

    def records(self, field: int) -> list[Record]:
        """A vector of tables."""
        return [self._at(place) for place in self._elements(field)]

    def array(self, field: int, dtype: str) -> np.ndarray:
        """A vector of numbers, read-only and not copied."""
        start, count = self._vector(field, np.dtype(dtype).itemsize)
        return (
            np.frombuffer(self._table.Bytes, dtype, count, start) if count else np.zeros(0, dtype)
        )

    def text(self, field: int) -> str:
        """A string; characters that are none are replaced."""
        return self.array(field, "u1").tobytes().decode(errors="replace")

    def _elements(self, field: int) -> Iterator[int]:
        start, count = self._vector(field, 4)
        yield from range(start, start + 4 * count, 4)

    def _vector(self, field: int, size: int) -> tuple[int, int]:
        """Where a vector's elements begin, and how many there are."""
        place = self._place(field)
        if not place:
            return 0, 0
        head = self._checked(lambda: self._table.Indirect(place))
        count = self._checked(lambda: self._table.Get(kinds.UOffsetTFlags, head))
        end = head + 4 + count * size
        if end > len(self._table.Bytes):
            raise FactError(f"a list ends at byte {end} of {len(self._table.Bytes)}")
        return head + 4, count

    def _at(self, place: int) -> Record:
        return Record(self._table.Bytes, self._checked(lambda: self._table.Indirect(place)))

    def _place(self, field: int) -> int:
        offset: int = self._checked(lambda: self._table.Offset(4 + 2 * field))
        return self._table.Pos + offset if offset else 0

    def _checked(self, read: Callable[[], _T]) -> _T:
        try:
            return read()
        except (struct.error, IndexError, TypeError, ValueError) as error:
            raise FactError(f"a field lies outside the file ({error})") from error
