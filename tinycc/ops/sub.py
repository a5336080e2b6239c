"""Difference of two tensors, with numpy broadcasting: the sum with a negative multiplier."""

from __future__ import annotations

from dataclasses import dataclass

from tinycc.ops.add import sum_bounds, sum_fits, sum_kernel, sum_real, sum_reference, sum_scale
from tinycc.ops.channels import same_channels
from tinycc.ops.elementwise import binary_examples, binary_rule, broadcasts_simply, infer, rows
from tinycc.ops.elementwise_mve import with_vectors
from tinycc.ops.elementwise_thumb2 import with_sum
from tinycc.ops.numerics import Clamp
from tinycc.ops.op import Alias, Op, same_column


@dataclass(frozen=True)
class Sub:
    """Attributes: the fused activation."""

    clamp: Clamp | None = None


SUB = Op(
    name="sub",
    attrs=Sub,
    summary="Difference of two tensors with broadcasting.",
    infer=infer,
    reference=sum_reference(-1),
    real=sum_real(-1),
    rows=rows,
    examples=binary_examples("sub", Sub, sum_scale),
    kernels=with_sum(with_vectors(sum_kernel(-1))),
    onnx=(binary_rule("Sub", "sub", Sub()),),
    requires=(broadcasts_simply, sum_fits(-1)),
    alias=Alias.IN_PLACE,
    bounds=sum_bounds(-1),
    channels=same_channels,
    columns=same_column,
)
