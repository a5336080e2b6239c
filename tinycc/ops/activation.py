"""The fused activation (`clamp`) of operators that requantise: bounds, meaning, parameters."""

from __future__ import annotations

from typing import Protocol, cast

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ops.numerics import INT8_MAX, INT8_MIN, Clamp, clamp_real, integer_bounds
from tinycc.ops.op import Field


class Clamped(Protocol):
    """Attributes of every operator with a fused activation."""

    @property
    def clamp(self) -> Clamp | None: ...


def fused_clamp(instance: Instance) -> Clamp | None:
    """The activation fused into a node."""
    return cast(Clamped, instance.attrs).clamp


def activated(instance: Instance, values: np.ndarray) -> np.ndarray:
    """Real results after the node's activation."""
    return clamp_real(values, fused_clamp(instance))


def output_bounds(instance: Instance) -> tuple[int, int]:
    """The activation in output steps."""
    return integer_bounds(fused_clamp(instance), instance.output.type)


def bound_fields(instance: Instance) -> tuple[Field, Field]:
    """The members `low` and `high` of a parameter struct."""
    low, high = output_bounds(instance)
    return Field("low", low), Field("high", high, _note(instance, (low, high)))


def _note(instance: Instance, bounds: tuple[int, int]) -> str:
    if fused_clamp(instance) is None:
        return ""
    saturates = bounds == (INT8_MIN, INT8_MAX)
    return "activation folded into the saturation" if saturates else "activation"
