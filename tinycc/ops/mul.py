"""Product of two tensors, with numpy broadcasting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ops.activation import activated, bound_fields, output_bounds
from tinycc.ops.bounds import Bounds, hull
from tinycc.ops.channels import same_channels
from tinycc.ops.elementwise import (
    binary_examples,
    binary_rule,
    broadcasts_simply,
    infer,
    line_work,
    rows,
    units,
    walk_fields,
)
from tinycc.ops.elementwise_mve import with_vector_product
from tinycc.ops.elementwise_thumb2 import with_product
from tinycc.ops.numerics import Clamp, Requantization, requantization
from tinycc.ops.op import Alias, Drive, Field, Kernel, Op, Params, Work, all_inputs, same_column


@dataclass(frozen=True)
class Mul:
    """Attributes: the fused activation."""

    clamp: Clamp | None = None


def _requantization(instance: Instance) -> Requantization:
    """The centred product, at most 255 * 255, is the accumulator of the common contract."""
    a, b = (tensor.type.scale for tensor in instance.inputs)
    return requantization([a * b / instance.output.type.scale])


def reference(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """The product of the centred values, requantised."""
    a, b = (
        value.astype(np.int64) - tensor.type.zero_point
        for value, tensor in zip(values, instance.inputs, strict=True)
    )
    zero = instance.output.type.zero_point
    return _requantization(instance).apply(a * b, zero, output_bounds(instance))


def real(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """The real product."""
    return activated(instance, values[0] * values[1])


def bounds(instance: Instance, given: Sequence[Bounds]) -> Bounds:
    """The extremes of a product lie at the extremes of its factors."""
    a, b = given
    corners = [
        reference(instance, (first, second)).astype(np.int64)
        for first in (a.low, a.high)
        for second in (b.low, b.high)
    ]
    return hull([Bounds(corner, corner) for corner in corners])


def params(instance: Instance) -> Params:
    """The fields of `tinycc_mul_s8_params`."""
    found = _requantization(instance)
    fields = (
        *walk_fields(instance),
        Field("zero1", instance.inputs[0].type.zero_point),
        Field("zero2", instance.inputs[1].type.zero_point),
        Field("multiplier", int(found.multiplier[0])),
        Field("shift", found.shift),
        Field("out_zero", instance.output.type.zero_point),
        *bound_fields(instance),
    )
    return Params("tinycc_mul_s8_params", fields)


def _work(instance: Instance, n: int) -> Work:
    found = line_work(instance, n)
    return {**found, "shifted": found["elements"] * (_requantization(instance).shift > 0)}


def _scales_fit(instance: Instance) -> str | None:
    """the product of the input scales must be below 2**29 times the output's"""
    if instance.output.type.is_float:
        return None
    try:
        _requantization(instance)
    except ValueError as error:
        return str(error)
    return None


MUL = Op(
    name="mul",
    attrs=Mul,
    summary="Product of two tensors with broadcasting.",
    infer=infer,
    reference=reference,
    real=real,
    rows=rows,
    examples=binary_examples("mul", Mul, lambda first, second: 128 * first * second),
    kernels=with_product(
        with_vector_product(
            Kernel(
                "tinycc_mul_s8",
                "elementwise/tinycc_mul_s8.c",
                Drive.RUN,
                params,
                units=units,
                pointers=all_inputs,
                work=_work,
            ),
        )
    ),
    onnx=(binary_rule("Mul", "mul", Mul()),),
    requires=(broadcasts_simply, _scales_fit),
    alias=Alias.IN_PLACE,
    bounds=bounds,
    channels=same_channels,
    columns=same_column,
)
