"""Calibration data as a stream of samples: .npy, .npz, folders of them, arrays in memory.

Only a few samples are in memory at a time: .npy files are mapped, members of an .npz are
decompressed piece by piece, the files of a folder are opened one after the other.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO

import numpy as np

from tinycc.errors import ModelError
from tinycc.quantize.preprocess import Preprocessing
from tinycc.quantize.runner import Batch

RANDOM = "random"
_RANDOM_SAMPLES = 32
_READ_ERRORS = (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError)
_SAVE_HINT = "save float32 samples, preprocessed as for training: numpy.save('data.npy', x)"

CalibrationData = str | Path | np.ndarray | Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Rows:
    """An array that is read along its first axis; `read(start, stop)` goes forward only."""

    label: str
    shape: tuple[int, ...]
    dtype: np.dtype
    open: Callable[[], Callable[[int, int], np.ndarray]]


@dataclass(frozen=True)
class Calibration:
    """Samples for every input. `is_random`: nobody's data."""

    label: str
    count: int
    parts: tuple[Mapping[str, Rows], ...]
    inputs: Mapping[str, tuple[int, ...]]
    preprocessing: Preprocessing | None = None
    is_random: bool = False

    def batches(self, size: int, most: int | None = None) -> Iterator[Batch]:
        """All samples, or the first `most`, as float32 [at most size, *shape] per input.

        Raises ModelError for values that are no finite numbers and for unreadable files.
        """
        left = self.count if most is None else min(most, self.count)
        for part in self.parts:
            readers = {name: _opened(rows) for name, rows in part.items()}
            count = _sample_count(part, self.inputs)
            for start in range(0, min(count, left), size):
                stop = min(start + size, count, left)
                yield {
                    name: self._samples(part[name], readers[name], name, start, stop)
                    for name in part
                }
            left -= min(count, left)

    def _real(self, numbers: np.ndarray) -> np.ndarray:
        if self.preprocessing is not None:
            return self.preprocessing(numbers)
        return np.array(numbers, np.float32)

    def _samples(
        self,
        rows: Rows,
        read: Callable[[int, int], np.ndarray],
        name: str,
        start: int,
        stop: int,
    ) -> np.ndarray:
        shape = self.inputs[name]
        try:
            if _has_samples(rows.shape, shape):
                array = read(start, stop)
            else:
                array = read(0, rows.shape[0] if rows.shape else 1)
            with np.errstate(over="ignore"):
                numbers = np.asarray(array).reshape(stop - start, *shape)
                values = self._real(numbers)
        except _READ_ERRORS as error:
            raise ModelError(
                f"calibration data `{rows.label}` cannot be read beyond sample {start}: "
                f"{_reason(error)}",
                hint="the file is damaged or still being written; make it again",
            ) from error
        bad = ~np.isfinite(values).reshape(stop - start, -1).all(axis=1)
        if bad.any():
            at = start + int(np.argmax(bad))
            raise ModelError(
                f"calibration data `{rows.label}`: sample {at} holds NaN or infinite values",
                hint="remove the sample, or mend the preprocessing",
            )
        return values


def open_calibration(
    data: CalibrationData,
    inputs: Mapping[str, tuple[int, ...]],
    preprocess: str | None = None,
) -> Calibration:
    """The samples in a file, a folder or arrays, their shapes and types checked.

    `preprocess`: a formula for all of them; integers need one. Raises ModelError that says what is
    wrong with them and what the model takes.
    """
    preprocessing = None if preprocess is None else Preprocessing(preprocess)
    if isinstance(data, str) and data == RANDOM:
        return _random(inputs)
    if isinstance(data, (str, Path)):
        path = Path(data)
        parts, label = _parts_of_path(path, inputs), str(path)
    else:
        arrays = data if isinstance(data, Mapping) else {_only(inputs): np.asarray(data)}
        rows = {name: _rows_of_array(name, array) for name, array in arrays.items()}
        parts, label = [_named(rows, inputs, "the arrays")], "arrays"
    for part in parts:
        for name, one in part.items():
            _check(one, name, inputs[name], preprocessing)
    count = sum(_sample_count(part, inputs) for part in parts)
    if count == 0:
        raise ModelError(f"calibration data `{label}` hold no sample", hint=_SAVE_HINT)
    return Calibration(label, count, tuple(parts), dict(inputs), preprocessing)


def _random(inputs: Mapping[str, tuple[int, ...]]) -> Calibration:
    generator = np.random.default_rng(0)
    rows = {
        name: _rows_of_array(name, generator.standard_normal((_RANDOM_SAMPLES, *shape), np.float32))
        for name, shape in inputs.items()
    }
    return Calibration(RANDOM, _RANDOM_SAMPLES, (rows,), dict(inputs), is_random=True)


def _parts_of_path(path: Path, inputs: Mapping[str, tuple[int, ...]]) -> list[Mapping[str, Rows]]:
    if not path.exists():
        raise ModelError(f"there are no calibration data `{path}`", hint=_SAVE_HINT)
    if not path.is_dir():
        return [_part_of_file(path, inputs)]
    files = sorted(file for file in path.iterdir() if file.suffix in (".npy", ".npz"))
    if not files:
        raise ModelError(f"folder `{path}` holds no .npy or .npz file", hint=_SAVE_HINT)
    return [_part_of_file(file, inputs) for file in files]


