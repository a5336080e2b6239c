"""Learned rounding: the rows of a layer are what it multiplies, and the result errs less."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx_models import OnnxModel
from small_models import conv_net, samples

from tinycc.frontend.onnx_network import OnnxNetwork, read_onnx_network
from tinycc.interp.original import Session
from tinycc.progress import silent
from tinycc.quantize.assemble import rounded_parameters
from tinycc.quantize.patches import input_rows, rows_of, weight_rows, weights_of
from tinycc.quantize.places import Grid, places
from tinycc.quantize.prepare import layers, prepared
from tinycc.quantize.rounding import Moments, learned, solved
from tinycc.quantize.simulation import Simulation, Trial

CASES: dict[str, dict[str, object]] = {
    "plain": {},
    "padded": {"pads": [1, 2, 0, 1], "strides": [2, 1]},
    "dilated": {"dilations": [2, 1], "group": 2},
    "depthwise": {"group": 4, "auto_pad": "SAME_UPPER", "strides": [2, 2]},
}


def _conv(folder: Path, attributes: dict[str, object]) -> tuple[Path, OnnxNetwork]:
    generator = np.random.default_rng(4)
    net = OnnxModel()
    group = int(str(attributes.get("group", 1)))
    weights = net.constant(generator.normal(0, 1, (8, 4 // group, 3, 3)), np.float32)
    bias = net.constant(generator.normal(0, 1, 8), np.float32)
    net.output(net.node("Conv", [net.input("x", [1, 4, 9, 7]), weights, bias], "y", **attributes))
    path = net.save(folder)
    return path, prepared(read_onnx_network(path))


@pytest.mark.parametrize("name", CASES)
def test_rows_times_weights_are_the_layer(name: str, tmp_path: Path) -> None:
    path, network = _conv(tmp_path, CASES[name])
    (layer,) = layers(network)
    x = np.random.default_rng(0).normal(0, 1, (3, 1, 4, 9, 7)).astype(np.float32)
    session = Session(path, None)
    sums = np.stack([session.run({"x": one}, ["y"])["y"] for one in x])
    rows, results = input_rows(network, layer, x, sums)
    weights = weight_rows(network, layer)
    bias = network.constants[layer.bias].reshape(layer.groups, 1, -1)
    np.testing.assert_allclose(rows @ weights + bias, results, atol=1e-4)
    original = network.constants[layer.weights]
    shape = original.shape
    np.testing.assert_array_equal(weights_of(layer, rows_of(layer, original), shape), original)


def test_learned_weights_err_less_than_nearest_ones() -> None:
    generator = np.random.default_rng(2)
    mixed = generator.normal(0, 1, (24, 24))
    x = (generator.normal(0, 1, (1, 4000, 24)) @ mixed) + 1
    exact = generator.normal(0, 1, (1, 24, 6))
    y = x @ exact + 0.5
    moments = Moments(
        0, np.zeros((1, 24)), np.zeros((1, 6)), np.zeros((1, 24, 24)), np.zeros((1, 24, 6))
    ).plus(x[:, :2000], y[:, :2000])
    scales = np.abs(exact).max(axis=1, keepdims=True) / 7  # coarse: 4 bits
    steps, found, bias = solved(exact, moments, scales)
    nearest = np.rint(exact / scales) * scales
    ours = x[:, 2000:] @ (steps * found) + bias - y[:, 2000:]
    theirs = x[:, 2000:] @ nearest + 0.5 - y[:, 2000:]
    assert (ours**2).mean() < 0.5 * (theirs**2).mean()
    assert np.abs(steps).max() <= 127 and np.array_equal(steps, np.rint(steps))


def test_layers_that_learning_does_not_help_stay_as_they_were(tmp_path: Path) -> None:
    """Learned from samples that have nothing to do with those that judge."""
    network = prepared(read_onnx_network(conv_net(tmp_path)))
    judge = Trial.of(network, [{"x": samples(24)[:, np.newaxis]}])
    cuts = places(network)
    grids = {name: Grid(0.05, 0) for name in cuts.leaders}
    parameters = rounded_parameters(network, cuts, {**cuts.fixed, **grids})
    before = Simulation(judge, cuts, parameters).error({})
    for scale, seed in ((1.0, 1), (1e-3, 2), (50.0, 3)):
        other = [{"x": scale * samples(4, seed=seed)[:, np.newaxis]}]
        found = learned(judge, cuts, parameters, lambda batches=other: batches, silent)
        assert Simulation(judge, cuts, found).error({}) <= before
