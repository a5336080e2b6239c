"""Small float networks of the kinds that people train, as exporters write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from onnx_models import OnnxModel


class FloatNetwork(OnnxModel):
    """A float model under construction with drawn weights; methods name the values they make."""

    def __init__(self, opset: int = 13, seed: int = 0) -> None:
        super().__init__(opset)
        self.rng = np.random.default_rng(seed)

    def floats(self, *values: float) -> str:
        """A scalar, or a vector of several values."""
        return self.constant(values if len(values) > 1 else values[0], np.float32)

    def integers(self, *values: int) -> str:
        """A vector of int64, as shapes and axes are."""
        return self.constant(values, np.int64)

    def drawn(self, *shape: int, gain: float = 1.5) -> str:
        """Weights."""
        fan = int(np.prod(shape[1:])) or 1
        return self.constant(self.rng.normal(0, gain / np.sqrt(fan), shape), np.float32)

    def layer(self, x: str, *shape: int, **attributes: object) -> str:
        """Conv with a bias; `shape` is that of its weights."""
        bias = self.constant(self.rng.normal(0, 0.2, shape[0]), np.float32)
        return self.node("Conv", [x, self.drawn(*shape), bias], **attributes)

    def normalized(self, x: str, count: int) -> str:
        """BatchNormalization."""
        draws = ((0.5, 2), (-0.5, 0.5), (-0.5, 0.5), (0.5, 2))
        operands = [self.constant(self.rng.uniform(*ends, count), np.float32) for ends in draws]
        return self.node("BatchNormalization", [x, *operands])

    def dense(self, x: str, inputs: int, outputs: int) -> str:
        """Gemm with a bias."""
        bias = self.constant(self.rng.normal(0, 0.2, outputs), np.float32)
        return self.node("Gemm", [x, self.drawn(outputs, inputs), bias], transB=1)


def _mobile(net: FloatNetwork) -> str:
    """MobileNet v3: inverted bottleneck, squeeze and excite, hard swish."""
    x = net.input("x", [1, 3, 12, 12])
    a = net.normalized(net.layer(x, 8, 3, 3, 3, strides=[2, 2], pads=[1, 1, 1, 1]), 8)
    a = net.node("HardSwish", [a])
    b = net.node("HardSwish", [net.layer(a, 16, 8, 1, 1)])
    b = net.node("Relu", [net.layer(b, 16, 1, 3, 3, group=16, pads=[1, 1, 1, 1])])
    s = net.node("GlobalAveragePool", [b])
    s = net.node("Relu", [net.layer(s, 4, 16, 1, 1)])
    s = net.node("HardSigmoid", [net.layer(s, 16, 4, 1, 1)], alpha=1 / 6)
    c = net.layer(net.node("Mul", [b, s]), 8, 16, 1, 1)
    d = net.node("Flatten", [net.node("GlobalAveragePool", [net.node("Add", [a, c])])])
    return net.node("Softmax", [net.dense(d, 8, 5)])


def _residual(net: FloatNetwork) -> str:
    """ResNet: shortcut by a 1x1 convolution, MatMul and Add at the end."""
    x = net.input("x", [1, 3, 9, 9])
    a = net.node("Relu", [net.normalized(net.layer(x, 6, 3, 3, 3, auto_pad="SAME_UPPER"), 6)])
    b = net.node("Relu", [net.layer(a, 8, 6, 3, 3, strides=[2, 2], pads=[1, 1, 1, 1])])
    b = net.layer(b, 8, 8, 3, 3, pads=[1, 1, 1, 1])
    c = net.node("Relu", [net.node("Add", [b, net.layer(a, 8, 6, 1, 1, strides=[2, 2])])])
    d = net.node("AveragePool", [c], kernel_shape=[5, 5])
    d = net.node("Reshape", [d, net.integers(-1, 8)])
    return net.node("Add", [net.node("MatMul", [d, net.drawn(8, 4)]), net.drawn(4)])


def _inception(net: FloatNetwork) -> str:
    """Branches of all kinds into a Concat."""
    x = net.input("x", [1, 4, 8, 8])
    a = net.node("LeakyRelu", [net.layer(x, 4, 4, 1, 1)], alpha=0.1)
    b = net.node("Sigmoid", [net.layer(x, 4, 4, 3, 3, pads=[1, 1, 1, 1])])
    c = net.node("MaxPool", [a], kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    d = net.node("AveragePool", [x], kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)
    e = net.node("Concat", [a, b, c, d], axis=1)
    f = net.node("Tanh", [net.layer(e, 6, 16, 1, 1)])
    return net.node("MaxPool", [f], kernel_shape=[2, 2], strides=[2, 2])


def _encoder(net: FloatNetwork) -> str:
    """U-Net: down, up, joined with a Slice of what was before."""
    x = net.input("x", [1, 2, 8, 10])
    a = net.node("Relu", [net.layer(x, 4, 2, 3, 3, pads=[1, 1, 1, 1])])
    b = net.node("Relu", [net.layer(a, 8, 4, 3, 3, strides=[2, 2], pads=[1, 1, 1, 1])])
    up = [b, "", net.floats(1, 1, 2, 2)]
    settings = {"mode": "nearest", "nearest_mode": "floor"}
    c = net.node("Resize", up, coordinate_transformation_mode="asymmetric", **settings)
    d = net.node("Concat", [c, a], axis=1)
    d = net.node("Pad", [d, net.integers(0, 0, 1, 0, 0, 0, 0, 1)])
    ranges = [net.integers(n, m) for n, m in ((1, 0), (9, 10), (2, 3))]
    d = net.node("Slice", [d, *ranges])
    return net.node("Sigmoid", [net.layer(d, 1, 12, 1, 1)])


def _shuffle(net: FloatNetwork) -> str:
    """ShuffleNet: halves, grouped convolutions, channels shuffled by Reshape and Transpose."""
    x = net.input("x", [1, 4, 6, 6])
    a = net.node("Relu", [net.layer(x, 8, 4, 1, 1)])
    halves = ["left", "right"]
    parts = [a] if net.opset < 13 else [a, net.integers(4, 4)]
    net.node("Split", parts, halves, axis=1, **({"split": [4, 4]} if net.opset < 13 else {}))
    b = net.node("Relu", [net.layer("right", 4, 2, 3, 3, group=2, pads=[1, 1, 1, 1])])
    c = net.node("Concat", ["left", b], axis=1)
    c = net.node("Reshape", [c, net.integers(1, 2, 4, 6, 6)])
    c = net.node(
        "Reshape", [net.node("Transpose", [c], perm=[0, 2, 1, 3, 4]), net.integers(1, 8, 6, 6)]
    )
    return net.layer(c, 3, 8, 3, 3, dilations=[2, 2])


def _sequence(net: FloatNetwork) -> str:
    """A convolution over time, then a product with a matrix at every step."""
    x = net.input("x", [1, 5, 16])
    a = net.node("Relu", [net.layer(x, 6, 5, 3, pads=[1, 1])])
    b = net.node("Transpose", [a], perm=[0, 2, 1])
    c = net.node("Add", [net.node("MatMul", [b, net.drawn(6, 7)]), net.drawn(7)])
    return net.node("Softmax", [c], axis=2)


def _autoencoder(net: FloatNetwork) -> str:
    """Fully connected layers."""
    x = net.input("x", [1, 20])
    a = net.node("Relu", [net.dense(x, 20, 12)])
    b = net.node("Elu", [net.dense(a, 12, 4)])
    return net.dense(net.node("Relu", [net.dense(b, 4, 12)]), 12, 20)


def _reduced(net: FloatNetwork) -> str:
    """Means and maxima in place of pooling, Squeeze and Unsqueeze around a 1-D convolution."""
    x = net.input("x", [1, 3, 7, 6])
    a = net.node("Clip", [net.layer(x, 6, 3, 3, 3), net.floats(0.0), net.floats(6.0)])
    mean = net.node("ReduceMean", [a], axes=[2, 3], keepdims=1)
    most = net.node("GlobalMaxPool", [a])
    b = net.node("Sub", [most, mean])
    b = net.node("Squeeze", [b, net.integers(3)])
    b = net.layer(b, 4, 6, 1)
    return net.node("ReduceMean", [net.node("Relu", [b])], axes=[2], keepdims=0)


def _recalibrated(net: FloatNetwork) -> str:
    """SiLU written out, products and differences, a PReLU per channel, GELU written out."""
    x = net.input("x", [1, 4, 6, 6])
    a = net.layer(x, 6, 4, 3, 3)
    b = net.node("Mul", [a, net.node("Sigmoid", [a])])
    slopes = net.constant(net.rng.uniform(0.05, 0.3, (6, 1, 1)), np.float32)
    c = net.node("PRelu", [net.layer(b, 6, 6, 1, 1), slopes])
    d = net.layer(net.node("Sub", [b, c]), 5, 6, 1, 1)
    e = net.node("Erf", [net.node("Div", [d, net.floats(2**0.5)])])
    f = net.node("Mul", [d, net.node("Add", [e, net.floats(1.0)])])
    return net.node("Mul", [f, net.floats(0.5)])


def _turned(net: FloatNetwork) -> str:
    """As tf2onnx writes it: NHWC outside, a Transpose at either end, MatMul and Add."""
    x = net.input("x", ["unk__1", 8, 8, 3])
    a = net.node("Transpose", [x], perm=[0, 3, 1, 2])
    a = net.node(
        "Clip",
        [
            net.layer(a, 6, 3, 3, 3, strides=[2, 2], pads=[0, 0, 1, 1]),
            net.floats(0.0),
            net.floats(6.0),
        ],
    )
    a = net.node("Pad", [a, net.integers(0, 0, 1, 1, 0, 0, 1, 1)])
    a = net.node("Relu", [net.layer(a, 6, 1, 3, 3, group=6)])
    b = net.node("Transpose", [a], perm=[0, 2, 3, 1])
    c = net.node("Reshape", [b, net.integers(-1, 96)])
    d = net.node("Add", [net.node("MatMul", [c, net.drawn(96, 4)]), net.drawn(4)])
    return net.node("Softmax", [d], axis=1)


def _function(op: str, net: FloatNetwork, **attributes: object) -> str:
    """Two layers with a function between them."""
    x = net.input("x", [1, 3, 6, 6])
    a = net.layer(x, 6, 3, 3, 3)
    positive = op in ("Log", "Sqrt", "Reciprocal")
    if positive:
        a = net.node("Add", [net.node("Sigmoid", [a]), net.floats(0.5)])
    return net.layer(net.node(op, [a], **attributes), 4, 6, 3, 3)


NETWORKS: Mapping[str, Callable[[FloatNetwork], str]] = {
    one.__name__.removeprefix("_"): one
    for one in (_mobile, _residual, _inception, _encoder, _shuffle, _sequence, _autoencoder,
                _reduced, _recalibrated, _turned)
}  # fmt: skip
_FUNCTION_NAMES = (
    "Abs Cos Elu Erf Exp Gelu HardSigmoid HardSwish LeakyRelu Log Mish Neg Reciprocal "
    "Selu Sigmoid Sin Softplus Softsign Sqrt Tanh ThresholdedRelu"
)
FUNCTIONS: Mapping[str, Callable[[FloatNetwork], str]] = {
    op: partial(_function, op) for op in _FUNCTION_NAMES.split()
}
OPSETS: Mapping[str, int] = {"mobile": 14, "Gelu": 20, "HardSwish": 14, "Mish": 18}
"""The operator sets that some need; 13 does for the others."""
