"""Inverted bottlenecks with squeeze and excite, as MobileNetV3 and MCUNetV2 have them."""

from __future__ import annotations

import numpy as np
from onnx_models import OnnxModel
from random_networks import RandomNetwork, Value


class GatedNetwork(RandomNetwork):
    """Blocks of expansion, depthwise, gate, projection and residual; `size`: of the image."""

    def network(self, size: int, blocks: int) -> OnnxModel:
        """A network with an image of `size` x `size` x 3 and one vector of outputs."""
        x = self.net.input("x", (1, 3, size, size))
        self._quantized(x, 0.05, (1, 3, size, size))
        value = self._conv(self.values[-1], 8, 3, 2)
        for index in range(blocks):
            value = self._bottleneck(value, 8 + 8 * (index // 2), 1 + (index % 2))
        mean = self.net.node("GlobalAveragePool", [value.name])
        pooled = self._quantized(mean, value.scale, (1, value.shape[1], 1, 1))
        self.net.output(self._conv(pooled, 5, 1, 1).name, None)
        return self.net

    def _bottleneck(self, x: Value, channels: int, stride: int) -> Value:
        inner = 4 * x.shape[1]
        value = self._conv(x, inner, 1, 1)
        if self.rng.random() < 0.5:
            name = self.net.node("Sigmoid", [value.name])
            value = self._quantized(name, 1 / 256, value.shape)
        value = self._conv(value, inner, int(self.rng.choice([3, 5])), stride, inner)
        value = self._conv(self._excited(value), channels, 1, 1)
        if value.shape != x.shape:
            return value
        return self._quantized(self.net.node("Add", [x.name, value.name]), value.scale, x.shape)

    def _excited(self, x: Value) -> Value:
        mean = self.net.node("GlobalAveragePool", [x.name])
        pooled = self._quantized(mean, x.scale, (1, x.shape[1], 1, 1))
        hidden = self._conv(self._conv(pooled, x.shape[1] // 4, 1, 1), x.shape[1], 1, 1)
        gate = self._quantized(self.net.node("Sigmoid", [hidden.name]), 1 / 256, pooled.shape)
        return self._quantized(self.net.node("Mul", [x.name, gate.name]), x.scale, x.shape)

    def _conv(self, x: Value, channels: int, kernel: int, stride: int, groups: int = 1) -> Value:
        pad = kernel // 2
        shape = (channels, x.shape[1] // groups, kernel, kernel)
        name = self.net.conv(
            x.name, x.scale, shape, self.rng, strides=[stride] * 2, pads=[pad] * 4, group=groups
        )
        if self.rng.random() < 0.5:
            name = self.net.node("Relu", [name])
        height, width = ((extent - 1) // stride + 1 for extent in x.shape[2:])
        scale = 0.011 * x.scale * 90 * np.sqrt(np.prod(shape[1:]))
        return self._quantized(name, scale, (1, channels, height, width))
