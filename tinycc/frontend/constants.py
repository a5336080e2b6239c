"""Values known at compile time: initialisers, Constant nodes and what can be computed from them.

Exporters compute shapes at run time (Shape, Gather, Concat, Reshape); all of that folds here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

from tinycc.frontend.wording import FactError, exception_text
from tinycc.ir.graph import Source
from tinycc.ir.types import Quantization
from tinycc.ops.foreign import ForeignNode

MOST_ELEMENTS = 2**22  # of one folded value: more than the weights of any network for an MCU
MOST_BYTES = 2**28  # of all folded values together


@dataclass(frozen=True, eq=False)
class Constant:
    """A value of the model file, in the file's own element type; `name` says where it is from."""

    name: str
    data: np.ndarray
    quantization: Quantization | None = None
    source: Source | None = None

    @classmethod
    def of_file(cls, name: str, data: np.ndarray) -> Constant:
        """A constant that is stored in the file under this name."""
        return cls(name, data, None, Source(name, data.shape, tuple(range(data.ndim))))

    def transposed(self, permutation: Sequence[int]) -> Constant:
        """The same values with permuted axes."""
        quantization = self.quantization
        if quantization is not None and quantization.axis is not None:
            axis = list(permutation).index(quantization.axis)
            quantization = replace(quantization, axis=axis)
        source = transposed_source(self.source, permutation)
        data = np.ascontiguousarray(self.data.transpose(permutation))
        return Constant(self.name, data, quantization, source)

    def reshaped(self, shape: tuple[int, ...]) -> Constant:
        """The same values in another shape; ValueError if that splits the quantised axis."""
        quantization = self.quantization
        if quantization is not None and quantization.axis is not None:
            quantization = replace(quantization, axis=_moved_axis(self, quantization.axis, shape))
        source = reshaped_source(self.source, shape)
        return Constant(self.name, self.data.reshape(shape), quantization, source)


def transposed_source(source: Source | None, permutation: Sequence[int]) -> Source | None:
    """The source of a transposed tensor."""
    if source is None:
        return None
    return replace(source, permutation=tuple(source.permutation[axis] for axis in permutation))


def reshaped_source(source: Source | None, shape: tuple[int, ...]) -> Source | None:
    """The source of a reshaped tensor; None where no single permutation describes it."""
    if source is None or list(source.permutation) != sorted(source.permutation):
        return None
    return Source(source.name, shape, tuple(range(len(shape))))


def _moved_axis(constant: Constant, axis: int, shape: tuple[int, ...]) -> int:
    """Where an axis with a scale per index is after a reshape."""
    before = math.prod(constant.data.shape[:axis])
    for index, extent in enumerate(shape):
        if math.prod(shape[:index]) == before and extent == constant.data.shape[axis]:
            return index
    raise ValueError(f"shape {list(shape)} splits axis {axis}, which has one scale per index")


class Folder:
    """Computes nodes whose inputs are all known, within a budget of bytes."""

    def __init__(self) -> None:
        self._bytes_left = MOST_BYTES

    def fold(self, node: ForeignNode, proto: Any, inputs: Sequence[np.ndarray | None]) -> list[Any]:
        """The node's outputs; FactError when it is too large or its inputs make no sense."""
        try:
            elements = FOLDABLE[node.op_type](node, inputs)
        except Exception as error:
            raise FactError(f"its inputs make no sense ({exception_text(error)})") from error
        if elements > MOST_ELEMENTS:
            raise FactError(f"it would make a constant of {elements} elements")
        self._bytes_left -= 8 * elements
        if self._bytes_left < 0:
            raise FactError(f"the model's computed constants exceed {MOST_BYTES} bytes")
        try:
            return _evaluate(node, proto, inputs)
        except Exception as error:  # the evaluator raises whatever numpy does
            raise FactError(f"it cannot be computed ({exception_text(error)})") from error


def _evaluate(
    node: ForeignNode, proto: Any, inputs: Sequence[np.ndarray | None]
) -> list[np.ndarray]:
    clean = onnx.NodeProto()
    clean.CopyFrom(proto)
    clean.domain = ""
    feeds = {
        name: array for name, array in zip(node.inputs, inputs, strict=True) if array is not None
    }
    with np.errstate(all="ignore"):
        evaluator = ReferenceEvaluator(clean, opsets={"": node.opset})
        return [np.asarray(value) for value in evaluator.run(None, feeds)]


_Inputs = Sequence[np.ndarray | None]
_Size = Callable[[ForeignNode, _Inputs], int]


def _given(inputs: _Inputs) -> list[np.ndarray]:
    return [array for array in inputs if array is not None]


def _first(_: ForeignNode, inputs: _Inputs) -> int:
    return _given(inputs)[0].size


def _broadcast(_: ForeignNode, inputs: _Inputs) -> int:
    # Exact integers: numpy's own broadcast_shapes overflows on absurd sizes.
    shapes = [array.shape for array in _given(inputs)]
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    return math.prod(max(extents) for extents in zip(*padded, strict=True))


def _sum(_: ForeignNode, inputs: _Inputs) -> int:
    return sum(array.size for array in _given(inputs))


def _gather(_: ForeignNode, inputs: _Inputs) -> int:
    data, indices = _given(inputs)[:2]
    return data.size * max(1, indices.size)


def _filled(_: ForeignNode, inputs: _Inputs) -> int:
    return math.prod(int(extent) for extent in _given(inputs)[0].ravel())


def _expand(_: ForeignNode, inputs: _Inputs) -> int:
    data, shape = _given(inputs)[:2]
    return data.size * _filled(_, [shape])


def _tile(_: ForeignNode, inputs: _Inputs) -> int:
    data, repeats = _given(inputs)[:2]
    return data.size * _filled(_, [repeats])


def _range(_: ForeignNode, inputs: _Inputs) -> int:
    start, limit, delta = (float(array) for array in _given(inputs)[:3])
    return max(0, math.ceil((limit - start) / delta))


_NO_LARGER_THAN_FIRST = (
    "Abs Cast Ceil Clip Exp Flatten Floor Identity Log Neg Not Reciprocal Relu Reshape Round "
    "Sigmoid Sign Slice Split Sqrt Squeeze Tanh Transpose Unsqueeze "
    "ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum"
)
_BROADCASTING = (
    "Add And Div Equal Greater GreaterOrEqual Less LessOrEqual Max Min Mod Mul Or Pow Sub Where"
)
FOLDABLE: Mapping[str, _Size] = {
    **dict.fromkeys(_NO_LARGER_THAN_FIRST.split(), _first),
    **dict.fromkeys(_BROADCASTING.split(), _broadcast),
    "Concat": _sum,
    "ConstantOfShape": _filled,
    "Expand": _expand,
    "Gather": _gather,
    "Range": _range,
    "Tile": _tile,
}
"""Operators that are computed at compile time, each with a bound on its output's elements."""
