"""Quantised networks with nodes, operands, attributes and constants that no exporter writes.

Every one is an integer network or an error, through all passes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from float_networks import FloatNetwork
from onnx import helper, numpy_helper

from tinycc.errors import ModelError, TinyccError
from tinycc.frontend import read_onnx
from tinycc.pipeline import Options, run_passes
from tinycc.target import load_target

Damage = Callable[[onnx.GraphProto, np.random.Generator], None]


def _network() -> onnx.ModelProto:
    """Layers, a gate, a Concat, pools and functions in float; uint8 and int8."""
    net = FloatNetwork(14)
    x = net.qdq(net.input("x", [1, 4, 6, 6]), 0.05, 120, np.uint8)
    y = net.conv(x, 0.05, (6, 4, 3, 3), net.rng, pads=[1, 1, 1, 1])
    y = net.qdq(net.node("Relu", [y]), 0.04, -128)
    gate = net.qdq(net.node("GlobalAveragePool", [y]), 0.03, -128)
    gate = net.qdq(net.conv(gate, 0.03, (6, 6, 1, 1), net.rng), 0.05, 4)
    gate = net.node("HardSigmoid", [gate])
    y = net.qdq(net.node("Mul", [y, gate]), 0.03, -128)
    y = net.node("Concat", [y, net.node("HardSwish", [y])], axis=1)
    y = net.qdq(net.node("MaxPool", [y], kernel_shape=[2, 2], strides=[2, 2]), 0.03, -128)
    y = net.node("Reshape", [y, net.integers(1, 108)])
    weights = net.rng.integers(0, 256, (3, 108)).astype(np.uint8)
    w = net.dequantize(net.constant(weights), 0.01, 90, np.uint8)
    bias = net.constant(net.rng.normal(0, 1, 3), np.float32)
    y = net.qdq(net.node("Gemm", [y, w, bias], transB=1), 0.2, 3)
    net.output(net.node("Softmax", [y], axis=1))
    return net.model()


def _without_a_node(graph: onnx.GraphProto, rng: np.random.Generator) -> None:
    node = graph.node[rng.integers(len(graph.node))]
    for reader in graph.node:
        kept = [node.input[0] if name == node.output[0] else name for name in reader.input]
        reader.input[:] = kept
    graph.node.remove(node)


def _rewired(graph: onnx.GraphProto, rng: np.random.Generator) -> None:
    names = [name for node in graph.node for name in (*node.input, *node.output)]
    node = graph.node[rng.integers(len(graph.node))]
    node.input[rng.integers(len(node.input))] = str(rng.choice(names))


def _swapped(graph: onnx.GraphProto, rng: np.random.Generator) -> None:
    node = graph.node[rng.integers(len(graph.node))]
    node.input[:] = [node.input[index] for index in rng.permutation(len(node.input))]


def _constant_changed(graph: onnx.GraphProto, rng: np.random.Generator) -> None:
    tensor = graph.initializer[rng.integers(len(graph.initializer))]
    array = numpy_helper.to_array(tensor).copy()
    kinds = ("int8", "uint8", "int32", "int64", "float32", "float16", "int16")
    changes: list[Callable[[], np.ndarray]] = [
        lambda: array[np.newaxis],
        lambda: array[..., np.newaxis],
        lambda: array.reshape(array.shape[::-1]),
        lambda: array.reshape(-1)[:0],
        lambda: array.reshape(-1)[:1],
        lambda: array.astype(str(rng.choice(kinds))),
        lambda: array * 0,
        lambda: -array,
    ]
    with np.errstate(all="ignore"):
        made = np.ascontiguousarray(changes[rng.integers(len(changes))]())
    tensor.CopyFrom(numpy_helper.from_array(made, tensor.name))


def _attribute_changed(graph: onnx.GraphProto, rng: np.random.Generator) -> None:
    nodes = [node for node in graph.node if node.attribute]
    node = nodes[rng.integers(len(nodes))]
    old = node.attribute[rng.integers(len(node.attribute))]
    many = isinstance(helper.get_attribute_value(old), list)
    values = rng.choice([0, 1, -1, 2, 3, 100], 4).tolist()
    name = old.name
    node.attribute.remove(old)
    new = values[: int(rng.integers(1, 5))] if many else values[0]
    node.attribute.append(helper.make_attribute(name, new))


DAMAGES: tuple[Damage, ...] = (
    _without_a_node,
    _rewired,
    _swapped,
    _constant_changed,
    _attribute_changed,
)
ROUNDS = 25


def _outcome(model: onnx.ModelProto) -> str:
    try:
        run_passes(read_onnx(model.SerializeToString()), Options(), load_target("host"))
    except ModelError as error:
        return error.render()
    except TinyccError as error:
        raise AssertionError(error.render()) from error
    return "built"


def test_the_network_is_sound() -> None:
    assert _outcome(_network()) == "built"


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda one: one.__name__)
def test_damage_gives_a_network_or_an_error(damage: Damage, tmp_path: Path) -> None:
    sound, rng = _network(), np.random.default_rng(11)
    for _ in range(ROUNDS):
        model = onnx.ModelProto()
        model.CopyFrom(sound)
        for _ in range(int(rng.integers(1, 3))):
            damage(model.graph, rng)
        assert _outcome(model)


def _bias_of_two_axes(net: FloatNetwork, x: str) -> str:
    bias = net.constant(np.zeros((6, 1)), np.float32)
    return net.node("Conv", [x, net.weights(np.ones((6, 4, 1, 1), np.int8), [0.1] * 6), bias])


def _no_group(net: FloatNetwork, x: str) -> str:
    weights = net.weights(np.ones((6, 4, 1, 1), np.int8), [0.1] * 6)
    return net.node("Conv", [x, weights], group=0)


def _bias_at_run_time(net: FloatNetwork, x: str) -> str:
    weights = net.weights(np.ones((6, 4, 1, 1), np.int8), [0.1] * 6)
    return net.node("Conv", [x, weights, net.node("Reshape", [x, net.integers(-1)])])


@pytest.mark.parametrize(
    ("middle", "text"),
    [
        (_bias_of_two_axes, "a bias must have one value per output channel"),
        (_no_group, "0 groups for 4 -> 6 channels"),
        (_bias_at_run_time, "is computed at run time"),
    ],
)
def test_operands_that_no_layer_takes(
    middle: Callable[[FloatNetwork, str], str], text: str
) -> None:
    net = FloatNetwork()
    y = middle(net, net.qdq(net.input("x", [1, 4, 3, 3]), 0.05))
    net.output(net.qdq(y, 0.05))
    assert text in _outcome(net.model())


def test_a_function_of_a_constant_is_a_constant() -> None:
    net = FloatNetwork()
    x = net.qdq(net.input("x", [1, 4, 3, 3]), 0.05)
    share = net.qdq(net.node("Sigmoid", [net.floats(0.3)]), 0.01)
    net.output(net.qdq(net.node("Mul", [x, share]), 0.05))
    assert _outcome(net.model()) == "built"
