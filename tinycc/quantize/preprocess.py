"""What becomes of stored numbers (pixels) before a network sees them: `(x - 127.5) / 127.5`."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tinycc.errors import ModelError, UsageError

_OPERATORS: Mapping[type, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_LONGEST = 200  # far from the depth of Python's own recursion
_HINT = "such as 'x / 255', '(x - 83) * 0.585' or '(x - [124, 116, 104]) / [58, 57, 57]'"


@dataclass(frozen=True)
class Preprocessing:
    """Arithmetic on `x` with numbers, and lists of one number per channel.

    Raises UsageError for any other text.
    """

    text: str

    def __post_init__(self) -> None:
        self._value(self._tree(), np.ones((1, 1, 1)), None)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """float32 of the same shape, [..., *shape of a sample]. ModelError where lists do not fit.

        A list lies along the last axis, or along the channels of NCHW where only those match.
        """
        with np.errstate(all="ignore"):
            found = self._value(self._tree(), values.astype(np.float64), values.shape)
        narrow: np.ndarray = np.broadcast_to(found, values.shape).astype(np.float32)
        return narrow

    def _tree(self) -> ast.expr:
        try:
            if len(self.text) > _LONGEST:
                raise ValueError("it is too long")
            return ast.parse(self.text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise self._refusal("it is no formula") from error

    def _value(self, node: ast.expr, x: np.ndarray, shape: tuple[int, ...] | None) -> np.ndarray:
        """What a part of the formula gives; without a shape it is only checked."""
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            left, right = self._value(node.left, x, shape), self._value(node.right, x, shape)
            with np.errstate(all="ignore"):
                return _OPERATORS[type(node.op)](left, right)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            value = self._value(node.operand, x, shape)
            return -value if isinstance(node.op, ast.USub) else value
        if isinstance(node, ast.Name) and node.id == "x":
            return x
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return np.asarray(node.value, np.float64)
        if isinstance(node, (ast.List, ast.Tuple)) and node.elts:
            parts = [self._value(one, np.zeros(()), shape) for one in node.elts]
            if all(isinstance(one, (ast.Constant, ast.UnaryOp)) for one in node.elts):
                return self._along_channels(np.array(parts), shape)
        raise self._refusal(f"`{ast.unparse(node)}` is not + - * / of x, numbers and lists")

    def _along_channels(self, values: np.ndarray, shape: tuple[int, ...] | None) -> np.ndarray:
        if shape is None:
            return np.ones((1, 1, 1))
        if shape[-1:] == values.shape:
            return values
        if shape[-3:-2] == values.shape:
            return values.reshape(-1, 1, 1)
        raise ModelError(
            f"--preprocess {self.text!r}: a list of {len(values)} numbers does not fit samples of "
            f"shape {'x'.join(map(str, shape))}",
            hint="one number per channel: the last axis, or the first of three",
        )

    def _refusal(self, reason: str) -> UsageError:
        return UsageError(f"--preprocess {self.text!r}: {reason}", hint=_HINT)
