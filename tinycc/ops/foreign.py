"""How operators see a foreign model: a neutral node, and the builder that turns it into IR.

The package that parses the file format lives in tinycc.frontend; rules here never import it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from tinycc.ir.types import TensorType


@dataclass(frozen=True)
class ForeignNode:
    """A node of a model file: attributes as Python values, absent optional inputs as ''."""

    name: str
    op_type: str
    opset: int
    attributes: Mapping[str, Any]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    domain: str = ""

    def input(self, index: int) -> str:
        """The name of an input, '' when it is absent."""
        return self.inputs[index] if index < len(self.inputs) else ""


class Builder(Protocol):
    """What a conversion rule may do. Tensors are named as in the model file."""

    def type(self, name: str) -> TensorType:
        """The type of a tensor made so far, in the model's own layout."""

    def constant(self, name: str) -> np.ndarray | None:
        """Real values (float64, or integers of a shape tensor) when known, else None."""

    def add_constant(self, base: str, data: np.ndarray, type_: TensorType | None = None) -> str:
        """A new constant tensor; float32 unless a type is given."""

    def emit(self, op: str, attrs: object, inputs: Sequence[str], output: str | None = None) -> str:
        """Adds a node (type inferred); `output` names the foreign tensor it makes, else fresh."""

    def transpose(self, name: str, permutation: Sequence[int], output: str | None = None) -> str:
        """Adds a transpose; constants are transposed at once."""

    def reshape(self, name: str, shape: Sequence[int], output: str | None = None) -> str:
        """Adds a reshape; constants are reshaped at once."""

    def alias(self, name: str, output: str) -> None:
        """Makes `output` another name of `name` (Identity, Dropout)."""

    def fail(self, message: str, hint: str | None = None) -> Exception:
        """An error about the current node, to be raised by the rule."""


@dataclass(frozen=True)
class OnnxRule:
    """Converts ONNX nodes of one type, from operator-set version `since` on."""

    op_type: str
    convert: Callable[[ForeignNode, Builder], None]
    since: int = 1
    domain: str = ""


def onnx_integers(node: ForeignNode, build: Builder, index: int, name: str) -> list[int] | None:
    """Integers from an attribute (old opsets) or a constant input; None when absent."""
    if name in node.attributes:
        return [int(value) for value in node.attributes[name]]
    if not node.input(index):
        return None
    values = build.constant(node.input(index))
    if values is None:
        raise build.fail(f"{name} `{node.input(index)}` are computed at run time")
    return [int(value) for value in values.reshape(-1)]


def onnx_scalar(build: Builder, name: str) -> float:
    """The value of a constant of one element."""
    values = build.constant(name)
    if values is None or values.size != 1:
        raise build.fail(f"operand `{name}` is not a constant scalar")
    return float(values.reshape(-1)[0])
