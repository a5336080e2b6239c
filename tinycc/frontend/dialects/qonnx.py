"""QONNX (Brevitas, QKeras, FINN): a Quant node quantises and dequantises in one.

    y = Quant(x, scale, zero, bits)   ->   y = DQ(Clip(Q(x)))   activations; Clip below 8 bits
                                           y = DQ(integers)     constants

Fewer than 8 bits are widened to int8: the values stay the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycc.frontend.dialects.qlinear import Rule
from tinycc.frontend.dialects.rewriter import Rewriter

_DOMAINS = ("qonnx.custom_op.general", "onnx.brevitas", "finn.custom_op.general")
_MOST_BITS, _MOST_ACTIVATION_BITS = 32, 8


def _settings(node: Any) -> tuple[bool, bool, str]:
    """signed, narrow and the rounding mode."""
    found = {one.name: one for one in node.attribute}
    signed = bool(found["signed"].i) if "signed" in found else True
    narrow = bool(found["narrow"].i) if "narrow" in found else False
    mode = found["rounding_mode"].s.decode(errors="replace") if "rounding_mode" in found else ""
    return signed, narrow, mode.upper() or "ROUND"


def _limits(bits: int, signed: bool, narrow: bool) -> tuple[int, int]:
    low = -(2 ** (bits - 1)) + narrow if signed else 0
    high = 2 ** (bits - 1) - 1 if signed else 2**bits - 1 - narrow
    return low, high


def _quant(node: Any, build: Rewriter) -> bool:
    parameters = [build.constant(name) for name in node.input[1:4]]
    if len(parameters) != 3:
        return False
    if any(one is None for one in parameters):
        fact = "its scale, zero point or bit width is computed at run time"
        raise build.refused(
            node, fact, "export with constant scales: model.eval() before the export"
        )
    scale, zero, bits = (np.asarray(one, np.float64) for one in parameters)
    signed, narrow, mode = _settings(node)
    whole = bits.size == 1 and float(bits.reshape(-1)[0]) % 1 == 0 and not (zero % 1).any()
    if not whole:
        raise build.refused(
            node, "its bit width and zero point are no single integers", "use 2 to 8 whole bits"
        )
    if mode not in ("ROUND", "HALF_EVEN"):
        raise build.refused(node, f"rounding mode {mode} is not supported", "use ROUND")
    width = int(bits.reshape(-1)[0])
    if not 2 <= width <= _MOST_BITS:
        raise build.refused(node, f"{width} bits are not supported", "use 2 to 8 bits")
    limits = _limits(width, signed, narrow)
    values = build.constant(node.input[0])
    if values is not None:
        return _constant(node, build, values, scale, zero, limits)
    if width > _MOST_ACTIVATION_BITS:
        raise build.refused(
            node,
            f"an activation of {width} bits; at most {_MOST_ACTIVATION_BITS} are supported",
            "train or calibrate it with 8 bits",
        )
    return _activation(node, build, scale, zero, limits, signed)


def _axis(scale: np.ndarray) -> int | None:
    """The axis that has a scale per index; None for one scale."""
    long = [axis for axis, extent in enumerate(scale.shape) if extent > 1]
    return long[0] if len(long) == 1 else None


def _constant(
    node: Any,
    build: Rewriter,
    values: np.ndarray,
    scale: np.ndarray,
    zero: np.ndarray,
    limits: tuple[int, int],
) -> bool:
    steps = np.rint(values.astype(np.float64) / scale + zero)
    integers = np.clip(steps, *limits) - zero
    narrow = np.abs(integers).max(initial=0) <= 127
    dtype = np.int8 if narrow and values.ndim > 1 else np.int32
    if np.abs(integers).max(initial=0) > 2**31 - 1:
        return False
    axis = _axis(scale)
    if scale.size > 1 and axis is None:
        return False
    name = build.add_constant(f"{node.input[0]}.integers", integers.astype(dtype))
    scales = scale.reshape(-1) if axis is not None else scale.reshape(-1)[0]
    units = build.add_constant(f"{node.input[0]}.scale", np.asarray(scales, np.float32))
    build.node("DequantizeLinear", [name, units], node.output[0], axis=axis or 0)
    return True


def _activation(
    node: Any,
    build: Rewriter,
    scale: np.ndarray,
    zero: np.ndarray,
    limits: tuple[int, int],
    signed: bool,
) -> bool:
    if scale.size != 1 or zero.size != 1:
        raise build.refused(
            node,
            f"an activation has {max(scale.size, zero.size)} scales or zero points",
            "use one scale per activation tensor; weights may have one per channel",
        )
    dtype = np.dtype(np.int8 if signed else np.uint8)
    shift = zero.reshape(-1)[0]
    if not np.iinfo(dtype).min <= shift <= np.iinfo(dtype).max:
        return False
    units = build.add_constant(
        f"{node.output[0]}.scale", np.asarray(scale.reshape(-1)[0], np.float32)
    )
    point = build.add_constant(f"{node.output[0]}.zero", np.asarray(shift, dtype))
    stored = build.node("QuantizeLinear", [node.input[0], units, point])
    if limits != (np.iinfo(dtype).min, np.iinfo(dtype).max):
        bounds = [
            build.add_constant(f"{node.output[0]}.bound", np.asarray(v, dtype)) for v in limits
        ]
        stored = build.node("Clip", [stored, *bounds])
    build.node("DequantizeLinear", [stored, units, point], node.output[0])
    return True


def _bipolar(node: Any, build: Rewriter) -> bool:
    """BipolarQuant of constants: the sign times a scale."""
    values, scale = (build.constant(name) for name in node.input[:2])
    if values is None or scale is None:
        return False
    signs = np.where(values >= 0, 1.0, -1.0)
    return _constant(node, build, signs * scale, scale, np.zeros(()), (-1, 1))


QONNX: dict[tuple[str, str], Rule] = {
    (domain, kind): rule
    for domain in _DOMAINS
    for kind, rule in (("Quant", _quant), ("BipolarQuant", _bipolar))
}
