"""Mean of the values under a window, NHWC; padding counts as zeros or not at all."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ops.activation import activated, bound_fields, output_bounds
from tinycc.ops.bounds import Bounds, on_last_axis
from tinycc.ops.channels import same_channels
from tinycc.ops.elementwise_mve import with_vector_average
from tinycc.ops.examples import ExampleMaker
from tinycc.ops.foreign import Builder, ForeignNode, OnnxRule
from tinycc.ops.numerics import INT32_MAX, Clamp, Requantization, requantization
from tinycc.ops.op import Array, Columns, Drive, Field, Kernel, Op, Params, Work
from tinycc.ops.pad import Pad
from tinycc.ops.pooling import (
    Pooling,
    global_pool,
    infer,
    onnx_pooling,
    pool_examples,
    pool_fields,
    pooled,
    reduction,
    rows,
    shifted_work,
    window,
)
from tinycc.ops.pooling import columns as pool_columns
from tinycc.ops.pooling_lanes import with_average_lanes
from tinycc.ops.spatial import from_nhwc, to_nhwc


@dataclass(frozen=True)
class AveragePool2d(Pooling):
    """Attributes: Pooling's; count_include_pad: every window divides by its full area."""

    count_include_pad: bool = False
    clamp: Clamp | None = None


def _attrs(instance: Instance) -> AveragePool2d:
    return cast(AveragePool2d, instance.attrs)


def _sums(instance: Instance, x: np.ndarray) -> np.ndarray:
    """Sums under the windows [out_h, out_w, channels]; padding adds 0."""
    sums: np.ndarray = pooled(instance, x.astype(np.float64), 0.0).sum(axis=(2, 3))
    return sums


def counts(instance: Instance) -> np.ndarray:
    """The divisor of every output pixel [out_h, out_w, 1]; 0 for a window without any pixel."""
    attrs = _attrs(instance)
    if attrs.count_include_pad:
        area = math.prod(attrs.kernel)
        return np.full((*instance.output.type.shape[1:3], 1), area, np.int64)
    ones = np.ones((*instance.inputs[0].type.shape[:3], 1))
    return _sums(instance, ones).astype(np.int64)


def _requantization(instance: Instance, divisors: Sequence[int]) -> Requantization:
    ratio = instance.inputs[0].type.scale / instance.output.type.scale
    return requantization([ratio / max(1, divisor) for divisor in divisors])


def columns(instance: Instance, column: int) -> Columns:
    """The input columns under the window, where all columns have the same divisors.

    The multipliers of all divisors of a step share one shift.
    """
    divisors = counts(instance)
    return pool_columns(instance, column) if np.all(divisors == divisors[:, :1]) else None


