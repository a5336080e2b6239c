"""Float networks as exporters write them, quantised, built, and compared with float."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx_models import OnnxModel

from tinycc import build
from tinycc.interp.original import Session
from tinycc.ops.numerics import real_values

_RNG = np.random.default_rng(11)


def _weights(net: OnnxModel, *shape: int) -> str:
    fan = int(np.prod(shape[1:]))
    return net.constant(_RNG.normal(0, 1.5 / np.sqrt(fan), shape), np.float32)


def _vector(net: OnnxModel, count: int, low: float = -1.0, high: float = 1.0) -> str:
    return net.constant(_RNG.uniform(low, high, count), np.float32)


def _batch_norm(net: OnnxModel, x: str, count: int) -> str:
    operands = [_vector(net, count, 0.5, 2), _vector(net, count), _vector(net, count)]
    return net.node("BatchNormalization", [x, *operands, _vector(net, count, 0.5, 2)])


def _with_batch_norm(net: OnnxModel) -> str:
    x = net.input("x", [1, 3, 10, 10])
    a = _batch_norm(net, net.node("Conv", [x, _weights(net, 8, 3, 3, 3)]), 8)
    b = net.node("Relu", [a])
    c = _batch_norm(net, net.node("Conv", [b, _weights(net, 8, 1, 3, 3)], group=8), 8)
    return net.node("Clip", [c, net.constant(0.0, np.float32), net.constant(6.0, np.float32)])


def _branches(net: OnnxModel) -> str:
    x = net.input("x", ["N", 4, 8, 8])
    a = net.node("Relu", [net.node("Conv", [x, _weights(net, 4, 4, 1, 1)])])
    b = net.node("Sigmoid", [net.node("Conv", [x, _weights(net, 4, 4, 1, 1)])])
    c = net.node("MaxPool", [a], kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    d = net.node("Concat", [a, b, c], axis=1)
    e = net.node("Add", [d, net.node("Conv", [d, _weights(net, 12, 12, 1, 1)])])
    return net.node("Mul", [e, net.node("Sigmoid", [e])])


def _mobile(net: OnnxModel) -> str:
    """HardSwish in parts."""
    x = net.input("x", [1, 3, 8, 8])
    a = net.node("Conv", [x, _weights(net, 6, 3, 3, 3)], "a")
    three, zero, six = (net.constant(value, np.float32) for value in (3.0, 0.0, 6.0))
    gate = net.node("Clip", [net.node("Add", [a, three]), zero, six])
    return net.node("GlobalAveragePool", [net.node("Div", [net.node("Mul", [a, gate]), six])])


def _gated(net: OnnxModel) -> str:
    """Squeeze and excite."""
    x = net.input("x", [1, 4, 6, 6])
    a = net.node("Relu", [net.node("Conv", [x, _weights(net, 8, 4, 1, 1)])])
    s = net.node("GlobalAveragePool", [a])
    s = net.node("Relu", [net.node("Conv", [s, _weights(net, 2, 8, 1, 1)])])
    s = net.node("HardSigmoid", [net.node("Conv", [s, _weights(net, 8, 2, 1, 1)])])
    return net.node("Mul", [a, s])


def _sequence(net: OnnxModel) -> str:
    """A convolution over time, then a product with a matrix at every step."""
    x = net.input("x", [1, 5, 16])
    a = net.node("Relu", [net.node("Conv", [x, _weights(net, 6, 5, 3)], pads=[1, 1])])
    b = net.node("Transpose", [a], perm=[0, 2, 1])
    c = net.node("Add", [net.node("MatMul", [b, _weights(net, 6, 7)]), _vector(net, 7)])
    return net.node("Softmax", [c], axis=2)


def _shapes(net: OnnxModel) -> str:
    """A Flatten as PyTorch wrote it: Shape, Gather, Unsqueeze, Concat, Reshape."""
    x = net.input("x", ["N", 2, 4, 4])
    a = net.node("Relu", [net.node("Conv", [x, _weights(net, 3, 2, 3, 3)])])
    first = net.node("Gather", [net.node("Shape", [a]), net.constant(0, np.int64)], axis=0)
    first = net.node("Unsqueeze", [first, net.constant([0], np.int64)])
    shape = net.node("Concat", [first, net.constant([-1], np.int64)], axis=0)
    flat = net.node("Reshape", [a, shape])
    gemm = net.node(
        "Gemm", [flat, _weights(net, 5, 12), _vector(net, 5)], transB=1, alpha=0.5, beta=2.0
    )
    return net.node("Identity", [net.node("Dropout", [gemm])])


def _normalised(net: OnnxModel) -> str:
    """(x - mean) / std in the network."""
    x = net.input("x", [1, 3, 6, 6])
    mean = net.constant(_RNG.normal(0, 0.3, (1, 3, 1, 1)), np.float32)
    deviation = net.constant(_RNG.uniform(0.5, 1.5, (1, 3, 1, 1)), np.float32)
    a = net.node("Mul", [net.node("Sub", [x, mean]), deviation])
    return net.node("Tanh", [net.node("Conv", [a, _weights(net, 4, 3, 3, 3)])])


def _resized(net: OnnxModel) -> str:
    x = net.input("x", [1, 2, 5, 5])
    a = net.node("LeakyRelu", [net.node("Conv", [x, _weights(net, 4, 2, 2, 2)])], alpha=0.1)
    scales = net.constant([1, 1, 2, 2], np.float32)
    b = net.node("Resize", [a, "", scales], mode="nearest", nearest_mode="floor",
                 coordinate_transformation_mode="asymmetric")  # fmt: skip
    c = net.node("Pad", [b, net.constant([0, 0, 1, 1, 0, 0, 1, 1], np.int64)])
    return net.node("AveragePool", [c], kernel_shape=[2, 2], strides=[2, 2])


NETWORKS: dict[str, tuple[Callable[[OnnxModel], str], int]] = {
    "batch_norm": (_with_batch_norm, 11),
    "branches": (_branches, 13),
    "hard_swish": (_mobile, 12),
    "gated": (_gated, 13),
    "sequence": (_sequence, 15),
    "shapes": (_shapes, 13),
    "normalised": (_normalised, 17),
    "resized": (_resized, 18),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_c_of_a_float_network_is_close_to_it(name: str, tmp_path: Path) -> None:
    make, opset = NETWORKS[name]
    net = OnnxModel(opset)
    y = make(net)
    net.output(y)
    path = net.save(tmp_path)
    session = Session(path, None)
    ((given, _),) = session.inputs.items()
    shape = [int(extent) for extent in _input_shape(net)]
    x = np.random.default_rng(0).normal(0, 1, (40, *shape)).astype(np.float32)
    network = build(path, calibration=x, observer="mse")
    (found,) = network.run(x).values()
    interface = network.compiled.interface
    real = real_values(found, interface.tensors[interface.outputs[0]].type)
    wanted = np.concatenate([session.run({given: one[np.newaxis]}, [y])[y] for one in x])
    noise = ((real.reshape(wanted.shape) - wanted) ** 2).sum()
    assert 10 * np.log10((wanted**2).sum() / noise) > 25


def _input_shape(net: OnnxModel) -> list[int]:
    return [dim.dim_value for dim in net.inputs[0].type.tensor_type.shape.dim][1:]
