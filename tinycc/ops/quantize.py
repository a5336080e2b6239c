"""float32 -> int8: x / scale rounded half to even, plus the zero point, saturated (as ONNX)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ir.types import DType
from tinycc.ops.bounds import Bounds
from tinycc.ops.channels import same_channels
from tinycc.ops.conversion import (
    Conversion,
    conversion_examples,
    float32_scale,
    infer,
    scale_is_normal,
)
from tinycc.ops.numerics import INT8_MAX, INT8_MIN
from tinycc.ops.op import Drive, Field, Kernel, Op, Params, elements, same_column, same_row
from tinycc.ops.work import element_work


def reference(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """One float32 division; NaN stands for 0."""
    y = instance.output.type
    with np.errstate(all="ignore"):
        ratio = values[0].astype(np.float32) / float32_scale(y)
    steps = np.rint(np.clip(np.where(np.isnan(ratio), 0, ratio), -512, 512)) + y.zero_point
    saturated: np.ndarray = np.clip(steps, INT8_MIN, INT8_MAX)
    return saturated.astype(np.int8)


def bounds(instance: Instance, given: Sequence[Bounds]) -> Bounds:
    """Quantisation never decreases."""
    return given[0].mapped(lambda limits: reference(instance, (limits,)).astype(np.int64))


def real(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """The real values stay what they are; NaN is none and becomes 0."""
    return np.where(np.isnan(values[0]), 0.0, values[0])


def params(instance: Instance) -> Params:
    """The fields of `tinycc_quantize_f32_s8_params`."""
    y = instance.output.type
    fields = (Field("scale", float(float32_scale(y))), Field("zero", y.zero_point))
    return Params("tinycc_quantize_f32_s8_params", fields)


def _scale_is_float32(instance: Instance) -> str | None:
    """the scale must be a positive finite float32"""
    return scale_is_normal(instance.output.type)


QUANTIZE = Op(
    name="quantize",
    attrs=Conversion,
    summary="float32 to int8, at a model's border.",
    infer=infer,
    reference=reference,
    real=real,
    rows=same_row,
    examples=conversion_examples("quantize", DType.FLOAT32, DType.INT8),
    kernels=(
        Kernel(
            "tinycc_quantize_f32_s8",
            "quantize/tinycc_quantize_f32_s8.c",
            Drive.RUN,
            params,
            units=elements,
            work=element_work,
        ),
    ),
    requires=(_scale_is_float32,),
    border=True,
    bounds=bounds,
    channels=same_channels,
    columns=same_column,
)