def reference(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """The sum of the centred values, requantised with its count's multiplier."""
    x, y = instance.inputs[0].type, instance.output.type
    sums = _sums(instance, values[0].astype(np.int64) - x.zero_point).astype(np.int64)
    found, index = np.unique(counts(instance), return_inverse=True)
    constants = _requantization(instance, [int(v) for v in found])
    per_pixel = Requantization(
        constants.multiplier[index].reshape(*sums.shape[:2], 1), (), constants.shift
    )
    return per_pixel.apply(sums, y.zero_point, output_bounds(instance)).reshape(y.shape)


def real(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """The real mean; 0 for a window without any pixel."""
    means = _sums(instance, values[0]) / np.maximum(1, counts(instance))
    return activated(instance, means.reshape(instance.output.type.shape))


def bounds(instance: Instance, given: Sequence[Bounds]) -> Bounds:
    """For each number of pixels under a window and its divisor: that many at the limits."""
    x, y = instance.inputs[0].type, instance.output.type
    ones = _sums(instance, np.ones((*x.shape[:3], 1))).astype(np.int64)
    pairs = np.unique(np.stack([ones.reshape(-1), counts(instance).reshape(-1)]), axis=1)
    constants = _requantization(instance, [int(v) for v in np.unique(counts(instance))])
    which = np.searchsorted(np.unique(counts(instance)), pairs[1])
    per_pair = Requantization(constants.multiplier[which][:, np.newaxis], (), constants.shift)

    def means(limits: np.ndarray) -> np.ndarray:
        sums = pairs[0][:, np.newaxis] * (limits - x.zero_point)
        return per_pair.apply(sums, y.zero_point, output_bounds(instance)).astype(np.int64)

    channels = x.shape[3]
    return on_last_axis(given[0].per_channel(channels).mapped(means).per_channel(channels), 4)


def params(instance: Instance) -> Params:
    """The fields of `tinycc_average_pool2d_s8_params`; counts that never occur are filled in."""
    divisors = counts(instance)
    least, most = int(divisors.min()), int(divisors.max())
    constants = _requantization(instance, range(least, most + 1))
    fields = (
        *pool_fields(instance),
        Field("count_padding", int(_attrs(instance).count_include_pad)),
        Field("in_zero", instance.inputs[0].type.zero_point),
        Field("out_zero", instance.output.type.zero_point),
        *bound_fields(instance),
        Field("shift", constants.shift),
        Field("least", least),
        Field("multiplier", Array("int32_t", constants.multiplier, f"by count, from {least} on")),
    )
    return Params("tinycc_average_pool2d_s8_params", fields)


def _sums_fit(instance: Instance) -> str | None:
    """the sum of a window must fit 32 bits, and the scales must not be absurdly far apart"""
    area = math.prod(_attrs(instance).kernel)
    if 255 * area > INT32_MAX:
        return f"a window has {area} pixels"
    if instance.output.type.is_float:
        return None
    try:
        _requantization(instance, [1])
    except ValueError as error:
        return str(error)
    return None


def _emit(build: Builder, x: str, geometry: Pooling, count_include_pad: bool = False) -> str:
    attrs = AveragePool2d(
        geometry.kernel,
        geometry.strides,
        geometry.pads,
        geometry.dilations,
        count_include_pad and any(geometry.pads),
    )
    return build.emit("average_pool2d", attrs, [x])


def _from_onnx(node: ForeignNode, build: Builder) -> None:
    x, rank = to_nhwc(build, node.input(0))
    geometry, enlarged = onnx_pooling(node, build, x)
    count = bool(node.attributes.get("count_include_pad", 0))
    if count and enlarged:
        x, geometry = _padded(node, build, x, geometry)
        count = False
    from_nhwc(build, _emit(build, x, geometry, count), rank, node.outputs[0])


def _padded(node: ForeignNode, build: Builder, x: str, geometry: Pooling) -> tuple[str, Pooling]:
    """Padding that counts made real zeros, since ceil_mode's own never counts."""
    plain = ForeignNode(
        node.name,
        node.op_type,
        node.opset,
        {**node.attributes, "ceil_mode": 0},
        node.inputs,
        node.outputs,
    )
    top, left, bottom, right = onnx_pooling(plain, build, x)[0].pads
    extra = (0, 0, geometry.pads[2] - bottom, geometry.pads[3] - right)
    around = Pad(((0, 0), (top, bottom), (left, right), (0, 0)))
    padded = build.emit("pad", around, [x])
    return padded, Pooling(geometry.kernel, geometry.strides, extra, geometry.dilations)


def examples(rng: np.random.Generator) -> Iterable[Instance]:
    """The common geometries, counting padding and not, with scales that need a shift."""
    make = ExampleMaker(rng)
    for count_include_pad in (False, True):
        for x, geometry in pool_examples(make):
            attrs = AveragePool2d(
                geometry.kernel,
                geometry.strides,
                geometry.pads,
                geometry.dilations,
                count_include_pad,
                Clamp(0.0, math.inf) if rng.random() < 0.3 else None,
            )
            same = rng.random() < 0.5
            factor = 1.0 if same else float(rng.uniform(0.05, 2.0))
            scale = float(np.float32(float(x.type.scale) * factor))
            quantization = x.type.quantization if same else make.quantization(scale)
            yield make.instance("average_pool2d", attrs, [x], infer, quantization)


def _is_global(instance: Instance) -> bool:
    """True for the mean of a whole map of several rows."""
    attrs, x = _attrs(instance), instance.inputs[0].type
    return attrs.kernel == x.shape[1:3] and not any(attrs.pads) and attrs.kernel[0] > 1


def _sums_bytes(instance: Instance) -> int:
    return 4 * instance.output.type.shape[3]


def _sums_work(instance: Instance, n: int) -> Work:
    x = instance.inputs[0].type
    return {
        "calls": x.shape[1],
        "pixels": x.shape[1] * x.shape[2],
        "elements": x.elements,
        "outputs": x.shape[3],
    }


AVERAGE_POOL2D = Op(
    name="average_pool2d",
    attrs=AveragePool2d,
    summary="Mean of the values under a window over NHWC.",
    infer=infer,
    reference=reference,
    real=real,
    rows=rows,
    examples=examples,
    kernels=with_average_lanes(
        with_vector_average(
            Kernel(
                "tinycc_average_pool2d_s8",
                "average_pool2d/tinycc_average_pool2d_s8.c",
                Drive.ROWS,
                params,
                window=window,
                work=shifted_work(1, params),
            ),
            Kernel(
                "tinycc_global_average_pool2d_s8",
                "average_pool2d/tinycc_global_average_pool2d_s8.c",
                Drive.ACCUMULATE,
                params,
                when=_is_global,
                scratch=_sums_bytes,
                work=_sums_work,
            ),
        )
    ),
    onnx=(
        OnnxRule("AveragePool", _from_onnx),
        OnnxRule("GlobalAveragePool", global_pool(_emit)),
        OnnxRule("ReduceMean", reduction(_emit)),
    ),
    requires=(_sums_fit,),
    bounds=bounds,
    channels=same_channels,
    columns=columns,
)
