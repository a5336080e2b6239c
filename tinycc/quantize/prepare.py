"""A float network in the form that is quantised: constants folded, layers with one bias each.

Shape > Gather > Concat            a constant
Conv > BatchNormalization          Conv with other weights
Conv > Mul, Add per channel        Conv with other weights
MatMul of a matrix [> Add]         Gemm
x * Clip(x + 3, 0, 6) / 6          HardSwish
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from tinycc.frontend.onnx_network import OnnxNetwork, onnx_bytes
from tinycc.interp.original import Session
from tinycc.ops.foreign import ForeignNode
from tinycc.quantize.patterns import join_hard_swish

_HANDED_THROUGH = frozenset({"Identity", "Dropout", "Cast"})
_STATIC_SOURCES = frozenset({"Shape", "Size", "Constant"})
_DENSE = frozenset({"Conv", "Gemm", "MatMul"})


@dataclass(frozen=True)
class Layer:
    """A convolution or fully connected layer with constant weights.

    `axis` is the output channels' axis in the weights, `sum` the tensor behind the bias.
    """

    node: ForeignNode
    weights: str
    bias: str
    axis: int
    sum: str

    @property
    def groups(self) -> int:
        """How many groups of channels do not see each other."""
        return int(self.node.attributes.get("group", 1))


def prepared(network: OnnxNetwork) -> OnnxNetwork:
    """The network folded as above, each layer with weights and a bias of its own."""
    network = _known_shapes(_folded_constants(network))
    network = _handed_through(network)
    network = join_hard_swish(network)
    network = _own_operands(network)
    network = _folded_affine(network)
    return _known_shapes(network)


def _folded_constants(network: OnnxNetwork) -> OnnxNetwork:
    """Everything that depends on no input is computed once; 16-bit and 64-bit floats widen."""
    static = set(network.constants)
    nodes = []
    for node in network.nodes:
        known = all(name in static for name in filter(None, node.inputs))
        if known or node.op_type in _STATIC_SOURCES:
            static.update(node.outputs)
        else:
            nodes.append(node)
    needed = {name for node in nodes for name in node.inputs} | set(network.outputs)
    wanted = sorted((static & needed) - set(network.constants))
    constants = {**network.constants, **_values(network, wanted)}
    floats = {np.dtype(np.float16), np.dtype(np.float64)}
    for name, array in constants.items():
        if array.dtype in floats:
            constants[name] = array.astype(np.float32)
    return network.rebuilt(nodes, constants)


def _values(network: OnnxNetwork, wanted: list[str]) -> dict[str, np.ndarray]:
    session = Session(onnx_bytes(network, wanted), network.where)
    return session.run(_zeros(network), wanted)


def _zeros(network: OnnxNetwork) -> dict[str, np.ndarray]:
    return {name: np.zeros(shape, np.float32) for name, shape in network.inputs.items()}


def _known_shapes(network: OnnxNetwork) -> OnnxNetwork:
    """The network with the shapes of its float run-time tensors, found by running it on zeros."""
    names = [name for node in network.nodes for name in node.outputs if name]
    values = _values(network, names)
    floats = {name: array for name, array in values.items() if array.dtype == np.float32}
    shapes = {name: tuple(array.shape) for name, array in floats.items()}
    return replace(network, shapes={**shapes, **network.inputs})


def _handed_through(network: OnnxNetwork) -> OnnxNetwork:
    """The network without nodes that only rename their input."""
    names: dict[str, str] = {}
    nodes = []
    for node in network.nodes:
        renamed = replace(node, inputs=tuple(names.get(name, name) for name in node.inputs))
        source = renamed.input(0)
        if node.op_type in _HANDED_THROUGH and node.outputs[0] not in network.outputs:
            names[node.outputs[0]] = source
        else:
            nodes.append(renamed)
    return network.rebuilt(nodes)


def _own_operands(network: OnnxNetwork) -> OnnxNetwork:
    """Layers with weights and biases of their own; products with a constant matrix as Gemm."""
    constants = dict(network.constants)
    nodes: list[ForeignNode] = []
    for node in network.nodes:
        if node.op_type not in _DENSE or node.input(1) not in constants:
            nodes.append(node)
        elif node.op_type == "Conv":
            nodes.append(_own_conv(node, constants))
        elif node.op_type == "Gemm":
            nodes.append(_own_gemm(node, constants))
        else:
            nodes += _own_matmul(network, node, constants)
    return network.rebuilt(nodes, constants)


def fresh(constants: Mapping[str, np.ndarray], base: str) -> str:
    """A name that no constant has."""
    name, count = base, 1
    while name in constants:
        count += 1
        name = f"{base}_{count}"
    return name


def _own_conv(node: ForeignNode, constants: dict[str, np.ndarray]) -> ForeignNode:
    weights = constants[node.inputs[1]]
    bias = constants.get(node.input(2), np.zeros(weights.shape[0], np.float32))
    return _with_operands(node, constants, weights, bias)


def _own_gemm(node: ForeignNode, constants: dict[str, np.ndarray]) -> ForeignNode:
    """alpha and beta go into the operands; a bias that is no vector stays as it is."""
    weights = constants[node.inputs[1]]
    count = weights.shape[0 if node.attributes.get("transB", 0) else 1]
    bias = constants.get(node.input(2), np.zeros(count, np.float32))
    if (node.input(2) and node.input(2) not in constants) or bias.size not in (1, count):
        return node
    alpha, beta = (float(node.attributes.get(name, 1.0)) for name in ("alpha", "beta"))
    attributes = {k: v for k, v in node.attributes.items() if k not in ("alpha", "beta")}
    vector = np.broadcast_to(bias.reshape(-1) * beta, (count,))
    return _with_operands(replace(node, attributes=attributes), constants, weights * alpha, vector)


def _own_matmul(
    network: OnnxNetwork, node: ForeignNode, constants: dict[str, np.ndarray]
) -> list[ForeignNode]:
    """Gemm for matrices; else the product and an Add of its bias."""
    weights = constants[node.inputs[1]]
    if weights.ndim != 2:
        return [node]
    bias = np.zeros(weights.shape[1], np.float32)
    if len(network.shapes[node.outputs[0]]) == 2:
        gemm = replace(node, op_type="Gemm", attributes={})
        return [_with_operands(gemm, constants, weights, bias)]
    product = replace(
        _with_operands(node, constants, weights, bias), outputs=(f"{node.outputs[0]}.product",)
    )
    add = replace(
        node,
        name=f"{node.name}.bias",
        op_type="Add",
        attributes={},
        inputs=(product.outputs[0], product.inputs[2]),
    )
    return [replace(product, inputs=product.inputs[:2]), add]


def _with_operands(
    node: ForeignNode, constants: dict[str, np.ndarray], weights: np.ndarray, bias: np.ndarray
) -> ForeignNode:
    names = [fresh(constants, f"{node.outputs[0]}.{kind}") for kind in ("weights", "bias")]
    for name, array in zip(names, (weights, bias), strict=True):
        constants[name] = np.ascontiguousarray(array, np.float32)
    return replace(node, inputs=(node.inputs[0], *names))


def layers(network: OnnxNetwork) -> tuple[Layer, ...]:
    """The layers of a prepared network, in its order."""
    found = []
    for node in network.nodes:
        if node.op_type not in _DENSE or not network.is_constant(node.input(1)):
            continue
        if len(node.inputs) == 3 and network.is_constant(node.inputs[2]):
            turned = node.op_type == "Gemm" and not node.attributes.get("transB", 0)
            found.append(Layer(node, node.inputs[1], node.inputs[2], int(turned), node.outputs[0]))
        elif node.op_type == "MatMul":
            add = network.only_reader(node.outputs[0])
            if add is not None and add.op_type == "Add" and network.is_constant(add.input(1)):
                layer = Layer(node, node.inputs[1], add.inputs[1], 1, add.outputs[0])
                found.append(layer)
    return tuple(found)


def _folded_affine(network: OnnxNetwork) -> OnnxNetwork:
    """Scales and offsets per channel behind a layer become part of its weights."""
    while True:
        after = next(filter(None, (_fold_one(network, layer) for layer in layers(network))), None)
        if after is None:
            return network
        network = after


def _fold_one(network: OnnxNetwork, layer: Layer) -> OnnxNetwork | None:
    node = network.only_reader(layer.sum)
    weights, bias = network.constants[layer.weights], network.constants[layer.bias]
    if node is None or (found := _affine(network, node, layer, len(bias))) is None:
        return None
    factor, offset = found
    shape = [-1 if axis == layer.axis else 1 for axis in range(weights.ndim)]
    constants = dict(network.constants)
    constants[layer.weights] = (weights * factor.reshape(shape)).astype(np.float32)
    constants[layer.bias] = (bias * factor + offset).astype(np.float32)
    renamed = {layer.sum: node.outputs[0]}
    nodes = [
        replace(one, outputs=tuple(renamed.get(name, name) for name in one.outputs))
        for one in network.nodes
        if one is not node
    ]
    return network.rebuilt(nodes, constants)


def _affine(
    network: OnnxNetwork, node: ForeignNode, layer: Layer, count: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """Factor and offset of y = x * factor + offset, per channel, in float64."""
    axis = 1 if layer.node.op_type == "Conv" else len(network.shapes[layer.sum]) - 1
    operands = [network.constants.get(name) for name in node.inputs]
    if node.op_type == "BatchNormalization" and axis == 1:
        if any(array is None for array in operands[1:5]):
            return None
        scale, shift, mean, variance = (np.float64(array) for array in operands[1:5])
        factor = scale / np.sqrt(variance + float(node.attributes.get("epsilon", 1e-5)))
        return factor, shift - mean * factor
    if node.op_type not in ("Add", "Sub", "Mul", "Div") or len(operands) != 2:
        return None
    index = 0 if operands[0] is not None else 1
    constant = operands[index]
    if constant is None or (index == 0 and node.op_type in ("Sub", "Div")):
        return None
    values = _per_channel(constant, network.shapes[layer.sum], axis, count)
    if values is None:
        return None
    one, zero = np.ones(count), np.zeros(count)
    if node.op_type in ("Add", "Sub"):
        return one, values if node.op_type == "Add" else -values
    return (values, zero) if node.op_type == "Mul" else (1.0 / values, zero)


def _per_channel(
    constant: np.ndarray, shape: tuple[int, ...], axis: int, count: int
) -> np.ndarray | None:
    """A constant that is broadcast to a tensor as one value per channel, else None."""
    if constant.ndim > len(shape):
        return None
    wide = constant.reshape((1,) * (len(shape) - constant.ndim) + constant.shape)
    if any(extent != 1 for at, extent in enumerate(wide.shape) if at != axis):
        return None
    return np.broadcast_to(wide.reshape(-1).astype(np.float64), (count,))
