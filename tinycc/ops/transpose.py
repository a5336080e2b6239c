"""Any permutation of the axes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ir.types import DType, TensorType
from tinycc.ops.bounds import Bounds
from tinycc.ops.channels import Channels, same_channels
from tinycc.ops.examples import ExampleMaker
from tinycc.ops.foreign import Builder, ForeignNode, OnnxRule
from tinycc.ops.op import Op, Params, Scale, all_rows
from tinycc.ops.strided import (
    MOST_AXES,
    byte_strides,
    in_bytes,
    merged,
    strided_kernel,
    strided_params,
)


@dataclass(frozen=True)
class Transpose:
    """Axis i of the output is axis permutation[i] of the input."""

    permutation: tuple[int, ...]


def _permutation(instance: Instance) -> tuple[int, ...]:
    return cast(Transpose, instance.attrs).permutation


def infer(attrs: object, types: Sequence[TensorType]) -> tuple[int, ...]:
    """The input's extents in the new order."""
    return tuple(types[0].shape[axis] for axis in cast(Transpose, attrs).permutation)


def transposed(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """The values in the new order: integers and reals alike."""
    return np.ascontiguousarray(values[0].transpose(_permutation(instance)))


def bounds(instance: Instance, given: Sequence[Bounds]) -> Bounds:
    """The limits in the new order."""
    return given[0].mapped(lambda limits: limits.transpose(_permutation(instance)))


def channels(instance: Instance) -> Channels | None:
    """The same ones where the last axis stays last."""
    last = len(_permutation(instance)) - 1
    stays = last >= 0 and _permutation(instance)[last] == last
    return same_channels(instance) if stays else None


def _strides(instance: Instance) -> tuple[int, ...]:
    strides = byte_strides(instance.inputs[0].type.shape)
    return tuple(strides[axis] for axis in _permutation(instance))


def params(instance: Instance) -> Params:
    """The fields of `tinycc_transpose_s8_params`."""
    return strided_params(*in_bytes(instance, _strides(instance)))


def _axes_are_few(instance: Instance) -> str | None:
    """a transpose must need at most six axes once neighbours that stay together are merged"""
    axes = len(merged(*in_bytes(instance, _strides(instance)))[0])
    return f"it needs {axes}" if axes > MOST_AXES else None


def _from_onnx(node: ForeignNode, build: Builder) -> None:
    rank = len(build.type(node.input(0)).shape)
    order = [int(axis) for axis in node.attributes.get("perm", range(rank)[::-1])]
    if sorted(order) != list(range(rank)):
        raise build.fail(f"perm {order} of a tensor with {rank} axes")
    build.transpose(node.input(0), order, node.outputs[0])


def examples(rng: np.random.Generator) -> Iterable[Instance]:
    """Two to six axes, axes of extent 1, permutations that move no byte."""
    make = ExampleMaker(rng)
    shapes = ((3, 5), (1, 4, 5, 3), (1, 4, 1, 7), (2, 3, 4), (2, 1, 3, 2, 4), (2, 3, 2, 3, 2, 2))
    for shape in (*shapes, shapes[1], shapes[-1], (1, 1)):
        permutation = tuple(int(axis) for axis in rng.permutation(len(shape)))
        yield make.same("transpose", Transpose(permutation), [make.activation(shape)], infer)
    floats = make.activation((1, 3, 6, 5), None, DType.FLOAT32)
    attrs = Transpose((0, 3, 1, 2))
    yield make.instance("transpose", attrs, [floats], infer, None, DType.FLOAT32)
    for order in ((0, 3, 1, 2), (0, 2, 3, 1), (3, 2, 1, 0), (0, 1, 2, 3)):
        yield make.same("transpose", Transpose(order), [make.activation((1, 3, 6, 5))], infer)


TRANSPOSE = Op(
    name="transpose",
    attrs=Transpose,
    summary="Permutation of the axes.",
    infer=infer,
    reference=transposed,
    real=transposed,
    rows=all_rows,
    examples=examples,
    kernels=(strided_kernel(params),),
    onnx=(OnnxRule("Transpose", _from_onnx),),
    requires=(_axes_are_few,),
    scale=Scale.SAME,
    border=True,
    bounds=bounds,
    channels=channels,
)
