"""Cross-layer equalisation: channels of one tensor brought to like ranges, for nothing.

    y = W2 relu(W1 x + b)   =   (W2 / s) relu(s W1 x + s b)      for s > 0 per channel

A tensor has one scale, so that a channel of small values keeps few of its 256 levels. Where the
next layer is depthwise, its weights have a scale per channel anyway and all channels are brought
to one range. Elsewhere half of the way (in logarithms) is left to the weights of the next layer,
whose inputs share a scale per output (after Nagel et al., Data-free quantization, 2019, with the
range of activations, not of weights, on the first side: weights have scales per channel here).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from tinycc.frontend.onnx_network import OnnxNetwork
from tinycc.quantize.prepare import Layer, layers
from tinycc.quantize.runner import Batch, Runner

# Operators that give s * y where they get s * x, s > 0 per channel.
_HOMOGENEOUS = frozenset(
    {"Relu", "LeakyRelu", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"}
)
_MOST = 64.0  # factor between channels: beyond it float32 sums and dead channels suffer


@dataclass(frozen=True)
class Pair:
    """Two layers with nothing between them that mixes channels; `between` is what is read."""

    first: Layer
    second: Layer
    between: str


def pairs(network: OnnxNetwork) -> tuple[Pair, ...]:
    """All pairs whose tensors between them are read by nobody else."""
    found = layers(network)
    by_node = {id(layer.node): layer for layer in found}
    made = []
    for layer in found:
        name, node = layer.sum, network.only_reader(layer.sum)
        while node is not None and node.op_type in _HOMOGENEOUS:
            name = node.outputs[0]
            node = network.only_reader(name)
        second = by_node.get(id(node)) if node is not None else None
        if second is not None and second.node.inputs[0] == name and _matches(layer, second):
            made.append(Pair(layer, second, name))
    return tuple(made)


def _matches(first: Layer, second: Layer) -> bool:
    """True for two convolutions, and for two fully connected layers."""
    both = {first.node.op_type == "Conv", second.node.op_type == "Conv"}
    return len(both) == 1


def largest_values(
    network: OnnxNetwork, tensors: Iterable[str], batches: Iterable[Batch]
) -> dict[str, np.ndarray]:
    """The largest magnitude of each channel."""
    names = list(tensors)
    runner = Runner(network, names)
    found: dict[str, np.ndarray] = {}
    for batch in batches:
        for name, array in runner.run(batch).items():
            axis = 2 if array.ndim > 3 else array.ndim - 1
            others = tuple(at for at in range(array.ndim) if at != axis)
            one = np.abs(array).max(axis=others).astype(np.float64)
            found[name] = np.maximum(found[name], one) if name in found else one
    return found


def equalized(network: OnnxNetwork, largest: Mapping[str, np.ndarray]) -> OnnxNetwork:
    """The same function with equalised channels; `largest` by the tensor between a pair."""
    constants = dict(network.constants)
    for pair in pairs(network):
        factors = _factors(constants, pair, largest[pair.between])
        first, second = pair.first, pair.second
        weights = constants[first.weights]
        shape = [-1 if axis == first.axis else 1 for axis in range(weights.ndim)]
        constants[first.weights] = (weights * factors.reshape(shape)).astype(np.float32)
        constants[first.bias] = (constants[first.bias] * factors).astype(np.float32)
        constants[second.weights] = _inputs_scaled(second, constants[second.weights], 1 / factors)
    return replace(network, constants=constants)


def _factors(constants: Mapping[str, np.ndarray], pair: Pair, largest: np.ndarray) -> np.ndarray:
    """s per channel; 1 for channels without values. The tensor's own range stays as it is."""
    top = float(largest.max(initial=0.0))
    alive = largest > top * 1e-6
    if not alive.any():
        return np.ones_like(largest)
    room = np.where(alive, top / np.maximum(largest, 1e-30), 1.0)
    if pair.second.groups == 1:
        pull = _input_pull(pair.second, constants[pair.second.weights].astype(np.float64))
        live = alive & (pull > 0)
        room = np.where(live, np.sqrt(room * pull / max(float(pull.max()), 1e-30)), 1.0)
        reached = float((room * largest)[alive].max())
        room = np.where(alive, room * top / reached, 1.0)
    return np.clip(room, 1 / _MOST, _MOST)


def _input_pull(layer: Layer, weights: np.ndarray) -> np.ndarray:
    """Per input channel: its largest weight relative to what the output's scale is set by."""
    rows = weights.T if layer.axis else weights.reshape(*weights.shape[:2], -1)
    size = np.abs(rows) if rows.ndim == 2 else np.abs(rows).max(axis=2)
    pull: np.ndarray = (size / np.maximum(size.max(axis=1, keepdims=True), 1e-30)).max(axis=0)
    return pull


def _inputs_scaled(layer: Layer, weights: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Weights with a factor per input channel."""
    if layer.node.op_type != "Conv":
        product: np.ndarray = weights * factors.reshape((1, -1) if not layer.axis else (-1, 1))
        return product.astype(np.float32)
    inner = (weights.shape[0], weights.shape[1], *[1] * (weights.ndim - 2))
    of_group = factors.reshape(layer.groups, 1, weights.shape[1])
    spread = np.repeat(of_group, weights.shape[0] // layer.groups, axis=1).reshape(inner)
    scaled: np.ndarray = weights * spread
    return scaled.astype(np.float32)
