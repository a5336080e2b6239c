"""Writes a constant: an output of the model that does not depend on its inputs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ir.types import DType, TensorType
from tinycc.ops.bounds import Bounds
from tinycc.ops.examples import ExampleMaker
from tinycc.ops.op import Array, Drive, Field, Kernel, Op, Params, all_inputs, row_count, same_row


@dataclass(frozen=True)
class Constant:
    """No attributes: the value is the input."""


def infer(attrs: object, types: Sequence[TensorType]) -> tuple[int, ...]:
    """The value's shape."""
    return types[0].shape


def copied(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """The value."""
    return values[0]


def bounds(instance: Instance, given: Sequence[Bounds]) -> Bounds:
    """Exactly the value."""
    return given[0]


def params(instance: Instance) -> Params:
    """The fields of `tinycc_concat_s8_params`: rows of one operand, joined to nothing."""
    y = instance.output.type
    size = Array("int32_t", np.array([y.bytes // row_count(y)], np.int32))
    return Params("tinycc_concat_s8_params", (Field("inputs", 1), Field("bytes", size)))


def _rows(instance: Instance) -> int:
    return row_count(instance.output.type)


def _is_constant(instance: Instance) -> str | None:
    """the value must be known, and of the output's type"""
    if not instance.inputs[0].is_constant:
        return f"`{instance.inputs[0].name}` is computed at run time"
    before, after = instance.inputs[0].type, instance.output.type
    return None if before == after else f"{before} for {after}"


def examples(rng: np.random.Generator) -> Iterable[Instance]:
    """An image, a vector, a scalar."""
    make = ExampleMaker(rng)
    for shape in ((1, 3, 4, 2), (1, 5), ()):
        value = make.int8_constant(shape)
        yield make.instance("constant", Constant(), [value], infer, value.type.quantization)
    floats = make.constant(rng.normal(0, 1, (1, 3)).astype(np.float32))
    yield make.instance("constant", Constant(), [floats], infer, None, DType.FLOAT32)


CONSTANT = Op(
    name="constant",
    attrs=Constant,
    summary="A value that is known before the model runs.",
    infer=infer,
    reference=copied,
    real=copied,
    rows=same_row,
    examples=examples,
    kernels=(
        Kernel(
            "tinycc_concat_s8",
            "concat/tinycc_concat_s8.c",
            Drive.RUN,
            params,
            units=_rows,
            pointers=all_inputs,
        ),
    ),
    requires=(_is_constant,),
    border=True,
    bounds=bounds,
)
