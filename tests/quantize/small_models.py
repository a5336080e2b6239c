"""Small float networks for the quantiser's tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from onnx_models import OnnxModel


def conv_net(folder: Path, **weights: np.ndarray) -> Path:
    """Conv > Relu > Conv > GlobalAveragePool > Flatten > Gemm > Softmax on 1x3x8x8.

    `first`, `bias` and `last` replace the weights of the first Conv, its bias and the Gemm's.
    """
    generator = np.random.default_rng(1)
    net = OnnxModel()
    x = net.input("x", [1, 3, 8, 8])
    first = weights.get("first", generator.normal(0, 0.4, (6, 3, 3, 3)))
    bias = weights.get("bias", generator.normal(0, 0.2, 6))
    a = net.node("Conv", [x, net.constant(first, np.float32), net.constant(bias, np.float32)])
    b = net.node("Relu", [a], "middle")
    second = net.constant(generator.normal(0, 0.3, (8, 6, 3, 3)), np.float32)
    c = net.node("Relu", [net.node("Conv", [b, second], pads=[1, 1, 1, 1])])
    pooled = net.node("Flatten", [net.node("GlobalAveragePool", [c])])
    last = weights.get("last", generator.normal(0, 1.0, (8, 4)))
    scores = net.node("Gemm", [pooled, net.constant(last, np.float32)], "scores")
    net.output(net.node("Softmax", [scores], "y", axis=1), [1, 4])
    return net.save(folder)


def samples(count: int, shape: tuple[int, ...] = (3, 8, 8), seed: int = 0) -> np.ndarray:
    """Normal float32 samples."""
    return np.random.default_rng(seed).normal(0, 1, (count, *shape)).astype(np.float32)
