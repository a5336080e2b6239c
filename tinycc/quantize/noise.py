"""Where accuracy goes: the signal-to-noise ratio of every quantised tensor against float.

End to end: the whole quantised network against the float one. Alone: a layer is given the float
network's values, rounded once, so that only its own rounding shows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from tinycc.frontend.onnx_network import OnnxNetwork
from tinycc.ops.foreign import ForeignNode
from tinycc.quantize.assemble import Quantized
from tinycc.quantize.runner import Batch, Runner

_FLOAT, _ALONE = "float:", "alone:"


@dataclass(frozen=True)
class LayerNoise:
    """One quantised tensor; ratios in decibels, infinite where nothing differs.

    `nodes` make the tensor together (Conv, Relu); `op_type` is that of the first one, or "input".
    """

    tensor: str
    nodes: tuple[str, ...]
    op_type: str
    end_to_end: float
    alone: float


def layer_noise(
    network: OnnxNetwork, quantized: Quantized, batches: Iterable[Batch]
) -> tuple[LayerNoise, ...]:
    """All quantised tensors, those first that lose most by themselves."""
    names = tuple(quantized.dequantized)
    exact = Runner(network, names)
    whole = Runner(quantized.network, tuple(quantized.dequantized.values()))
    alone = Runner(_side_by_side(network, quantized), [f"{_ALONE}{name}" for name in names])
    signal = dict.fromkeys(names, 0.0)
    noise = {kind: dict.fromkeys(names, 0.0) for kind in ("whole", "alone")}
    size = min(one.batch_size for one in (exact, whole, alone))
    for batch in _cut(batches, size):
        wanted, ends, parts = exact.run(batch), whole.run(batch), alone.run(batch)
        for name in names:
            signal[name] += _energy(wanted[name])
            noise["whole"][name] += _energy(ends[quantized.dequantized[name]] - wanted[name])
            noise["alone"][name] += _energy(parts[f"{_ALONE}{name}"] - wanted[name])
    found = [
        LayerNoise(
            name,
            *_makers(network, quantized, name),
            decibels(signal[name], noise["whole"][name]),
            decibels(signal[name], noise["alone"][name]),
        )
        for name in names
    ]
    return tuple(sorted(found, key=lambda one: (one.alone, one.end_to_end)))


def decibels(signal: float, noise: float) -> float:
    """10 log10 of a ratio of energies."""
    if noise <= 0.0:
        return math.inf
    return 10.0 * math.log10(signal / noise) if signal > 0.0 else -math.inf


def _makers(network: OnnxNetwork, quantized: Quantized, name: str) -> tuple[tuple[str, ...], str]:
    """The nodes from the last rounded tensor to this one, and the operator of the first."""
    nodes: list[ForeignNode] = []
    node = network.producer.get(name)
    while node is not None:
        nodes.insert(0, node)
        source = node.inputs[0]
        node = None if source in quantized.dequantized else network.producer.get(source)
    if not nodes:
        return (name,), "input"
    return tuple(one.name for one in nodes), nodes[0].op_type


def _energy(values: np.ndarray) -> float:
    return float(np.square(values, dtype=np.float64).sum())


def _cut(batches: Iterable[Batch], size: int) -> Iterable[Batch]:
    for batch in batches:
        count = len(next(iter(batch.values())))
        for start in range(0, count, size):
            yield {name: array[start : start + size] for name, array in batch.items()}


def _side_by_side(network: OnnxNetwork, quantized: Quantized) -> OnnxNetwork:
    """The float network, and every node of the quantised one on the float network's values.

    A QuantizeLinear that begins a dequantised tensor reads the float tensor instead; a second pair
    behind the node's own result makes what the layer gives alone.
    """
    beside = {name: f"{_FLOAT}{name}" for node in network.nodes for name in node.outputs if name}
    nodes = [_renamed(node, beside) for node in network.nodes]
    starts = _quantizers(quantized)
    for node in quantized.network.nodes:
        name = starts.get(node.outputs[0])
        if name is None:
            nodes.append(node)
            continue
        exact = name if name in network.inputs else beside[name]
        nodes.append(replace(node, inputs=(exact, *node.inputs[1:])))
        pair = {node.outputs[0]: f"{_ALONE}{name}.quantized"}
        nodes.append(replace(_renamed(node, pair), name=f"{_ALONE}{node.name}", inputs=node.inputs))
        back = quantized.network.producer[quantized.dequantized[name]]
        end = {back.outputs[0]: f"{_ALONE}{name}"}
        nodes.append(replace(_renamed(_renamed(back, pair), end), name=f"{_ALONE}{back.name}"))
    constants = {**network.constants, **quantized.network.constants}
    outputs = tuple(f"{_ALONE}{name}" for name in quantized.dequantized)
    shapes = {f"{_ALONE}{name}": network.shapes[name] for name in quantized.dequantized}
    both = replace(quantized.network, outputs=outputs, shapes={**network.shapes, **shapes})
    return both.rebuilt(_ordered(nodes, constants, network), constants)


def _quantizers(quantized: Quantized) -> dict[str, str]:
    """The quantised tensor that each QuantizeLinear's output belongs to."""
    made = quantized.network.producer
    return {made[real].inputs[0]: name for name, real in quantized.dequantized.items()}


def _renamed(node: ForeignNode, names: Mapping[str, str]) -> ForeignNode:
    inputs = tuple(names.get(name, name) for name in node.inputs)
    outputs = tuple(names.get(name, name) for name in node.outputs)
    return replace(node, inputs=inputs, outputs=outputs)


def _ordered(
    nodes: list[ForeignNode], constants: Mapping[str, np.ndarray], network: OnnxNetwork
) -> list[ForeignNode]:
    """The nodes so that each one follows what it reads."""
    known = {*constants, *network.inputs, ""}
    ordered: list[ForeignNode] = []
    while nodes:
        ready = [node for node in nodes if known.issuperset(node.inputs)]
        assert ready, "a network without cycles"
        known.update(name for node in ready for name in node.outputs)
        ordered += ready
        chosen = {id(node) for node in ready}
        nodes = [node for node in nodes if id(node) not in chosen]
    return ordered
