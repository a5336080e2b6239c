"""The ranges that a user promises for the model's inputs become limits of the input tensors.

input x: uint8 1x3x8x8    --input-range x=0:200      ->      input x: 0 <= x <= 200
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from tinycc.errors import UsageError
from tinycc.ir.graph import Graph, Tensor
from tinycc.ir.types import DType

Ranges = Mapping[str, Sequence[tuple[float, float]]]
"""By input: its least and largest value, or those of each channel, in the model file's terms."""


def declare_ranges(graph: Graph, imported: Graph, ranges: Ranges) -> Graph:
    """The graph with declared limits on its inputs; `imported` has them as the file does.

    Real numbers where the file's input is float (rounded outwards), else integers as stored.
    Raises UsageError for an unknown input and for ranges that it cannot have.
    """
    unknown = [name for name in ranges if name not in imported.inputs]
    if unknown:
        raise UsageError(
            f"--input-range {unknown[0]}: no such input", hint=", ".join(imported.inputs)
        )
    pairs = zip(imported.inputs, graph.inputs, strict=True)
    return graph.with_tensors(
        *(
            _declared(graph.tensors[now], imported.tensors[name], ranges[name])
            for name, now in pairs
            if name in ranges
        )
    )


def _declared(tensor: Tensor, original: Tensor, ranges: Sequence[tuple[float, float]]) -> Tensor:
    low, high = (np.array(side, np.float64) for side in zip(*ranges, strict=True))
    if not (low <= high).all():
        raise UsageError(f"--input-range {original.name}: the first number must be the smaller one")
    shape = _placed(original, len(ranges))
    least = _stored(low, tensor, original, np.floor).reshape(shape)
    return replace(
        tensor, declared=(least, _stored(high, tensor, original, np.ceil).reshape(shape))
    )


def _placed(original: Tensor, count: int) -> tuple[int, ...]:
    """The shape along which the ranges lie: axis 1 of an ONNX tensor, or the last."""
    shape = original.type.shape
    for axis in (*range(1, min(2, len(shape))), len(shape) - 1):
        if count > 1 and shape[axis] == count:
            return tuple(count if i == axis else 1 for i in range(len(shape)))
    if count == 1:
        return (1,) * len(shape)
    text = "x".join(map(str, shape))
    raise UsageError(f"--input-range {original.name}: {count} ranges for an input of {text}")


def _stored(values: np.ndarray, tensor: Tensor, original: Tensor, outwards: np.ufunc) -> np.ndarray:
    """Limits as stored in the graph's input, rounded outwards and kept inside its type."""
    if tensor.type.is_float:
        return values
    if original.type.is_float:
        scale, zero = float(tensor.type.scale), tensor.type.zero_point
        values = values / scale + zero
    elif (original.type.dtype, tensor.type.dtype) == (DType.UINT8, DType.INT8):
        values = values - 128
    info = np.iinfo(np.dtype(tensor.type.dtype.value))
    clipped: np.ndarray = np.clip(outwards(values), info.min, info.max)
    return clipped.astype(np.int64)
