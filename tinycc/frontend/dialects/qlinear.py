"""QOperator form: QLinearConv and its relatives of ONNX and com.microsoft.

y = QLinearConv(x, xs, xz, w, ws, wz, ys, yz, b)   ->   y = Q(Conv(DQ(x), DQ(w), DQ(b)), ys, yz)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinycc.frontend.dialects.rewriter import Rewriter

Rule = Callable[[Any, Rewriter], bool]
"""Adds the nodes that replace one; False where it cannot: nothing may be added then."""


def _input(node: Any, index: int) -> str:
    return str(node.input[index]) if index < len(node.input) else ""


def _attribute(node: Any, name: str, default: int) -> int:
    return next((int(one.i) for one in node.attribute if one.name == name), default)


def _dequantized(build: Rewriter, node: Any, first: int, axis: int = 0) -> str:
    """DequantizeLinear of the operands (value, scale, zero point) from `first` on."""
    operands = [_input(node, index) for index in range(first, first + 3)]
    return build.node("DequantizeLinear", operands[: 3 if operands[2] else 2], axis=axis)


def _quantize(build: Rewriter, real: str, scale: str, zero: str, output: str) -> None:
    build.node("QuantizeLinear", [real, scale, *([zero] if zero else [])], output)


def without_attributes(node: Any, *names: str) -> Any:
    """A copy of a node without some attributes."""
    copy = type(node)()
    copy.CopyFrom(node)
    kept = [one for one in node.attribute if one.name not in names]
    del copy.attribute[:]
    copy.attribute.extend(kept)
    return copy


def _bias(build: Rewriter, name: str, scales: Sequence[str], factor: float = 1.0) -> str | None:
    """An int32 bias in units of x's scale times the weights'; None where scales are unknown."""
    known = [build.constant(scale) for scale in scales]
    if any(scale is None for scale in known):
        return None
    first, second = (np.asarray(scale, np.float32).reshape(-1) for scale in known)
    product = (first * second * np.float32(factor)).astype(np.float32)
    scale = product[0] if product.size == 1 else product
    units = build.add_constant(f"{name}.scale", np.asarray(scale))
    return build.node("DequantizeLinear", [name, units], axis=0)


def _convolution(node: Any, build: Rewriter) -> bool:
    bias = _input(node, 8)
    operands = [_dequantized(build, node, 0), _dequantized(build, node, 3, axis=0)]
    if bias:
        real = _bias(build, bias, (_input(node, 1), _input(node, 4)))
        if real is None:
            return False
        operands.append(real)
    y = build.copied(node, "Conv", operands)
    _quantize(build, y, _input(node, 6), _input(node, 7), node.output[0])
    return True


def _matrix_product(node: Any, build: Rewriter) -> bool:
    scale = build.constant(_input(node, 4))
    axis = -1 if scale is not None and scale.size > 1 else 0
    operands = [_dequantized(build, node, 0), _dequantized(build, node, 3, axis=axis)]
    y = build.node("MatMul", operands)
    _quantize(build, y, _input(node, 6), _input(node, 7), node.output[0])
    return True


def _gemm(node: Any, build: Rewriter) -> bool:
    """com.microsoft QGemm; without an output scale the result is float."""
    bias = _input(node, 6)
    axis = 0 if _attribute(node, "transB", 0) else 1
    operands = [_dequantized(build, node, 0), _dequantized(build, node, 3, axis=axis)]
    if bias:
        alpha = next((float(one.f) for one in node.attribute if one.name == "alpha"), 1.0)
        real = _bias(build, bias, (_input(node, 1), _input(node, 4)), alpha)
        if real is None:
            return False
        operands.append(real)
    if not _input(node, 7):
        build.copied(node, "Gemm", operands, node.output[0])
        return True
    y = build.copied(node, "Gemm", operands)
    _quantize(build, y, _input(node, 7), _input(node, 8), node.output[0])
    return True


def _binary(op: str) -> Rule:
    def convert(node: Any, build: Rewriter) -> bool:
        operands = [_dequantized(build, node, 0), _dequantized(build, node, 3)]
        y = build.node(op, operands)
        _quantize(build, y, _input(node, 6), _input(node, 7), node.output[0])
        return True

    return convert


def _unary(op: str, *dropped: str) -> Rule:
    """x, its scale and zero point, then those of the result."""

    def convert(node: Any, build: Rewriter) -> bool:
        if _attribute(node, "channels_last", 0):
            return False
        plain = without_attributes(node, "channels_last", *dropped)
        y = build.copied(plain, op, [_dequantized(build, node, 0)])
        _quantize(build, y, _input(node, 3), _input(node, 4), node.output[0])
        return True

    return convert


def _concat(node: Any, build: Rewriter) -> bool:
    """The result's scale and zero point come first."""
    operands = [_dequantized(build, node, index) for index in range(2, len(node.input), 3)]
    y = build.copied(node, "Concat", operands)
    _quantize(build, y, _input(node, 0), _input(node, 1), node.output[0])
    return True


_MICROSOFT = "com.microsoft"
QLINEAR: Mapping[tuple[str, str], Rule] = {
    ("", "QLinearConv"): _convolution,
    ("", "QLinearMatMul"): _matrix_product,
    (_MICROSOFT, "QGemm"): _gemm,
    (_MICROSOFT, "QLinearAdd"): _binary("Add"),
    (_MICROSOFT, "QLinearAveragePool"): _unary("AveragePool"),
    (_MICROSOFT, "QLinearConcat"): _concat,
    (_MICROSOFT, "QLinearGlobalAveragePool"): _unary("GlobalAveragePool"),
    (_MICROSOFT, "QLinearLeakyRelu"): _unary("LeakyRelu"),
    (_MICROSOFT, "QLinearMul"): _binary("Mul"),
    (_MICROSOFT, "QLinearReduceMean"): _unary("ReduceMean"),
    (_MICROSOFT, "QLinearSigmoid"): _unary("Sigmoid"),
    (_MICROSOFT, "QLinearSoftmax"): _unary("Softmax", "opset"),
}
