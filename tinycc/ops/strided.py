"""Copies with strides: the C kernel that transpose and slice share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ops.op import Array, Drive, Field, Kernel, Params, Work

MOST_AXES = 6


def byte_strides(shape: Sequence[int]) -> tuple[int, ...]:
    """The distance in bytes between neighbours along each axis of a packed int8 tensor.

    Those of other types are multiples: see in_bytes.
    """
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def in_bytes(instance: Instance, strides: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Extents and strides of a copy byte by byte; wider elements have one more axis."""
    shape, size = instance.output.type.shape, instance.output.type.dtype.bytes
    if size == 1:
        return shape, tuple(strides)
    return (*shape, size), (*(stride * size for stride in strides), 1)


def merged(extents: Sequence[int], strides: Sequence[int]) -> tuple[list[int], list[int]]:
    """The same copy with as few axes as possible (at least one)."""
    found: list[tuple[int, int]] = []
    for extent, stride in zip(extents, strides, strict=True):
        if extent == 1:
            continue
        if found and found[-1][1] == extent * stride:
            found[-1] = (found[-1][0] * extent, stride)
        else:
            found.append((extent, stride))
    found = found or [(1, 1)]
    return [extent for extent, _ in found], [stride for _, stride in found]


def strided_params(extents: Sequence[int], strides: Sequence[int], offset: int = 0) -> Params:
    """The fields of `tinycc_transpose_s8_params` for an output of these extents."""
    shape, steps = merged(extents, strides)
    return Params(
        "tinycc_transpose_s8_params",
        (
            Field("rank", len(shape)),
            Field("offset", offset),
            Field("extents", Array("int32_t", np.array(shape, np.int32))),
            Field("strides", Array("int32_t", np.array(steps, np.int32))),
        ),
    )


def whole(instance: Instance) -> int:
    """`units` of a kernel that cannot be split."""
    return 1


def strided_kernel(params: Callable[[Instance], Params]) -> Kernel:
    """The kernel with the given parameter function."""
    source = "transpose/tinycc_transpose_s8.c"
    return Kernel(
        "tinycc_transpose_s8",
        source,
        Drive.RUN,
        params,
        units=whole,
        work=lambda instance, n: _work(params(instance), instance.output.type.elements),
    )


def _work(params: Params, elements: int) -> Work:
    """Lines along the last axis, and how often an axis above it starts again."""
    array = next(field.value for field in params.fields if field.name == "extents")
    assert isinstance(array, Array)
    extents = array.data.tolist()
    lines = elements // extents[-1]
    turns = sum(math.prod(extents[:axis]) for axis in range(1, len(extents) - 1))
    return {"calls": 1, "lines": lines, "turns": turns, "elements": elements}
