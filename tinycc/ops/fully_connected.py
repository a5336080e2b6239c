"""Fully connected layer: y[..., n] = sum over k of x[..., k] * weights[n, k] + bias[n]."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ir.types import Quantization, TensorType
from tinycc.ops.activation import activated
from tinycc.ops.add import Add
from tinycc.ops.bounds import Bounds, on_last_axis
from tinycc.ops.channels import Channels
from tinycc.ops.conv2d import Conv2d
from tinycc.ops.dense import (
    accumulator_is_int32,
    bias_is_a_vector,
    contract,
    contract_bounds,
    dense_params,
    real_bias,
    sum_limits,
    weights_are_constant,
    weights_are_int8,
)
from tinycc.ops.dense_dsp import DSP_LAYOUT, W16_LAYOUT, plain_vectors, vector_kernels
from tinycc.ops.dense_mve import FULLY_CONNECTED_MVE
from tinycc.ops.dense_rv32 import RV32_LAYOUT
from tinycc.ops.dense_thumb import THUMB_LAYOUT
from tinycc.ops.dense_thumb2 import THUMB2_LAYOUT
from tinycc.ops.dense_work import dot_rows_work
from tinycc.ops.dense_x86 import vector_kernels_x86
from tinycc.ops.elementwise import emit_binary
from tinycc.ops.examples import ExampleMaker
from tinycc.ops.foreign import Builder, ForeignNode, OnnxRule
from tinycc.ops.numerics import Clamp
from tinycc.ops.op import Drive, Kernel, Op, same_row, vectors
from tinycc.ops.vectors_dsp import plain_vector_kernels_dsp


@dataclass(frozen=True)
class FullyConnected:
    """Attributes: the fused activation; `precision`, `sum_bits`: see dense.Precise."""

    clamp: Clamp | None = None
    precision: int | None = None
    sum_bits: int = 32


def infer(attrs: object, types: Sequence[TensorType]) -> tuple[int, ...]:
    """The input's shape with the last axis replaced."""
    return (*types[0].shape[:-1], types[1].shape[0])


def _products(values: Sequence[np.ndarray]) -> np.ndarray:
    """Sums of products [..., channels]; float64 is exact for int8 operands."""
    products: np.ndarray = values[0].astype(np.float64) @ values[1].T.astype(np.float64)
    return products


