"""int8 -> float32: (x - zero_point) * scale, rounded once to float32."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ir.types import DType
from tinycc.ops.channels import same_channels
from tinycc.ops.conversion import (
    Conversion,
    conversion_examples,
    float32_scale,
    infer,
    same_values,
    scale_is_normal,
)
from tinycc.ops.op import Drive, Field, Kernel, Op, Params, elements, same_column, same_row
from tinycc.ops.work import element_work


def reference(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """One float32 multiplication."""
    x = instance.inputs[0].type
    centred = (values[0].astype(np.int32) - x.zero_point).astype(np.float32)
    return np.asarray(centred * float32_scale(x), np.float32)


def params(instance: Instance) -> Params:
    """The fields of `tinycc_dequantize_s8_f32_params`."""
    x = instance.inputs[0].type
    fields = (Field("scale", float(float32_scale(x))), Field("zero", x.zero_point))
    return Params("tinycc_dequantize_s8_f32_params", fields)


def _scale_is_float32(instance: Instance) -> str | None:
    """the scale must be a positive finite float32"""
    return scale_is_normal(instance.inputs[0].type)


DEQUANTIZE = Op(
    name="dequantize",
    attrs=Conversion,
    summary="int8 to float32, at a model's border.",
    infer=infer,
    reference=reference,
    real=same_values,
    rows=same_row,
    examples=conversion_examples("dequantize", DType.INT8, DType.FLOAT32),
    kernels=(
        Kernel(
            "tinycc_dequantize_s8_f32",
            "dequantize/tinycc_dequantize_s8_f32.c",
            Drive.RUN,
            params,
            units=elements,
            work=element_work,
        ),
    ),
    requires=(_scale_is_float32,),
    border=True,
    channels=same_channels,
    columns=same_column,
)
