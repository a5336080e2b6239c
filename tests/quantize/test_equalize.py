"""Equalised networks compute the same function."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx_models import OnnxModel

from tinycc.frontend.onnx_network import onnx_bytes, read_onnx_network
from tinycc.interp.original import Session
from tinycc.quantize.data import open_calibration
from tinycc.quantize.equalize import equalized, largest_values, pairs
from tinycc.quantize.prepare import prepared


def _separable(folder: Path, groups: int) -> Path:
    """Conv 1x1 > Relu > Conv 3x3 of some groups > Relu > MaxPool > Conv 1x1."""
    generator = np.random.default_rng(groups)
    net = OnnxModel()
    spread = 10.0 ** generator.uniform(-3, 1, (8, 1, 1, 1))
    spread[3] = 0.0  # a dead channel
    first = net.constant(generator.normal(0, 1, (8, 4, 1, 1)) * spread, np.float32)
    a = net.node("Relu", [net.node("Conv", [net.input("x", [1, 4, 6, 6]), first])])
    second = net.constant(generator.normal(0, 1, (16, 8 // groups, 3, 3)), np.float32)
    b = net.node("Relu", [net.node("Conv", [a, second], group=groups)])
    c = net.node("MaxPool", [b], kernel_shape=[2, 2])
    third = net.constant(generator.normal(0, 1, (5, 16, 1, 1)), np.float32)
    net.output(net.node("Conv", [c, third], "y"), [1, 5, 3, 3])
    return net.save(folder)


@pytest.mark.parametrize("groups", [1, 2, 8])
def test_the_function_stays_the_same(groups: int, tmp_path: Path) -> None:
    network = prepared(read_onnx_network(_separable(tmp_path, groups)))
    x = np.random.default_rng(0).normal(0, 1, (6, 4, 6, 6)).astype(np.float32)
    data = open_calibration(x, network.inputs)
    between = [pair.between for pair in pairs(network)]
    assert len(between) == 2
    before = largest_values(network, between, data.batches(4))
    even = equalized(network, before)
    after = largest_values(even, between, data.batches(4))
    plain, other = Session(onnx_bytes(network), None), Session(onnx_bytes(even), None)
    for one in x:
        wanted, found = (s.run({"x": one[None]}, ["y"])["y"] for s in (plain, other))
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())
    if groups == 8:
        alive = before[between[0]] > 0
        low, high = after[between[0]][alive].min(), after[between[0]][alive].max()
        assert high < before[between[0]].max() * 1.001
        assert high / low < before[between[0]][alive].max() / before[between[0]][alive].min()
