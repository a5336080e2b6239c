"""Reads the arrays that commands are given: .npy, .npz, folders of .npy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tinycc.errors import ModelError
from tinycc.ir.graph import Graph

_LIMIT_BYTES = 4 << 30


def read_inputs(
    interface: Graph, files: Sequence[tuple[str | None, Path]]
) -> dict[str, np.ndarray]:
    """One array per named input file; a file without a name is the only input."""
    arrays: dict[str, np.ndarray] = {}
    for name, path in files:
        chosen = name or _only_input(interface)
        if chosen in arrays:
            raise ModelError(f"input `{chosen}` is given twice")
        arrays[chosen] = read_array(path)
    return arrays


def read_data(interface: Graph, path: Path) -> dict[str, np.ndarray]:
    """The inputs in a data set: .npy, .npz (by input name, or `x`), a folder of .npy samples."""
    if path.is_dir():
        files = sorted(path.glob("*.npy"))
        if not files:
            raise ModelError(f"folder `{path}` holds no .npy file")
        arrays = [read_array(file) for file in files]
        if len({(array.shape, array.dtype) for array in arrays}) > 1:
            raise ModelError(f"the .npy files in `{path}` differ in shape or type")
        return {_only_input(interface): np.stack(arrays)}
    if path.suffix != ".npz":
        return {_only_input(interface): read_array(path)}
    with _opened(path) as archive:
        names = [name for name in interface.inputs if name in archive]
        if names == list(interface.inputs):
            return {name: archive[name] for name in names}
        if "x" in archive:
            return {_only_input(interface): archive["x"]}
    raise ModelError(
        f"`{path}` holds neither `x` nor arrays for {', '.join(interface.inputs)}",
        hint="save it with numpy.savez(file, x=...)",
    )


def read_array(path: Path) -> np.ndarray:
    """The array of a .npy file; never executes pickled objects."""
    try:
        if path.stat().st_size > _LIMIT_BYTES:
            raise ModelError(f"`{path}` is larger than 4 GiB")
        loaded = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as error:
        raise ModelError(f"there is no file `{path}`") from error
    except (OSError, ValueError, EOFError) as error:
        raise ModelError(f"`{path}` is not a .npy file", hint="save it with numpy.save") from error
    if not isinstance(loaded, np.ndarray):
        raise ModelError(f"`{path}` is an archive", hint="--data takes .npz files")
    return loaded


def read_labels(data: Path | None, labels: Path | None) -> np.ndarray | None:
    """The labels of a .npy file, or the `y` beside the samples in an .npz; None without any."""
    if labels is not None:
        return np.asarray(read_array(labels))
    if data is None or data.suffix != ".npz" or data.is_dir():
        return None
    with _opened(data) as archive:
        return np.asarray(archive["y"]) if "y" in archive else None


def _opened(path: Path) -> np.lib.npyio.NpzFile:
    try:
        loaded = np.load(path, allow_pickle=False)
    except FileNotFoundError as error:
        raise ModelError(f"there is no file `{path}`") from error
    except (OSError, ValueError, EOFError) as error:
        raise ModelError(f"cannot read `{path}` as .npz: {error}") from error
    if not isinstance(loaded, np.lib.npyio.NpzFile):
        raise ModelError(f"`{path}` is not an .npz archive")
    return loaded


def _only_input(interface: Graph) -> str:
    if len(interface.inputs) != 1:
        raise ModelError(
            f"the model has {len(interface.inputs)} inputs: {', '.join(interface.inputs)}",
            hint=f"name them: --input {interface.inputs[0]}=x.npy ...",
        )
    return interface.inputs[0]
