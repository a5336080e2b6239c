"""Small random networks whose steps can run in many orders."""

from __future__ import annotations

import numpy as np
from onnx_models import OnnxModel
from random_networks import RandomNetwork, Value


class BranchedNetwork(RandomNetwork):
    """Convolutions and additions on any of the last four values; what nobody reads is an output."""

    def build(self, layers: int) -> OnnxModel:
        """A network of about so many steps."""
        shape = (1, *(int(v) for v in self.rng.integers([1, 4, 4], [9, 14, 14])))
        self._quantized(self.net.input("x", shape), 0.05, shape)
        for _ in range(layers):
            x = self.values[int(self.rng.integers(max(0, len(self.values) - 4), len(self.values)))]
            same = [value for value in self.values if value.shape == x.shape and value is not x]
            if self.rng.random() < 0.35 and same:
                other = same[int(self.rng.integers(len(same)))]
                self._quantized(self.net.node("Add", [x.name, other.name]), x.scale * 2, x.shape)
            else:
                self._convolution(x)
        read = {name for node in self.net.nodes for name in node.input}
        for value in self.values:
            if value.name not in read:
                self.net.output(value.name)
        return self.net

    def _convolution(self, x: Value) -> None:
        channels, height, width = x.shape[1:]
        kind = self.rng.choice(["pointwise", "dense", "depthwise", "strided"])
        size = 1 if kind == "pointwise" else 3
        stride = 2 if kind == "strided" and min(height, width) > 3 else 1
        groups = channels if kind == "depthwise" else 1
        out = channels if kind == "depthwise" else int(self.rng.choice([channels, 4, 8, 16]))
        attributes = {"pads": [size // 2] * 4, "strides": [stride, stride], "group": groups}
        weights = (out, channels // groups, size, size)
        name = self.net.conv(x.name, x.scale, weights, self.rng, **attributes)
        extents = [(extent + 2 * (size // 2) - size) // stride + 1 for extent in (height, width)]
        self._quantized(name, x.scale * 3, (1, out, *extents))


def branched(seed: int) -> OnnxModel:
    """A network of mostly 4 to 8 steps."""
    return BranchedNetwork(seed).build(int(np.random.default_rng(seed).integers(3, 6)))
