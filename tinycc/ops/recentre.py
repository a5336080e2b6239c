"""uint8 <-> int8 at a model's border: x ^ 0x80, the same real values, zero points 128 apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ir.types import DType
from tinycc.ops.bounds import Bounds
from tinycc.ops.channels import same_channels
from tinycc.ops.conversion import Conversion, conversion_examples, infer, same_values
from tinycc.ops.op import Alias, Drive, Field, Kernel, Op, Params, elements, same_column, same_row
from tinycc.ops.work import element_work

FLIP = 0x80


def reference(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """The highest bit flipped."""
    flipped = values[0].view(np.uint8) ^ np.uint8(FLIP)
    return np.asarray(flipped).view(instance.output.type.dtype.numpy)


def bounds(instance: Instance, given: Sequence[Bounds]) -> Bounds:
    """128 more or less."""
    up = instance.output.type.dtype is DType.UINT8
    return given[0].mapped(lambda limits: limits + (FLIP if up else -FLIP))


def params(instance: Instance) -> Params:
    """The fields of `tinycc_recentre_params`."""
    return Params("tinycc_recentre_params", (Field("flip", FLIP),))


def _keeps_real_values(instance: Instance) -> str | None:
    """one side must be uint8, the other int8, of one scale, with zero points 128 apart"""
    sides = {tensor.type.dtype: tensor.type for tensor in (instance.inputs[0], instance.output)}
    if set(sides) != {DType.INT8, DType.UINT8}:
        return " to ".join(dtype.value for dtype in sides)
    signed, unsigned = sides[DType.INT8], sides[DType.UINT8]
    if signed.scale == unsigned.scale and signed.zero_point + 128 == unsigned.zero_point:
        return None
    return f"{unsigned} and {signed}"


def examples(rng: np.random.Generator) -> Iterable[Instance]:
    """Both directions."""
    yield from conversion_examples("recentre", DType.UINT8, DType.INT8)(rng)
    yield from conversion_examples("recentre", DType.INT8, DType.UINT8)(rng)


RECENTRE = Op(
    name="recentre",
    attrs=Conversion,
    summary="uint8 to int8 or back, at the border of a model.",
    infer=infer,
    reference=reference,
    real=same_values,
    rows=same_row,
    examples=examples,
    kernels=(
        Kernel(
            "tinycc_recentre",
            "recentre/tinycc_recentre.c",
            Drive.RUN,
            params,
            units=elements,
            work=element_work,
        ),
    ),
    requires=(_keeps_real_values,),
    alias=Alias.IN_PLACE,
    bounds=bounds,
    channels=same_channels,
    columns=same_column,
)
