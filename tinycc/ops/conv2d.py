"""2-D convolution, NHWC, weights OHWI; grouped and depthwise included (groups > 1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ir.types import DType, Quantization, TensorType
from tinycc.ops.activation import activated
from tinycc.ops.bounds import Bounds, on_last_axis
from tinycc.ops.channels import Channels, Kept, grouped_channels
from tinycc.ops.conv2d_mve import conv2d_kernels_mve
from tinycc.ops.dense import (
    accumulator_is_int32,
    bias_is_a_vector,
    contract,
    contract_bounds,
    dense_fields,
    dense_params,
    real_bias,
    sum_limits,
    weights_are_constant,
    weights_are_int8,
)
from tinycc.ops.dense_dsp import (
    DSP_LAYOUT,
    W16_LAYOUT,
    convolution_kernels,
    plain_vectors,
    vector_kernels,
)
from tinycc.ops.dense_rv32 import RV32_LAYOUT, depthwise_kernel_rv32
from tinycc.ops.dense_thumb import THUMB_LAYOUT
from tinycc.ops.dense_thumb2 import THUMB2_LAYOUT
from tinycc.ops.dense_work import dot_rows_work, gathered_work
from tinycc.ops.dense_x86 import convolution_kernels_x86, depthwise_kernel_x86
from tinycc.ops.depthwise_dsp import depthwise_kernels_dsp
from tinycc.ops.depthwise_thumb import depthwise_kernels_thumb
from tinycc.ops.depthwise_work import tap_work
from tinycc.ops.examples import ExampleMaker
from tinycc.ops.foreign import Builder, ForeignNode, OnnxRule
from tinycc.ops.numerics import Clamp
from tinycc.ops.op import Columns, Drive, Field, Kernel, Op, Params, RowRange, Window, vectors
from tinycc.ops.spatial import (
    Pads,
    Pair,
    from_nhwc,
    onnx_geometry,
    slide_columns,
    slide_rows,
    slide_shape,
    slide_window,
    to_nhwc,
    windows,
    windows_inside,
)
from tinycc.ops.vectors_dsp import direct_kernel_dsp, plain_vector_kernels_dsp

_UNIT = 64  # weight of BatchNormalization: leaves int8 room for either sign, divides exactly


@dataclass(frozen=True)
class Conv2d:
    """Attributes; pads are top, left, bottom, right. groups == input channels: depthwise.

    `precision`, `sum_bits`: see dense.Precise.
    """

    strides: Pair = (1, 1)
    pads: Pads = (0, 0, 0, 0)
    dilations: Pair = (1, 1)
    groups: int = 1
    clamp: Clamp | None = None
    precision: int | None = None
    sum_bits: int = 32


def _attrs(instance: Instance) -> Conv2d:
    return cast(Conv2d, instance.attrs)


def _kernel(instance: Instance) -> Pair:
    shape = instance.inputs[1].type.shape
    return shape[1], shape[2]


def infer(attrs: object, types: Sequence[TensorType]) -> tuple[int, ...]:
    """NHWC output shape."""
    x, weights = types[0], types[1]
    kernel = (weights.shape[1], weights.shape[2])
    return slide_shape(cast(Conv2d, attrs), kernel, x, weights.shape[0])


def rows(instance: Instance, row: int) -> tuple[RowRange, ...]:
    """The input rows under the window."""
    return slide_rows(_attrs(instance), _kernel(instance), instance, row)


def columns(instance: Instance, column: int) -> Columns:
    """The input columns under the window."""
    return slide_columns(_attrs(instance), _kernel(instance), column)


def _correlate(instance: Instance, x: np.ndarray, weights: np.ndarray, fill: float) -> np.ndarray:
    """Sums of products [out_h, out_w, out_channels]; float64 is exact for int8 operands."""
    attrs, shape = _attrs(instance), instance.output.type.shape
    view = windows(x, attrs, _kernel(instance), shape[1:3], fill)
    groups, channels = attrs.groups, weights.shape[0]
    parts = view.reshape(*view.shape[:4], groups, -1).transpose(4, 0, 1, 2, 3, 5)
    flat = parts.reshape(groups, shape[1] * shape[2], -1)
    kernels = weights.reshape(groups, channels // groups, -1).transpose(0, 2, 1).astype(np.float64)
    sums: np.ndarray = np.matmul(flat, kernels)  # [groups, pixels, channels per group]
    return sums.transpose(1, 0, 2).reshape(1, shape[1], shape[2], channels)


def reference(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """The numeric contract, in integers."""
    fill = instance.inputs[0].type.zero_point
    return contract(instance, _correlate(instance, values[0], values[1], fill))


def real(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """Real convolution, bias and clamp."""
    sums = _correlate(instance, values[0], values[1], 0.0)
    return activated(instance, sums + real_bias(instance, values))


def bounds(instance: Instance, given: Sequence[Bounds]) -> Bounds:
    """For each way in which windows leave the image: taps outside see the zero point."""
    attrs, x = _attrs(instance), instance.inputs[0].type
    weights = cast(np.ndarray, instance.inputs[1].data)
    channels = given[0].per_channel(x.shape[3])
    rows = np.arange(x.shape[3]).reshape(attrs.groups, -1)
    mine = np.repeat(rows, weights.shape[0] // attrs.groups, axis=0)[:, np.newaxis]
    taps = sum_limits(
        weights.reshape(len(weights), -1, weights.shape[3]), channels.mapped(lambda v: v[mine])
    )
    outside = weights.astype(np.int64).sum(axis=3).reshape(len(weights), -1) * x.zero_point
    inside = windows_inside(attrs, _kernel(instance), x.shape, instance.output.type.shape)

    def totals(limits: np.ndarray) -> np.ndarray:
        return np.asarray(inside @ limits.T + ~inside @ outside.T)

    sums = taps.mapped(totals)  # [ways, channels]
    limits = contract_bounds(instance, sums)
    return on_last_axis(limits.per_channel(len(weights)), 4)


def channels(instance: Instance) -> Channels:
    """Input channels are weighed one by one; those of a group stay together."""
    groups, shape = _attrs(instance).groups, instance.inputs[1].type.shape
    return Channels() if groups == 1 else grouped_channels(groups, shape[3], shape[0] // groups)


def select(instance: Instance, kept: Kept) -> object:
    """As many groups as remain."""
    attrs, remaining = _attrs(instance), cast(np.ndarray, kept.inputs[0])
    if attrs.groups == 1:
        return attrs
    return replace(attrs, groups=int(remaining.sum()) // instance.inputs[1].type.shape[3])


def macs(instance: Instance) -> int:
    """Multiply-accumulates, padding included (as the field counts them)."""
    weights = instance.inputs[1].type
    return instance.output.type.elements * weights.elements // weights.shape[0]


def _groups_divide(instance: Instance) -> str | None:
    """groups must divide the channels, and weights must be [out, height, width, in / groups]"""
    attrs = _attrs(instance)
    x, weights = instance.inputs[0].type, instance.inputs[1].type
    if attrs.groups < 1 or x.shape[3] % attrs.groups or weights.shape[0] % attrs.groups:
        return f"{attrs.groups} groups for {x.shape[3]} -> {weights.shape[0]} channels"
    if weights.shape[3] * attrs.groups != x.shape[3]:
        return f"weights take {weights.shape[3] * attrs.groups} channels of {x.shape[3]}"
    return None


def params(instance: Instance) -> Params:
    """The fields of `tinycc_conv2d_s8_params`."""
    attrs = _attrs(instance)
    x, weights, y = instance.inputs[0].type, instance.inputs[1], instance.output.type
    return Params(
        "tinycc_conv2d_s8_params",
        (
            Field("in_width", x.shape[2]),
            Field("in_channels", x.shape[3]),
            Field("out_width", y.shape[2]),
            Field("out_channels", y.shape[3]),
            Field("groups", attrs.groups),
            Field("kernel_height", weights.type.shape[1]),
            Field("kernel_width", weights.type.shape[2]),
            Field("stride", attrs.strides[1]),
            Field("pad_left", attrs.pads[1]),
            Field("dilation_height", attrs.dilations[0]),
            Field("dilation_width", attrs.dilations[1]),
            Field("in_zero", x.zero_point, "value of padding"),
            *dense_fields(instance),
        ),
    )


def is_pointwise(instance: Instance) -> bool:
    """1x1, stride 1, no padding, one group: every pixel on its own."""
    attrs = _attrs(instance)
    plain = attrs.groups == 1 and attrs.strides == (1, 1) and not any(attrs.pads)
    return plain and _kernel(instance) == (1, 1)


def is_depthwise(instance: Instance) -> bool:
    """One input channel per output channel."""
    attrs = _attrs(instance)
    return attrs.groups == instance.inputs[0].type.shape[3] and attrs.groups > 1


def _gathered_window(instance: Instance) -> int:
    weights = instance.inputs[1].type
    return weights.elements // weights.shape[0]


def window(instance: Instance) -> Window:
    """The row window."""
    return slide_window(_attrs(instance), _kernel(instance))


KERNELS = (
    *conv2d_kernels_mve(params, window, is_pointwise, is_depthwise),
    *depthwise_kernels_dsp(params, window, is_depthwise),
    *depthwise_kernels_thumb(params, window, is_depthwise),
    *vector_kernels(W16_LAYOUT, is_pointwise),
    *convolution_kernels(DSP_LAYOUT, params, window, is_pointwise),
    *plain_vector_kernels_dsp(is_pointwise),
    direct_kernel_dsp(params, window),
    *convolution_kernels(THUMB2_LAYOUT, params, window, is_pointwise),
    plain_vectors("tinycc_vectors_s8_thumb2", THUMB2_LAYOUT, is_pointwise),
    *convolution_kernels(THUMB_LAYOUT, params, window, is_pointwise),
    depthwise_kernel_rv32(params, window, is_depthwise),
    *convolution_kernels(RV32_LAYOUT, params, window, is_pointwise),
    depthwise_kernel_x86(params, window, is_depthwise),
    *convolution_kernels_x86(params, window, is_pointwise),
    Kernel(
        "tinycc_dwconv2d_s8",
        "conv2d/tinycc_dwconv2d_s8.c",
        Drive.ROWS,
        params,
        when=is_depthwise,
        window=window,
        work=tap_work,
    ),
    Kernel(
        "tinycc_conv1x1_s8",
        "conv2d/tinycc_conv1x1_s8.c",
        Drive.RUN,
        dense_params,
        when=is_pointwise,
        units=vectors,
        work=dot_rows_work,
    ),
    Kernel(
        "tinycc_conv2d_s8",
        "conv2d/tinycc_conv2d_s8.c",
        Drive.ROWS,
        params,
        window=window,
        scratch=_gathered_window,
        work=gathered_work,
    ),
)


def _from_onnx(node: ForeignNode, build: Builder) -> None:
    x, rank = to_nhwc(build, node.input(0))
    shape = build.type(node.input(1)).shape
    if len(shape) != rank:
        raise build.fail(f"weights have {len(shape)} axes, the input {rank}")
    weights = node.input(1)
    if rank == 3:
        weights = build.reshape(weights, (shape[0], shape[1], 1, shape[2]))
    weights = build.transpose(weights, (0, 2, 3, 1))
    kernel = (build.type(weights).shape[1], build.type(weights).shape[2])
    height, width = build.type(x).shape[1:3]
    strides, pads, dilations = onnx_geometry(node, build, (height, width), kernel)
    attrs = Conv2d(strides, pads, dilations, int(node.attributes.get("group", 1)))
    bias = [node.input(2)] if node.input(2) else []
    y = build.emit(CONV2D.name, attrs, [x, weights, *bias])
    from_nhwc(build, y, rank, node.outputs[0])


def _from_batch_normalization(node: ForeignNode, build: Builder) -> None:
    """x * factor + offset per channel: a 1x1 depthwise convolution, its weights +-64 exact."""
    extra = any(node.outputs[1:])
    if int(node.attributes.get("training_mode", 0)) or (extra and node.opset < 14):
        raise build.fail("training_mode is set", "export the model in evaluation mode")
    scale, offset, mean, variance = (_statistics(node, build, index) for index in range(1, 5))
    factor = scale / np.sqrt(variance + float(node.attributes.get("epsilon", 1e-5)))
    bias = (offset - mean * factor).astype(np.float32)
    weights, type_ = affine_weights(factor)
    operands = [
        build.add_constant(f"{node.input(1)}.factor", weights, type_),
        build.add_constant(f"{node.input(2)}.offset", bias),
    ]
    x, shape = node.input(0), build.type(node.input(0)).shape
    attrs = Conv2d(groups=len(factor))
    if len(shape) == 2:
        pixels = build.emit(CONV2D.name, attrs, [build.reshape(x, (1, 1, *shape)), *operands])
        build.reshape(pixels, shape, node.outputs[0])
        return
    image, rank = to_nhwc(build, x)
    from_nhwc(build, build.emit(CONV2D.name, attrs, [image, *operands]), rank, node.outputs[0])


def affine_weights(factor: np.ndarray) -> tuple[np.ndarray, TensorType]:
    """The weights of a 1x1 depthwise convolution that multiplies each channel by its factor."""
    weights = (_UNIT * np.sign(factor)).astype(np.int8).reshape(-1, 1, 1, 1)
    scales = tuple(abs(float(f)) / _UNIT if f else 1.0 for f in factor)
    quantization = Quantization(scales, (0,) * len(scales), 0)
    return weights, TensorType(weights.shape, DType.INT8, quantization)


def _statistics(node: ForeignNode, build: Builder, index: int) -> np.ndarray:
    values = build.constant(node.input(index))
    if values is None:
        raise build.fail(f"`{node.input(index)}` is computed at run time")
    return values.astype(np.float64)


def examples(rng: np.random.Generator) -> Iterable[Instance]:
    """Plain, strided, dilated, asymmetric, grouped, depthwise, pointwise; odd everything."""
    make = ExampleMaker(rng)
    for groups, multiplier in ((1, 1), (1, 3), (2, 2), (3, 1), (3, 2)):
        for kernel in ((1, 1), (3, 3), (2, 5), (1, 3)):
            per_group = 1 if groups == 3 else int(rng.integers(1, 6))
            channels_in = groups * per_group
            channels_out = groups * multiplier if groups > 1 else int(rng.integers(1, 9))
            height, width = (int(v) for v in rng.integers(5, 10, 2))
            attrs = Conv2d(
                strides=(int(rng.integers(1, 3)), int(rng.integers(1, 4))),
                pads=tuple(int(v) for v in rng.integers(0, 3, 4)),  # type: ignore[arg-type]
                dilations=(int(rng.integers(1, 3)), 1),
                groups=groups,
                clamp=Clamp(0.0, 3.0) if rng.random() < 0.4 else None,
            )
            x = make.activation((1, height, width, channels_in))
            yield make.dense("conv2d", attrs, x, (channels_out, *kernel, per_group), infer)
    for shape in ((1, 4, 4, 8), (1, 1, 1, 1)):
        x = make.activation(shape)
        yield make.dense("conv2d", Conv2d(), x, (5, 1, 1, shape[3]), infer)
    x = make.activation((1, 5, 5, 2))
    yield make.dense("conv2d", Conv2d(pads=(4, 0, 0, 4)), x, (3, 3, 3, 2), infer, 1e3)


CONV2D = Op(
    name="conv2d",
    attrs=Conv2d,
    summary="2-D convolution over NHWC with any groups, dilation, stride and padding.",
    infer=infer,
    reference=reference,
    real=real,
    rows=rows,
    examples=examples,
    kernels=KERNELS,
    onnx=(
        OnnxRule("Conv", _from_onnx),
        OnnxRule("BatchNormalization", _from_batch_normalization),
    ),
    requires=(
        weights_are_constant,
        bias_is_a_vector,
        weights_are_int8,
        _groups_divide,
        accumulator_is_int32,
    ),
    macs=macs,
    bounds=bounds,
    channels=channels,
    select=select,
    columns=columns,
)
