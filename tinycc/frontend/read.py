"""A model file as IR: what it holds decides how it is read, not its name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from tinycc.frontend.model_file import TFLITE, read_bytes
from tinycc.frontend.reader import read_onnx
from tinycc.frontend.tflite.reader import read_tflite
from tinycc.frontend.tflite.schema import read_flat
from tinycc.ir.graph import Graph

_NO_SHAPES: Mapping[str, tuple[int, ...]] = MappingProxyType({})


def is_tflite(path: Path) -> bool:
    """True for files that carry TensorFlow Lite's identifier."""
    return read_bytes(path)[4:8] == TFLITE


def tflite_names(path: Path) -> tuple[str, ...]:
    """The names of a .tflite file's tensors in its order, as the sources of a graph have them."""
    return tuple(tensor.name for tensor in read_flat(read_bytes(path)).tensors)


def read_network(
    source: Path | bytes,
    shapes: Mapping[str, tuple[int, ...]] = _NO_SHAPES,
    name: str = "model",
) -> Graph:
    """The network of an ONNX or a .tflite file, one sample per batch.

    `shapes` overrides the shapes of inputs by name; `name` stands for the file's where its bytes
    are given. Raises ModelError (with every problem found)
    for files that are neither or cannot be compiled, UsageError for shapes of no input.
    """
    data = source if isinstance(source, bytes) else read_bytes(source)
    if data[4:8] == TFLITE:
        return read_tflite(data, source.name if isinstance(source, Path) else name, shapes)
    return read_onnx(source, shapes, name)
