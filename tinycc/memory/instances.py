"""Placement problems as files, in minimalloc's public CSV format, and a check of their solutions.

A header `id,lower,upper,size`, then one buffer a line: live from time `lower` to before `upper`.
Solutions have one more column, `offset`.
"""

from __future__ import annotations

import bisect
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinycc.errors import ModelError
from tinycc.memory.fit import Block

COLUMNS = ("id", "lower", "upper", "size")
IGNORED = {"offset", "hint"}  # of a solution: the problem is the same without them
MOST_BUFFERS = 2_000  # the heuristics keep all pairs that meet: up to 300 MB
MOST_BYTES = 1 << 60  # the sum of all sizes, so that 64-bit sums cannot overflow


@dataclass(frozen=True)
class Row:
    """One buffer of a file: `size` bytes, live during [lower, upper)."""

    id: str
    lower: int
    upper: int
    size: int


def read(path: Path) -> list[Row]:
    """The buffers of a file; ModelError with the line for the first thing that is wrong."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as failure:
        raise ModelError(f"cannot read `{path}`: {failure.strerror}") from failure
    except UnicodeDecodeError as failure:
        raise ModelError(f"`{path}` is not a text file", hint=_FORMAT) from failure
    try:
        lines = list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error as failure:
        raise ModelError(f"`{path}` is not a CSV file: {failure}", hint=_FORMAT) from failure
    header = [name.strip() for name in lines[0]] if lines else []
    columns = _columns(header, path)
    rows = [
        _row(line, columns, len(header), f"{path}, line {number}")
        for number, line in enumerate(lines[1:], 2)
        if any(field.strip() for field in line)
    ]
    _check_all(rows, path)
    return rows


_FORMAT = "the format is a header `id,lower,upper,size` and one buffer per line"


def _columns(header: list[str], path: Path) -> list[int]:
    """Where the four columns are."""
    missing = [name for name in COLUMNS if header.count(name) != 1]
    if missing:
        raise ModelError(f"`{path}` has no single column `{missing[0]}`", hint=_FORMAT)
    unknown = [name for name in header if name not in COLUMNS and name not in IGNORED]
    if unknown:
        raise ModelError(f"`{path}` has a column `{unknown[0]}` of unknown meaning", hint=_FORMAT)
    return [header.index(name) for name in COLUMNS]


def _row(line: list[str], columns: list[int], width: int, where: str) -> Row:
    if len(line) != width:
        raise ModelError(f"{len(line)} fields instead of {width}", where)
    name, *fields = (line[column].strip() for column in columns)
    lower, upper, size = (_integer(field, where) for field in fields)
    if lower >= upper:
        raise ModelError(f"buffer `{name}` has lower {lower}, not below upper {upper}", where)
    if size < 1:
        raise ModelError(f"buffer `{name}` has a size of {size} bytes", where)
    return Row(name, lower, upper, size)


def _integer(field: str, where: str) -> int:
    """A whole number that fits in 64 bits (int() alone would also take 1_000, or a million digits).

    ASCII digits only, with an optional minus sign.
    """
    digits = field.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise ModelError(f"`{field[:40]}` is not a whole number", where)
    if len(digits) > 18:
        raise ModelError(f"`{field[:40]}` has more than 18 digits", where)
    return int(field)


def _check_all(rows: list[Row], path: Path) -> None:
    if not rows:
        raise ModelError(f"`{path}` has no buffers", hint=_FORMAT)
    if len(rows) > MOST_BUFFERS:
        raise ModelError(f"`{path}` has {len(rows)} buffers, more than {MOST_BUFFERS}")
    if sum(row.size for row in rows) > MOST_BYTES:
        raise ModelError(f"the buffers of `{path}` have more than 2^60 bytes together")
    names = [row.id for row in rows]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ModelError(f"`{path}` has two buffers with the id `{twice}`")


def blocks(rows: Sequence[Row]) -> list[Block]:
    """The buffers with times counted in births: between two of them nothing new can be in the way.

    A block lives from its own birth to the last birth before its end.
    """
    births = sorted({row.lower for row in rows})
    return [
        Block(row.size, bisect.bisect_left(births, row.lower), _last(births, row.upper))
        for row in rows
    ]


def _last(births: list[int], upper: int) -> int:
    return bisect.bisect_left(births, upper) - 1


def check(rows: Sequence[Row], offsets: Sequence[int]) -> int:
    """The height of a solution; ModelError when buffers overlap. Shares no code with the solvers.

    Goes through time with the list of what is live, by offset: each new one must have room between
    its neighbours there.
    """
    live: list[tuple[int, int, str]] = []  # offset, end, id; in order, disjoint
    events = [(row.lower, 1, i) for i, row in enumerate(rows)]
    events += [(row.upper, 0, i) for i, row in enumerate(rows)]
    for _, is_birth, i in sorted(events):
        span = offsets[i], offsets[i] + rows[i].size, rows[i].id
        place = bisect.bisect_left(live, span)
        if not is_birth:
            del live[place]
            continue
        below, above = live[max(0, place - 1) : place], live[place : place + 1]
        if offsets[i] < 0 or any(other[1] > span[0] for other in below):
            raise ModelError(f"buffer `{rows[i].id}` starts within another or below 0")
        if any(other[0] < span[1] for other in above):
            raise ModelError(f"buffer `{rows[i].id}` ends within another")
        live.insert(place, span)
    return max(offset + row.size for offset, row in zip(offsets, rows, strict=True))


def write(path: Path, rows: Sequence[Row], offsets: Sequence[int]) -> None:
    """The buffers with their offsets; ModelError when the file cannot be written."""
    lines = [",".join((*COLUMNS, "offset"))]
    for row, offset in zip(rows, offsets, strict=True):
        name = f'"{row.id.replace(chr(34), chr(34) * 2)}"' if set(row.id) & set(',"\n') else row.id
        lines.append(f"{name},{row.lower},{row.upper},{row.size},{offset}")
    try:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as failure:
        raise ModelError(f"cannot write `{path}`: {failure.strerror}") from failure
