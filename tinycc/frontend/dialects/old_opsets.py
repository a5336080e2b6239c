"""Operator sets 8 to 10: attributes that later became inputs, as opset 11 has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx.helper

from tinycc.frontend.dialects.qlinear import Rule, without_attributes
from tinycc.frontend.dialects.rewriter import Rewriter

FIRST_WITH_INPUTS = 11


def _value(node: Any, name: str, default: Any = None) -> Any:
    found = next((one for one in node.attribute if one.name == name), None)
    return default if found is None else onnx.helper.get_attribute_value(found)


def _clip(node: Any, build: Rewriter) -> bool:
    bounds = [_value(node, name) for name in ("min", "max")]
    names = [
        ""
        if bound is None
        else build.add_constant(f"{node.output[0]}.bound", np.asarray(bound, np.float32))
        for bound in bounds
    ]
    build.node("Clip", [node.input[0], *names], node.output[0])
    return True


def _pad(node: Any, build: Rewriter) -> bool:
    pads = np.asarray(_value(node, "pads"), np.int64)
    operands = [node.input[0], build.add_constant(f"{node.output[0]}.pads", pads)]
    value = np.asarray(_value(node, "value", 0.0), np.float32)
    operands.append(build.add_constant(f"{node.output[0]}.value", value))
    build.copied(without_attributes(node, "pads", "value"), "Pad", operands, node.output[0])
    return True


def _slice(node: Any, build: Rewriter) -> bool:
    if len(node.input) > 1:  # opset 10
        return False
    operands = [node.input[0]]
    for name in ("starts", "ends", "axes"):
        values = _value(node, name)
        if values is not None:
            data = np.asarray(values, np.int64)
            operands.append(build.add_constant(f"{node.output[0]}.{name}", data))
    build.node("Slice", operands, node.output[0])
    return True


def _resize(node: Any, build: Rewriter) -> bool:
    """Upsample, and Resize of opset 10: the pixel at floor(x / scale)."""
    scales = _value(node, "scales")
    name = node.input[1] if len(node.input) > 1 else ""
    if scales is not None:
        name = build.add_constant(f"{node.output[0]}.scales", np.asarray(scales, np.float32))
    mode = _value(node, "mode", b"nearest").decode(errors="replace")
    build.node(
        "Resize",
        [node.input[0], "", name],
        node.output[0],
        mode=mode,
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    return bool(name)


OLD_OPSETS: dict[tuple[str, str], Rule] = {
    ("", "Clip"): _clip,
    ("", "Pad"): _pad,
    ("", "Resize"): _resize,
    ("", "Slice"): _slice,
    ("", "Upsample"): _resize,
}