def reference(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """The numeric contract, in integers."""
    return contract(instance, _products(values))


def real(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """Real products, bias and clamp."""
    return activated(instance, _products(values) + real_bias(instance, values))


def bounds(instance: Instance, given: Sequence[Bounds]) -> Bounds:
    """Every product with the input at whichever limit is worse."""
    weights = cast(np.ndarray, instance.inputs[1].data)
    limits = sum_limits(weights, given[0].per_channel(weights.shape[1]))
    return on_last_axis(contract_bounds(instance, limits), len(instance.output.type.shape))


def macs(instance: Instance) -> int:
    """Multiply-accumulates."""
    return instance.output.type.elements * instance.inputs[0].type.shape[-1]


def weights_match(instance: Instance) -> str | None:
    """weights must be [outputs, inputs]"""
    x, weights = instance.inputs[0].type, instance.inputs[1].type
    if len(weights.shape) == 2 and weights.shape[1] == x.shape[-1]:
        return None
    return f"weights of shape {weights.shape} for vectors of {x.shape[-1]}"


def emit_dense(build: Builder, x: str, weights: str, bias: str, output: str | None = None) -> str:
    """A dense layer on vectors [..., K] with weights [N, K]; many vectors are a 1x1 convolution."""
    shape, (count, size) = build.type(x).shape, build.type(weights).shape
    if not shape or shape[-1] != size:
        raise build.fail(f"a row of the left operand has {shape[-1:]} values, not {size}")
    vectors = math.prod(shape[:-1])
    operands = [bias] if bias else []
    if vectors == 1 and len(shape) == 2:
        return build.emit("fully_connected", FullyConnected(), [x, weights, *operands], output)
    if vectors == 1:
        x = build.reshape(x, (1, size))
        y = build.emit("fully_connected", FullyConnected(), [x, weights, *operands])
    else:
        x = build.reshape(x, (1, 1, vectors, size))
        weights = build.reshape(weights, (count, 1, 1, size))
        y = build.emit("conv2d", Conv2d(), [x, weights, *operands])
    return build.reshape(y, (*shape[:-1], count), output)


def _from_matmul(node: ForeignNode, build: Builder) -> None:
    x, weights = node.input(0), node.input(1)
    if build.constant(weights) is None:
        raise build.fail(
            f"the right operand `{weights}` is computed at run time",
            "products of two activations (attention) are not supported",
        )
    shape = build.type(weights).shape
    if len(shape) == 1 or math.prod(shape[:-2]) != 1:
        raise build.fail(f"the right operand has shape {shape}, not [inputs, outputs]")
    if len(shape) > 2:
        weights = build.reshape(weights, shape[-2:])
    emit_dense(build, x, build.transpose(weights, (1, 0)), "", node.outputs[0])


def _from_gemm(node: ForeignNode, build: Builder) -> None:
    x, weights, bias = (node.input(index) for index in range(3))
    if build.constant(weights) is None:
        raise build.fail(f"the weights `{weights}` are computed at run time")
    if int(node.attributes.get("transA", 0)):
        x = build.transpose(x, (1, 0))
    if not int(node.attributes.get("transB", 0)):
        weights = build.transpose(weights, (1, 0))
    count = build.type(weights).shape[0]
    alpha, beta = (float(node.attributes.get(name, 1.0)) for name in ("alpha", "beta"))
    if alpha != 1.0:
        weights = _rescaled(build, weights, alpha, build.type(weights).shape)
    if not bias or beta == 0.0:
        emit_dense(build, x, weights, "", node.outputs[0])
    elif build.constant(bias) is not None and _is_vector(build.type(bias).shape, count):
        if build.type(bias).shape != (count,) or beta != 1.0:
            bias = _rescaled(build, bias, beta, (count,))
        emit_dense(build, x, weights, bias, node.outputs[0])
    elif beta == 1.0:
        product = f"{node.outputs[0]}.product"
        emit_dense(build, x, weights, "", product)
        emit_binary(build, "add", Add(), (product, bias), node.outputs[0])
    else:
        raise build.fail(f"beta {beta} with a bias that is no constant vector")


def _is_vector(shape: tuple[int, ...], count: int) -> bool:
    return math.prod(shape) == 1 or (shape[-1] == count and math.prod(shape) == count)


def _rescaled(build: Builder, name: str, factor: float, shape: tuple[int, ...]) -> str:
    """A constant times a factor, broadcast to a shape; integers keep their values."""
    values, type_ = build.constant(name), build.type(name)
    assert values is not None
    if type_.quantization is None:
        data = (
            np.broadcast_to(values.reshape(-1) * factor, shape)
            if len(shape) == 1
            else (values * factor)
        )
        return build.add_constant(name, data.astype(np.float32))
    if factor <= 0.0:
        raise build.fail(f"alpha or beta {factor} with quantised operands", "use factors > 0")
    old = type_.quantization
    scale, zero = (np.array(v, np.float64) for v in (old.scale, old.zero_point))
    if old.axis is not None and len(shape) > 1:
        scale, zero = (
            v.reshape([-1 if i == old.axis else 1 for i in range(len(shape))])
            for v in (scale, zero)
        )
    if len(shape) == 1:
        values = values.reshape(-1)
    stored = np.broadcast_to(np.rint(values / scale) + zero, shape)
    scales = tuple(float(s) * factor for s in old.scale)  # exact for float32 scales and factors
    axis = None if old.axis is None else min(old.axis, len(shape) - 1)
    if len(scales) == 1:
        axis = None
    quantization = Quantization(scales, old.zero_point, axis)
    new = TensorType(shape, type_.dtype, quantization)
    return build.add_constant(name, stored.astype(type_.dtype.numpy), new)


def examples(rng: np.random.Generator) -> Iterable[Instance]:
    """One vector, several, one input, one output."""
    make = ExampleMaker(rng)
    for shape, count in (((1, 17), 5), ((1, 1), 1), ((1, 64), 1), ((1, 1), 9), ((3, 10), 4)):
        for clamp in (None, Clamp(0.0, math.inf), Clamp(0.0, 3.0)):
            attrs = FullyConnected(clamp)
            x = make.activation(shape)
            yield make.dense("fully_connected", attrs, x, (count, shape[-1]), infer)
    for fineness in (300.0, 1e5):
        x = make.activation((1, 12))
        yield make.dense("fully_connected", FullyConnected(), x, (6, 12), infer, fineness)


FULLY_CONNECTED = Op(
    name="fully_connected",
    attrs=FullyConnected,
    summary="Dense layer over the last axis, weights [outputs, inputs].",
    infer=infer,
    reference=reference,
    real=real,
    rows=same_row,
    examples=examples,
    kernels=(
        *FULLY_CONNECTED_MVE,
        *vector_kernels(W16_LAYOUT),
        *vector_kernels(DSP_LAYOUT),
        *plain_vector_kernels_dsp(),
        *vector_kernels(THUMB2_LAYOUT),
        plain_vectors("tinycc_vectors_s8_thumb2", THUMB2_LAYOUT),
        *vector_kernels(THUMB_LAYOUT),
        *vector_kernels(RV32_LAYOUT),
        *vector_kernels_x86(),
        Kernel(
            "tinycc_conv1x1_s8",
            "conv2d/tinycc_conv1x1_s8.c",
            Drive.RUN,
            dense_params,
            units=vectors,
            work=dot_rows_work,
        ),
    ),
    onnx=(OnnxRule("Gemm", _from_gemm), OnnxRule("MatMul", _from_matmul)),
    requires=(
        weights_are_constant,
        bias_is_a_vector,
        weights_are_int8,
        weights_match,
        accumulator_is_int32,
    ),
    macs=macs,
    bounds=bounds,
    channels=lambda _: Channels(),
)
