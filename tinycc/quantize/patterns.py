"""Functions that exporters write out in parts, joined again: one table instead of four steps."""

from __future__ import annotations

from dataclasses import replace

from tinycc.frontend.onnx_network import OnnxNetwork
from tinycc.ops.foreign import ForeignNode

_HARD_SWISH_OPSET = 14


def join_hard_swish(network: OnnxNetwork) -> OnnxNetwork:
    """x * Clip(x + 3, 0, 6) / 6, in either order of its last two steps, becomes HardSwish."""
    joined: dict[int, ForeignNode] = {}
    for node in network.nodes:
        x = _hard_swish_input(network, node)
        if x is not None:
            joined[id(node)] = replace(node, op_type="HardSwish", attributes={}, inputs=(x,))
    if not joined:
        return network
    opset = max(network.opsets[""], _HARD_SWISH_OPSET)
    nodes = [joined.get(id(node), node) for node in network.nodes]
    return replace(network.rebuilt(nodes), opsets={**network.opsets, "": opset})


def _hard_swish_input(network: OnnxNetwork, node: ForeignNode) -> str | None:
    """The x of a node that finishes a hard swish."""
    if node.op_type in ("Div", "Mul") and (product := _scaled(network, node, 6.0)) is not None:
        return _gated(network, network.producer.get(product), 1.0)
    return _gated(network, node, 6.0)


def _gated(network: OnnxNetwork, node: ForeignNode | None, divisor: float) -> str | None:
    """The x of x * (Clip(x + 3, 0, 6) / divisor)."""
    if node is None or node.op_type != "Mul":
        return None
    for x, gate in (node.inputs, node.inputs[::-1]):
        maker = network.producer.get(gate)
        if maker is not None and maker.op_type == "HardSigmoid" and divisor == 6.0:
            slope = float(maker.attributes.get("alpha", 0.2))
            if abs(slope * 6 - 1) < 1e-4 and maker.attributes.get("beta", 0.5) == 0.5:
                return x if maker.inputs[0] == x else None
        if divisor != 1.0 and maker is not None:
            inner = _scaled(network, maker, divisor)
            maker = network.producer.get(inner) if inner is not None else None
        if maker is not None and _is_relu6(network, maker):
            shifted = network.producer.get(maker.inputs[0])
            if shifted is not None and _is_plus_three(network, shifted, x):
                return x
    return None


def _scaled(network: OnnxNetwork, node: ForeignNode, divisor: float) -> str | None:
    """The tensor that a node divides by a constant."""
    for index in (1, 0) if node.op_type == "Mul" else (1,):
        value = _scalar(network, node.input(index))
        if value is None or node.op_type not in ("Mul", "Div"):
            continue
        factor = value if node.op_type == "Div" else (1.0 / value if value else 0.0)
        if abs(factor - divisor) < 1e-4:
            return node.inputs[1 - index]
    return None


def _is_relu6(network: OnnxNetwork, node: ForeignNode) -> bool:
    if node.op_type != "Clip" or len(node.inputs) != 3:
        return False
    return (_scalar(network, node.inputs[1]), _scalar(network, node.inputs[2])) == (0.0, 6.0)


def _is_plus_three(network: OnnxNetwork, node: ForeignNode, x: str) -> bool:
    if node.op_type != "Add" or x not in node.inputs:
        return False
    return any(_scalar(network, name) == 3.0 for name in node.inputs)


def _scalar(network: OnnxNetwork, name: str) -> float | None:
    array = network.constants.get(name)
    return float(array.reshape(-1)[0]) if array is not None and array.size == 1 else None
