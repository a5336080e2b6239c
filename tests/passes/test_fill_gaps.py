"""Float operators between two scales: one table per function, however it is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from against_onnxruntime import assert_compiled_equals_onnxruntime
from float_networks import FloatNetwork

Middle = Callable[[FloatNetwork, str], str]


def _network(middle: Middle, scale: float, folder: Path, opset: int = 18) -> Path:
    """Conv > Q > DQ > middle > Q > DQ > Conv > Q > DQ."""
    net = FloatNetwork(opset)
    x = net.qdq(net.input("x", [1, 2, 6, 6]), 0.05, 3)
    y = net.qdq(net.conv(x, 0.05, (4, 2, 3, 3), net.rng), 0.04, 5)
    y = net.qdq(middle(net, y), scale, -100)
    y = net.conv(y, scale, (3, 4, 1, 1), net.rng)
    net.output(net.qdq(y, 0.1, 4))
    return net.save(folder)


def _samples() -> Sequence[np.ndarray]:
    return list(np.random.default_rng(5).normal(0, 2, (4, 1, 2, 6, 6)).astype(np.float32))


def _silu(net: FloatNetwork, x: str) -> str:
    return net.node("Mul", [x, net.node("Sigmoid", [x])])


def _mish(net: FloatNetwork, x: str) -> str:
    return net.node("Mul", [x, net.node("Tanh", [net.node("Softplus", [x])])])


def _gelu(net: FloatNetwork, x: str) -> str:
    half = net.node("Mul", [x, net.floats(0.5)])
    e = net.node("Erf", [net.node("Div", [x, net.floats(2**0.5)])])
    return net.node("Mul", [half, net.node("Add", [e, net.floats(1.0)])])


def _hard_swish(net: FloatNetwork, x: str) -> str:
    shifted = net.node("Add", [x, net.floats(3.0)])
    gate = net.node("Clip", [shifted, net.floats(0.0), net.floats(6.0)])
    return net.node("Div", [net.node("Mul", [x, gate]), net.floats(6.0)])


def _root(net: FloatNetwork, x: str) -> str:
    return net.node("Sqrt", [net.node("Add", [net.node("Abs", [x]), net.floats(0.1)])])


def _logarithm(net: FloatNetwork, x: str) -> str:
    return net.node("Log", [net.node("Add", [net.node("Exp", [x]), net.floats(1.0)])])


def _distance(net: FloatNetwork, x: str) -> str:
    return net.node("Pow", [net.node("Sub", [net.floats(1.0), x]), net.floats(2.0)])


def _activations(net: FloatNetwork, x: str) -> str:
    y = net.node("Neg", [net.node("Elu", [net.node("Selu", [x])], alpha=0.7)])
    return net.node("HardSigmoid", [net.node("Softsign", [y])])


def _clipped(net: FloatNetwork, x: str) -> str:
    y = net.node("Clip", [net.node("LeakyRelu", [x], alpha=0.3), "", net.floats(2.0)])
    return net.node("Reciprocal", [net.node("Add", [net.node("Abs", [y]), net.floats(0.5)])])


def _square(net: FloatNetwork, x: str) -> str:
    return net.node("Mul", [x, x])


FUNCTIONS: tuple[Middle, ...] = (
    _silu,
    _mish,
    _gelu,
    _hard_swish,
    _root,
    _logarithm,
    _distance,
    _activations,
    _clipped,
    _square,
)


@pytest.mark.parametrize("middle", FUNCTIONS)
def test_a_function_written_in_parts_is_one_table(middle: Middle, tmp_path: Path) -> None:
    graph = assert_compiled_equals_onnxruntime(_network(middle, 0.02, tmp_path), _samples())
    ops = [node.op for node in graph.nodes if node.op not in ("reshape", "transpose")]
    assert ops in (["conv2d", "lookup", "conv2d"], ["conv2d", "mul", "conv2d"])


def _gated_means(net: FloatNetwork, x: str) -> str:
    """A gate that needs a scale of its own, and a product of two values."""
    gate = _silu(net, net.node("GlobalAveragePool", [_mish(net, x)]))
    return net.node("Mul", [x, net.node("Sigmoid", [gate])])


def _pooled_gelu(net: FloatNetwork, x: str) -> str:
    return net.node("MaxPool", [_gelu(net, x)], kernel_shape=[2, 2])


def _normalized(net: FloatNetwork, x: str) -> str:
    return net.node("Sigmoid", [net.normalized(x, 4)])


@pytest.mark.parametrize("middle", [_gated_means, _pooled_gelu, _normalized])
def test_what_is_no_table_gets_a_scale_where_its_range_is_proved(
    middle: Middle, tmp_path: Path
) -> None:
    graph = assert_compiled_equals_onnxruntime(_network(middle, 0.03, tmp_path), _samples())
    types = [tensor.type for tensor in graph.tensors.values() if not tensor.is_constant]
    assert all(not type_.is_float for type_ in types)


def test_a_value_that_is_written_and_read_in_float_is_read_as_written(tmp_path: Path) -> None:
    """A convolution whose result one reader quantises and another takes in float."""
    net = FloatNetwork()
    x = net.qdq(net.input("x", [1, 2, 6, 6]), 0.05, 3)
    y = net.conv(x, 0.05, (4, 2, 3, 3), net.rng)
    a = net.conv(net.qdq(y, 0.04, 5), 0.04, (4, 4, 1, 1), net.rng)
    b = net.node("MaxPool", [y], kernel_shape=[1, 1])
    net.output(net.qdq(net.node("Add", [net.qdq(a, 0.06, 1), b]), 0.1, 4))
    graph = assert_compiled_equals_onnxruntime(net.save(tmp_path), [])
    assert sorted(node.op for node in graph.nodes if node.op != "transpose") == [
        "add", "conv2d", "conv2d",
    ]  # fmt: skip


def _pool_at_the_end(net: FloatNetwork, x: str) -> str:
    return net.node("GlobalAveragePool", [net.node("Tanh", [x])])


def _product_at_the_end(net: FloatNetwork, x: str) -> str:
    return _silu(net, net.node("MaxPool", [x], kernel_shape=[2, 2]))


@pytest.mark.parametrize("end", [_pool_at_the_end, _product_at_the_end])
def test_operators_without_a_float_form_end_in_int8(end: Middle, tmp_path: Path) -> None:
    net = FloatNetwork()
    x = net.qdq(net.input("x", [1, 2, 6, 6]), 0.05, 3)
    y = net.qdq(net.conv(x, 0.05, (4, 2, 3, 3), net.rng), 0.04, 5)
    net.output(end(net, y))
    graph = assert_compiled_equals_onnxruntime(net.save(tmp_path), [])
    (output,) = graph.outputs
    assert not graph.tensors[output].type.is_float
