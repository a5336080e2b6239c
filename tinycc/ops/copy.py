"""The same values in other bytes: the compiler puts it where a tensor that waits changes memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ops.bounds import Bounds
from tinycc.ops.channels import same_channels
from tinycc.ops.conversion import Conversion, infer, same_values
from tinycc.ops.examples import ExampleMaker
from tinycc.ops.op import Drive, Field, Kernel, Op, Params, Scale, elements, same_column, same_row
from tinycc.ops.work import element_work


def reference(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """The values themselves."""
    return values[0]


def bounds(instance: Instance, given: Sequence[Bounds]) -> Bounds:
    """Those of the input."""
    return given[0]


def params(instance: Instance) -> Params:
    """The fields of `tinycc_copy_params`."""
    size = instance.output.type.dtype.numpy.itemsize
    return Params("tinycc_copy_params", (Field("element_bytes", size),))


def examples(rng: np.random.Generator) -> Iterable[Instance]:
    """Images, vectors and single values."""
    make = ExampleMaker(rng)
    for shape in ((1, 4, 5, 3), (1, 1), (1, 33)):
        yield make.same("copy", Conversion(), [make.activation(shape)], infer)


COPY = Op(
    name="copy",
    attrs=Conversion,
    summary="the same values in other bytes; made by the compiler only.",
    infer=infer,
    reference=reference,
    real=same_values,
    rows=same_row,
    examples=examples,
    kernels=(
        Kernel(
            "tinycc_copy",
            "copy/tinycc_copy.c",
            Drive.RUN,
            params,
            units=elements,
            work=element_work,
        ),
    ),
    scale=Scale.SAME,
    bounds=bounds,
    channels=same_channels,
    columns=same_column,
)
