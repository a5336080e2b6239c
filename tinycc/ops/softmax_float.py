"""Softmax over the last axis, int8 to float32, where a model ends in float.

With d = max(x) - x and s_x the input's scale:

    t[d] = exp(-d * s_x), rounded to float32
    y    = t[d] / (sum of t[d], added in order)        every operation rounded to float32

No exponential is computed at run time, and every IEEE core gives the same bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ir.types import DType
from tinycc.ops.examples import ExampleMaker
from tinycc.ops.op import Array, Drive, Field, Kernel, Op, Params, same_row, vectors
from tinycc.ops.softmax import Softmax, infer, real


def _exponentials(scale: Fraction) -> np.ndarray:
    """t[d] for d = 0 .. 255."""
    return np.asarray(np.exp(-np.arange(256) * float(scale)), np.float32)


def reference(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """The definition above."""
    x = values[0].astype(np.int64)
    terms = _exponentials(instance.inputs[0].type.scale)[x.max(axis=-1, keepdims=True) - x]
    sums = np.add.accumulate(terms, axis=-1, dtype=np.float32)[..., -1:]
    return np.asarray(terms / sums, np.float32)


def params(instance: Instance) -> Params:
    """The fields of `tinycc_softmax_s8_f32_params`."""
    x = instance.inputs[0].type
    table = Array("float", _exponentials(x.scale), "exp(-d * scale)")
    fields = (Field("length", x.shape[-1]), Field("table", table))
    return Params("tinycc_softmax_s8_f32_params", fields)


def examples(rng: np.random.Generator) -> Iterable[Instance]:
    """One value, a few, several vectors, an image."""
    make = ExampleMaker(rng)
    for shape in ((1, 1), (1, 2), (1, 10), (3, 5), (1, 2, 3, 4)):
        x = make.activation(shape)
        yield make.instance("softmax_float", Softmax(), [x], infer, None, DType.FLOAT32)


SOFTMAX_FLOAT = Op(
    name="softmax_float",
    attrs=Softmax,
    summary="Softmax over the last axis from int8 to float32, at a model's end.",
    infer=infer,
    reference=reference,
    real=real,
    rows=same_row,
    examples=examples,
    kernels=(
        Kernel(
            "tinycc_softmax_s8_f32",
            "softmax_float/tinycc_softmax_s8_f32.c",
            Drive.RUN,
            params,
            units=vectors,
        ),
    ),
    border=True,
)