def _part_of_file(path: Path, inputs: Mapping[str, tuple[int, ...]]) -> Mapping[str, Rows]:
    try:
        if path.suffix == ".npz":
            return _named(_members(path), inputs, f"`{path}`")
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        if not isinstance(mapped, np.ndarray):
            return _named(_members(path), inputs, f"`{path}`")
    except _READ_ERRORS as error:
        raise ModelError(
            f"calibration data `{path}` cannot be read: {_reason(error)}", hint=_SAVE_HINT
        ) from error
    return {_only(inputs): _rows_of_array(str(path), mapped)}


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(text).split())[:120]


def _rows_of_array(label: str, array: np.ndarray) -> Rows:
    def opened() -> Callable[[int, int], np.ndarray]:
        return lambda start, stop: array[start:stop] if array.ndim else array

    return Rows(label, array.shape, array.dtype, opened)


def _members(path: Path) -> dict[str, Rows]:
    """The arrays of an .npz, by name; read once, to find damage before the long work."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        damaged = archive.testzip()
        if damaged is not None:
            raise ValueError(f"its member {damaged} is damaged (checksum)")
        for member in archive.namelist():
            with archive.open(member) as file:
                shape, dtype, fortran = _header(file)
            label = f"{path}: {member.removesuffix('.npy')}"
            if fortran and len(shape) > 1:
                raise ModelError(
                    f"calibration data `{label}` are stored in Fortran order",
                    hint="save numpy.ascontiguousarray(x)",
                )
            name = member.removesuffix(".npy")
            found[name] = Rows(label, shape, dtype, _member_opener(path, member, shape, dtype))
    return found


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype, bool]:
    version = np.lib.format.read_magic(file)
    read = {(1, 0): np.lib.format.read_array_header_1_0}.get(
        version, np.lib.format.read_array_header_2_0
    )
    shape, fortran, dtype = read(file)
    if dtype.hasobject:
        raise ValueError("it holds Python objects")
    return tuple(shape), dtype, bool(fortran)


def _member_opener(
    path: Path, member: str, shape: tuple[int, ...], dtype: np.dtype
) -> Callable[[], Callable[[int, int], np.ndarray]]:
    row_bytes = int(np.prod(shape[1:], dtype=np.int64)) * dtype.itemsize

    def opened() -> Callable[[int, int], np.ndarray]:
        file = zipfile.ZipFile(path).open(member)  # noqa: SIM115 - open while rows are read
        _header(file)

        def read(start: int, stop: int) -> np.ndarray:
            data = file.read((stop - start) * row_bytes)
            if len(data) < (stop - start) * row_bytes:
                raise EOFError("the file ends too early")
            return np.frombuffer(data, dtype).reshape(stop - start if shape else (), *shape[1:])

        return read

    return opened


def _opened(rows: Rows) -> Callable[[int, int], np.ndarray]:
    try:
        return rows.open()
    except _READ_ERRORS as error:
        message = f"calibration data `{rows.label}` cannot be read: {_reason(error)}"
        raise ModelError(message) from error


def _named(
    rows: Mapping[str, Rows], inputs: Mapping[str, tuple[int, ...]], what: str
) -> Mapping[str, Rows]:
    """The arrays of the model's inputs: by name; one input may be called `x` or stand alone."""
    if all(name in rows for name in inputs):
        return {name: rows[name] for name in inputs}
    if len(inputs) == 1 and ("x" in rows or len(rows) == 1):
        return {_only(inputs): rows.get("x") or next(iter(rows.values()))}
    raise ModelError(
        f"{what}: calibration needs arrays called {', '.join(f'`{name}`' for name in inputs)}, "
        f"there are {', '.join(f'`{name}`' for name in rows) or 'none'}",
        hint=f"numpy.savez('data.npz', **{{'{next(iter(inputs))}': x, ...}})",
    )


def _only(inputs: Mapping[str, tuple[int, ...]]) -> str:
    if len(inputs) != 1:
        raise ModelError(
            f"the model has {len(inputs)} inputs ({', '.join(inputs)}): one array is not enough",
            hint="calibrate with an .npz that has one array per input, named as the input",
        )
    return next(iter(inputs))


def _check(
    rows: Rows, name: str, shape: tuple[int, ...], preprocessing: Preprocessing | None
) -> None:
    text = "x".join(map(str, shape)) or "a scalar"
    if not np.issubdtype(rows.dtype, np.number if preprocessing else np.floating):
        raise ModelError(
            f"calibration data `{rows.label}` are {rows.dtype}: input `{name}` takes float32, and "
            "only you know how integers become what the network was trained on",
            hint="say what it was: --preprocess 'x / 255', or 'x' where they are taken as they are",
        )
    if _layout(rows.shape, shape) is None:
        raise ModelError(
            f"calibration data `{rows.label}` have the shape {'x'.join(map(str, rows.shape))}, "
            f"input `{name}` takes {text}",
            hint=f"samples along a leading axis: N x {text}",
        )


def _layout(found: tuple[int, ...], shape: tuple[int, ...]) -> str | None:
    """ "many" with a leading sample axis, "one" sample; None when the shapes do not match."""
    inner = shape[1:] if shape[:1] == (1,) else shape
    if found[1:] in (shape, inner) and len(found) > len(inner):
        return "many"
    return "one" if found in (shape, inner) else None


def _has_samples(found: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    return _layout(found, shape) == "many"


def _sample_count(part: Mapping[str, Rows], inputs: Mapping[str, tuple[int, ...]]) -> int:
    counts = {
        rows.label: rows.shape[0] if _has_samples(rows.shape, inputs[name]) else 1
        for name, rows in part.items()
    }
    for (first, one), (second, other) in pairwise(counts.items()):
        if one != other:
            raise ModelError(
                f"calibration data differ in their number of samples: `{first}` has {one}, "
                f"`{second}` {other}"
            )
    return next(iter(counts.values()))
