"""Random quantised networks as exporters write them: NCHW, QDQ, branches, odd sizes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from onnx_models import OnnxModel


@dataclass(frozen=True)
class Value:
    """A dequantised value of the network under construction."""

    name: str
    scale: float
    zero: int
    shape: tuple[int, int, int, int]


class RandomNetwork:
    """Grows a network layer by layer; every random choice comes from the seed."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.net = OnnxModel(opset=int(self.rng.choice([13, 17, 21])))
        self.dtype: type = np.uint8 if self.rng.random() < 0.3 else np.int8
        self.values: list[Value] = []

    def build(self, layers: int) -> OnnxModel:
        """A network of about so many operators, with one or two outputs."""
        shape = (1, *(int(v) for v in self.rng.integers(1, [7, 12, 12])))
        x = self.net.input("x", shape)
        self._quantized(x, 0.05, shape)
        for _ in range(layers):
            layer = self.rng.choice(LAYERS)
            layer(self)
        for index, value in enumerate(self._leaves()):
            if index == 0 and self.rng.random() < 0.5:
                value = self._head(value)
            self.net.output(value.name, None)
        return self.net

    def _leaves(self) -> list[Value]:
        """The last value, and sometimes an earlier one."""
        last = self.values[-1]
        if len(self.values) > 3 and self.rng.random() < 0.3:
            return [last, self.values[-3]]
        return [last]

    def pick(self) -> Value:
        """A value to go on from; mostly the newest."""
        if self.rng.random() < 0.75:
            return self.values[-1]
        return self.values[int(self.rng.integers(len(self.values)))]

    def _quantized(self, name: str, scale: float, shape: tuple[int, ...]) -> Value:
        zero = int(self.rng.choice([-128, 0, int(self.rng.integers(-100, 100))]))
        stored = zero + 128 if self.dtype is np.uint8 else zero
        scale = float(np.float32(scale))
        value = Value(self.net.qdq(name, scale, stored, self.dtype), scale, zero, shape)  # type: ignore[arg-type]
        self.values.append(value)
        return value

    def conv(self) -> None:
        """Conv of any kind, sometimes with Relu or Clip."""
        x = self.pick()
        channels, height, width = x.shape[1:]
        kind = self.rng.choice(["dense", "depthwise", "grouped", "pointwise"])
        groups = channels if kind == "depthwise" else 1
        if kind == "grouped" and channels % 2 == 0:
            groups = 2
        out = groups * int(self.rng.integers(1, 4 if groups > 1 else 9))
        kernel = (1, 1) if kind == "pointwise" else tuple(self.rng.integers(1, 5, 2).tolist())
        strides = self.rng.integers(1, 3, 2).tolist()
        dilations = self.rng.integers(1, 3, 2).tolist() if self.rng.random() < 0.3 else [1, 1]
        pads = self.rng.integers(0, 3, 4).tolist()
        reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
        if height + pads[0] + pads[2] < reach[0] or width + pads[1] + pads[3] < reach[1]:
            return
        attributes = {"strides": strides, "dilations": dilations, "pads": pads, "group": groups}
        shape = (out, channels // groups, *kernel)
        name = self.net.conv(x.name, x.scale, shape, self.rng, **attributes)
        name = self._activated(name)
        size = [
            (extent + before + after - r) // s + 1
            for extent, before, after, r, s in zip(
                (height, width), pads[:2], pads[2:], reach, strides, strict=True
            )
        ]
        fan_in = int(np.prod(shape[1:]))
        scale = 0.011 * x.scale * 73 * 74 * np.sqrt(fan_in) / 60 * self.rng.uniform(0.5, 2)
        self._quantized(name, scale, (1, out, *size))

    def _activated(self, name: str) -> str:
        drawn = self.rng.random()
        if drawn < 0.4:
            return self.net.node("Relu", [name])
        if drawn < 0.55:
            low, high = self.net.constant(0.0, np.float32), self.net.constant(6.0, np.float32)
            return self.net.node("Clip", [name, low, high])
        return name

    def add(self) -> None:
        """Add, Sub or Mul of two values, or with a constant."""
        x = self.pick()
        same = [v for v in self.values if v.shape == x.shape]
        op = str(self.rng.choice(["Add", "Sub", "Mul"]))
        drawn = self.rng.random()
        if drawn < 0.6:
            other = same[int(self.rng.integers(len(same)))].name
        elif drawn < 0.8:
            other = self.net.constant(self.rng.normal(0, 1, (1, x.shape[1], 1, 1)), np.float32)
        else:
            other = self.net.constant(float(self.rng.normal()), np.float32)
        operands = [x.name, other] if self.rng.random() < 0.7 else [other, x.name]
        scale = x.scale * (2 if op != "Mul" else self.rng.uniform(0.5, 30))
        self._quantized(self._activated(self.net.node(op, operands)), scale, x.shape)

    def gate(self) -> None:
        """Squeeze and excite: a value times a gate per channel."""
        x = self.pick()
        mean = self.net.node("GlobalAveragePool", [x.name])
        pooled = self._quantized(mean, x.scale, (1, x.shape[1], 1, 1))
        shape = (x.shape[1], x.shape[1], 1, 1)
        dense = self.net.conv(pooled.name, pooled.scale, shape, self.rng)
        hidden = self._quantized(dense, 0.05, pooled.shape)
        gate = self._quantized(self.net.node("Sigmoid", [hidden.name]), 1 / 256, pooled.shape)
        operands = [x.name, gate.name] if self.rng.random() < 0.5 else [gate.name, x.name]
        self._quantized(self.net.node("Mul", operands), x.scale, x.shape)

    def pool(self) -> None:
        """MaxPool or AveragePool with padding."""
        x = self.pick()
        kernel = self.rng.integers(1, 4, 2).tolist()
        if x.shape[2] < kernel[0] or x.shape[3] < kernel[1]:
            return
        strides = self.rng.integers(1, 3, 2).tolist()
        pads = [int(self.rng.integers(0, k)) for k in (*kernel, *kernel)]
        attributes: dict[str, object] = {"kernel_shape": kernel, "strides": strides, "pads": pads}
        op = str(self.rng.choice(["MaxPool", "AveragePool"]))
        if op == "AveragePool":
            attributes["count_include_pad"] = int(self.rng.integers(2))
        size = [
            (extent + before + after - k) // s + 1
            for extent, before, after, k, s in zip(
                x.shape[2:], pads[:2], pads[2:], kernel, strides, strict=True
            )
        ]
        name = self.net.node(op, [x.name], **attributes)
        self._quantized(name, x.scale, (1, x.shape[1], *size))

    def unary(self) -> None:
        """An activation function."""
        x = self.pick()
        op = str(self.rng.choice(["Sigmoid", "Tanh", "Relu", "LeakyRelu"]))
        scale = 1 / 128 if op in ("Sigmoid", "Tanh") else x.scale
        self._quantized(self.net.node(op, [x.name]), scale, x.shape)

    def concat(self) -> None:
        """Concat along the channels of values with one map size."""
        x = self.pick()
        same = [v for v in self.values if v.shape[2:] == x.shape[2:]]
        others = [same[int(i)] for i in self.rng.integers(0, len(same), 2)]
        parts = [x, *others]
        channels = sum(v.shape[1] for v in parts)
        if channels > 24:
            return
        name = self.net.node("Concat", [v.name for v in parts], axis=1)
        self._quantized(name, max(v.scale for v in parts), (1, channels, *x.shape[2:]))

    def pad(self) -> None:
        """Pad with zeros."""
        x = self.pick()
        amounts = self.rng.integers(0, 3, 4).tolist()
        pads = self.net.constant([0, 0, *amounts[:2], 0, 0, *amounts[2:]], np.int64)
        name = self.net.node("Pad", [x.name, pads])
        height, width = x.shape[2] + amounts[0] + amounts[2], x.shape[3] + amounts[1] + amounts[3]
        self._quantized(name, x.scale, (1, x.shape[1], height, width))

    def resize(self) -> None:
        """Nearest-neighbour enlargement by whole factors."""
        x = self.pick()
        if x.shape[2] * x.shape[3] > 100:
            return
        factors = self.rng.integers(1, 3, 2).tolist()
        scales = self.net.constant([1, 1, *factors], np.float32)
        attributes = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric"}
        name = self.net.node("Resize", [x.name, "", scales], nearest_mode="floor", **attributes)
        height, width = x.shape[2] * factors[0], x.shape[3] * factors[1]
        self._quantized(name, x.scale, (1, x.shape[1], height, width))

    def _head(self, x: Value) -> Value:
        """Flatten, Gemm and sometimes Softmax."""
        size = int(np.prod(x.shape))
        flat = self.net.node("Flatten", [x.name])
        classes = int(self.rng.integers(1, 12))
        weights = self.rng.integers(-127, 128, (classes, size)).astype(np.int8)
        w = self.net.weights(weights, self.rng.uniform(0.002, 0.02, classes).tolist())
        dense = self.net.node("Gemm", [flat, w], transB=1)
        scale = 0.8 * x.scale * np.sqrt(size)
        logits = self._quantized(dense, scale, (1, classes, 1, 1))
        if self.rng.random() < 0.5:
            return logits
        return self._quantized(self.net.node("Softmax", [logits.name]), 1 / 256, (1, classes, 1, 1))


LAYERS = [
    *[RandomNetwork.conv] * 5,
    *[RandomNetwork.add] * 2,
    RandomNetwork.gate,
    RandomNetwork.pool,
    RandomNetwork.unary,
    RandomNetwork.concat,
    RandomNetwork.pad,
    RandomNetwork.resize,
]
