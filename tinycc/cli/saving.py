"""Files that commands write: complete or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

import numpy as np

from tinycc.errors import ModelError


def check_folder(path: Path) -> None:
    """ModelError when there is no folder for a file that is to be written."""
    if not path.absolute().parent.is_dir():
        raise ModelError(f"there is no folder `{path.parent}` to write `{path.name}` into")


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """One array as .npy; several as .npz."""

    def write(file: IO[bytes]) -> None:
        if len(arrays) == 1 and path.suffix != ".npz":
            np.save(file, next(iter(arrays.values())))
        else:
            np.savez(file, **arrays)  # type: ignore[arg-type]

    _save(path, write)


def save_bytes(path: Path, data: bytes) -> None:
    """Replaces a file by one with these bytes."""
    _save(path, lambda file: file.write(data))


def _save(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    try:
        with tempfile.TemporaryDirectory(dir=path.absolute().parent, prefix=".tinycc-") as folder:
            staged = Path(folder) / "output"
            with staged.open("wb") as file:
                write(file)
            staged.replace(path)
    except OSError as error:
        raise ModelError(f"cannot write `{path}`: {error.strerror or error}") from error
