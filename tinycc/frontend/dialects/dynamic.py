"""Dynamic quantisation: activations quantised at run time, weights int8 or uint8.

    xq, xs, xz = DynamicQuantizeLinear(x)
    y = Cast(ConvInteger(xq, w, xz, wz)) * (xs * ws)       ->   y = Conv(x, DQ(w, ws, wz))

What remains is a float network whose weights are stored as integers: it is calibrated like any.
"""

from __future__ import annotations

from typing import Any

from tinycc.frontend.dialects.qlinear import Rule
from tinycc.frontend.dialects.rewriter import Rewriter

_LAYERS = {"ConvInteger": "Conv", "MatMulInteger": "MatMul"}


def _layer(node: Any, build: Rewriter) -> bool:
    """The layer, its Cast and its Mul as one float layer, whose output is the Mul's."""
    quantizer = build.producer(node.input[0])
    cast = build.only_reader(node.output[0])
    scaled = None if cast is None else build.only_reader(cast.output[0])
    if quantizer is None or cast is None or scaled is None:
        return False
    found = (quantizer.op_type, cast.op_type, scaled.op_type)
    if found != ("DynamicQuantizeLinear", "Cast", "Mul"):
        return False
    factor = next(name for name in scaled.input if name != cast.output[0])
    scale = _weight_scale(build, factor, quantizer.output[1])
    if scale is None:
        return False
    zero = [node.input[3]] if len(node.input) > 3 and node.input[3] else []
    known = build.constant(scale)
    per_channel = known is not None and known.size > 1
    axis = (0 if node.op_type == "ConvInteger" else 1) if per_channel else 0
    weights = build.node("DequantizeLinear", [node.input[1], scale, *zero], axis=axis)
    op = _LAYERS[node.op_type]
    build.copied(node, op, [quantizer.input[0], weights], scaled.output[0])
    build.skip(cast, scaled)
    return True


def _weight_scale(build: Rewriter, factor: str, scale: str) -> str | None:
    """The other operand of the product of the activation's scale and the weights'."""
    product = build.producer(factor)
    operands = [] if product is None or product.op_type != "Mul" else list(product.input)
    if scale not in operands:
        return None
    operands.remove(scale)
    return str(operands[0])


DYNAMIC: dict[tuple[str, str], Rule] = {("", kind): _layer for kind in _LAYERS}
