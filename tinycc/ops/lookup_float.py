"""A function of one int8 value with float32 results, as a table, where a model ends in float."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ir.types import DType, TensorType
from tinycc.ops.channels import same_channels
from tinycc.ops.examples import ExampleMaker
from tinycc.ops.lookup import Lookup, infer, known_function, real
from tinycc.ops.numerics import INT8_MAX, INT8_MIN, real_values
from tinycc.ops.op import Array, Drive, Field, Kernel, Op, Params, elements, same_row


def _table(instance: Instance) -> np.ndarray:
    """The results of -128 .. 127, rounded once to float32; infinite ones are its largest."""
    stored = np.arange(INT8_MIN, INT8_MAX + 1).astype(np.int8)
    type_: TensorType = instance.inputs[0].type.with_shape((256,))
    largest = float(np.finfo(np.float32).max)
    results = real(instance, (real_values(stored, type_),))
    return np.asarray(np.clip(results, -largest, largest), np.float32)


def reference(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """The table's entries."""
    return np.asarray(_table(instance)[values[0].astype(np.int16) - INT8_MIN])


def params(instance: Instance) -> Params:
    """The table in the order of the input's unsigned bytes: 0 .. 127, -128 .. -1."""
    table = Array("float", np.roll(_table(instance), INT8_MIN))
    return Params("tinycc_lookup_s8_f32_params", (Field("table", table),))


def examples(rng: np.random.Generator) -> Iterable[Instance]:
    """Smooth and piecewise linear functions."""
    make = ExampleMaker(rng)
    for name, parameters in (("sigmoid", ()), ("tanh", ()), ("clamp", (0.0, 6.0)), ("exp", ())):
        for shape in ((1, 9), (1, 3, 4, 2)):
            attrs = Lookup(name, parameters)
            x = make.activation(shape)
            yield make.instance("lookup_float", attrs, [x], infer, None, DType.FLOAT32)


LOOKUP_FLOAT = Op(
    name="lookup_float",
    attrs=Lookup,
    summary="A function of one int8 value with float32 results, at a model's end.",
    infer=infer,
    reference=reference,
    real=real,
    rows=same_row,
    examples=examples,
    kernels=(
        Kernel(
            "tinycc_lookup_s8_f32",
            "lookup_float/tinycc_lookup_s8_f32.c",
            Drive.RUN,
            params,
            units=elements,
        ),
    ),
    requires=(known_function,),
    channels=same_channels,
    border=True,
)
