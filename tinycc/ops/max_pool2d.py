"""Largest value under a window, NHWC."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ops.bounds import Bounds, exactly, hull, per_channel
from tinycc.ops.channels import same_channels
from tinycc.ops.elementwise_mve import with_vectors
from tinycc.ops.elementwise_thumb2 import with_largest
from tinycc.ops.examples import ExampleMaker
from tinycc.ops.foreign import Builder, ForeignNode, OnnxRule
from tinycc.ops.numerics import INT8_MIN
from tinycc.ops.op import Drive, Kernel, Op, Params, Scale
from tinycc.ops.pooling import (
    Pooling,
    columns,
    geometry,
    global_pool,
    infer,
    onnx_pooling,
    pool_examples,
    pool_fields,
    pool_work,
    pooled,
    reduction,
    rows,
    window,
)
from tinycc.ops.spatial import from_nhwc, to_nhwc, windows_inside


@dataclass(frozen=True)
class MaxPool2d(Pooling):
    """Attributes: kernel, strides, pads (top, left, bottom, right; ignored pixels), dilations."""


def _largest(instance: Instance, x: np.ndarray, identity: float) -> np.ndarray:
    largest: np.ndarray = pooled(instance, x, identity).max(axis=(2, 3))
    return largest.reshape(instance.output.type.shape)


def reference(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """The largest integer; -128 where there is no pixel."""
    return _largest(instance, values[0], INT8_MIN).astype(np.int8)


def real(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """The largest real value; minus infinity where there is no pixel."""
    return _largest(instance, values[0], -np.inf)


def bounds(instance: Instance, given: Sequence[Bounds]) -> Bounds:
    """The input's; -128 joins where a window holds no pixel. Padding is ignored."""
    attrs, x = geometry(instance), instance.inputs[0].type.shape
    limits = per_channel(instance, given)
    inside = windows_inside(attrs, attrs.kernel, x, instance.output.type.shape)
    nothing = exactly(np.full((1, 1, 1, 1), INT8_MIN))
    return limits if inside.any(axis=1).all() else hull([limits, nothing])


def params(instance: Instance) -> Params:
    """The fields of `tinycc_max_pool2d_s8_params`."""
    return Params("tinycc_max_pool2d_s8_params", pool_fields(instance))


def _emit(build: Builder, x: str, own: Pooling) -> str:
    attrs = MaxPool2d(own.kernel, own.strides, own.pads, own.dilations)
    return build.emit("max_pool2d", attrs, [x])


def _from_onnx(node: ForeignNode, build: Builder) -> None:
    if len(node.outputs) > 1 and node.outputs[1]:
        raise build.fail("the second output (indices) is not supported")
    x, rank = to_nhwc(build, node.input(0))
    own, _ = onnx_pooling(node, build, x)
    from_nhwc(build, _emit(build, x, own), rank, node.outputs[0])


def examples(rng: np.random.Generator) -> Iterable[Instance]:
    """The common geometries."""
    make = ExampleMaker(rng)
    for x, own in pool_examples(make):
        attrs = MaxPool2d(own.kernel, own.strides, own.pads, own.dilations)
        yield make.same("max_pool2d", attrs, [x], infer)


MAX_POOL2D = Op(
    name="max_pool2d",
    attrs=MaxPool2d,
    summary="Largest value under a window over NHWC; padding is ignored.",
    infer=infer,
    reference=reference,
    real=real,
    rows=rows,
    examples=examples,
    kernels=with_largest(
        with_vectors(
            Kernel(
                "tinycc_max_pool2d_s8",
                "max_pool2d/tinycc_max_pool2d_s8.c",
                Drive.ROWS,
                params,
                window=window,
                work=pool_work(lanes=1),
            ),
            work=pool_work(lanes=16),
        )
    ),
    onnx=(
        OnnxRule("MaxPool", _from_onnx),
        OnnxRule("GlobalMaxPool", global_pool(_emit)),
        OnnxRule("ReduceMax", reduction(_emit)),
    ),
    scale=Scale.SAME,
    bounds=bounds,
    channels=same_channels,
    columns=columns,
)
