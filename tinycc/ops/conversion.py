"""What the conversions between element types share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ir.types import DType, Quantization, TensorType
from tinycc.ops.examples import ExampleMaker


@dataclass(frozen=True)
class Conversion:
    """No attributes: everything follows from the types."""


def infer(attrs: object, types: Sequence[TensorType]) -> tuple[int, ...]:
    """The input's shape."""
    return types[0].shape


def same_values(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """The real values stay what they are."""
    return values[0]


def float32_scale(type_: TensorType) -> np.float32:
    """The scale as the C code has it (model files store float32)."""
    return np.float32(float(type_.scale))


def scale_is_normal(type_: TensorType) -> str | None:
    """None when the scale is a positive finite float32, else what it is."""
    scale = float32_scale(type_)
    return None if np.isfinite(scale) and scale > 0 else f"the scale is {float(type_.scale):g}"


def conversion_examples(
    op: str, before: DType, after: DType
) -> Callable[[np.random.Generator], Iterable[Instance]]:
    """Examples of a conversion over a few shapes and quantisations."""

    def examples(rng: np.random.Generator) -> Iterable[Instance]:
        make = ExampleMaker(rng)
        for shape in ((1, 4, 5, 3), (1, 1), (), (1, 33)):
            own = make.quantization()
            flipped = Quantization.per_tensor(own.scale[0], own.zero_point[0] + 128)
            tensors = {DType.INT8: own, DType.UINT8: flipped, DType.FLOAT32: None}
            x = make.activation(shape, tensors[before], before)
            yield make.instance(op, Conversion(), [x], infer, tensors[after], after)

    return examples
