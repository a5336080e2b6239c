"""The network in QDQ form: QuantizeLinear and DequantizeLinear where values become integers.

y = Conv(x, w, b)        x' = DQ(Q(x))   w' = DQ(w_quantized)   b' = DQ(b_quantized)
                         y = Conv(x', w', b')   y' = DQ(Q(y))
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from tinycc.frontend.onnx_network import OnnxNetwork
from tinycc.ops.foreign import ForeignNode
from tinycc.quantize.places import Grid, Places
from tinycc.quantize.prepare import Layer, layers

_LARGEST_BIAS = 2**30  # leaves the other half of an int32 accumulator to the sum of products
_ELEMENTWISE = frozenset({"Add", "Sub", "Mul"})


@dataclass(frozen=True)
class Parameters:
    """Everything that quantisation chooses.

    `grids` by leading tensor; `scales` of weights by layer output, [channels] float32; `weights`
    int8 by layer output; `biases` real values (float64) by layer output.
    """

    grids: Mapping[str, Grid]
    scales: Mapping[str, np.ndarray]
    weights: Mapping[str, np.ndarray]
    biases: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Quantized:
    """A QDQ network and the names in it.

    `dequantized`: of every quantised tensor of the float network; `computed`: of those that have
    another name before they are rounded. `grids`: scale and zero point
    by leading tensor. `biases` and `weights`: the integers of a layer, by its sum.
    """

    network: OnnxNetwork
    dequantized: Mapping[str, str]
    computed: Mapping[str, str]
    grids: Mapping[str, tuple[str, str]]
    biases: Mapping[str, str]
    weights: Mapping[str, str]


def weight_scales(network: OnnxNetwork, layer: Layer, input_scale: float) -> np.ndarray:
    """One float32 scale per output channel, such that weights fit int8 and the bias int32.

    A dead channel (all weights zero) gets a scale that holds its bias.
    """
    weights, bias = network.constants[layer.weights], network.constants[layer.bias]
    others = tuple(axis for axis in range(weights.ndim) if axis != layer.axis)
    largest = np.abs(weights.astype(np.float64)).max(axis=others)
    smallest = np.abs(bias.astype(np.float64)) / (input_scale * _LARGEST_BIAS)
    scales = np.maximum(largest / 127.0, smallest)
    scales[scales < float(np.finfo(np.float32).tiny)] = 1.0
    narrow: np.ndarray = scales.astype(np.float32)
    return narrow


def stored_bias(bias: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """int32 biases in units of the accumulator."""
    limit = float(2**31 - 1)
    clipped: np.ndarray = np.clip(np.rint(bias / unit.astype(np.float64)), -limit, limit)
    return clipped.astype(np.int32)


def along(array: np.ndarray, axis: int, rank: int) -> np.ndarray:
    """A vector shaped to be broadcast along one axis."""
    return array.reshape([-1 if at == axis else 1 for at in range(rank)])


def nearest_weights(network: OnnxNetwork, layer: Layer, scales: np.ndarray) -> np.ndarray:
    """int8 weights rounded to the nearest."""
    weights = network.constants[layer.weights].astype(np.float64)
    steps = np.rint(weights / along(scales.astype(np.float64), layer.axis, weights.ndim))
    clipped: np.ndarray = np.clip(steps, -127, 127)
    return clipped.astype(np.int8)


def input_grid(layer: Layer, places: Places, grids: Mapping[str, Grid]) -> Grid:
    """The grid of what a layer reads."""
    return grids[places.shared[layer.node.inputs[0]]]


def rounded_parameters(
    network: OnnxNetwork, places: Places, grids: Mapping[str, Grid]
) -> Parameters:
    """Weights to the nearest, biases as they are."""
    scales, weights, biases = {}, {}, {}
    for layer in layers(network):
        step = input_grid(layer, places, grids).scale
        scales[layer.sum] = weight_scales(network, layer, step)
        weights[layer.sum] = nearest_weights(network, layer, scales[layer.sum])
        biases[layer.sum] = network.constants[layer.bias].astype(np.float64)
    return Parameters(grids, scales, weights, biases)


def assembled(network: OnnxNetwork, places: Places, parameters: Parameters) -> Quantized:
    """The QDQ network of a prepared float network."""
    return _Assembly(network, places, parameters).quantized()


class _Assembly:
    """One QDQ network under construction."""

    def __init__(self, network: OnnxNetwork, places: Places, parameters: Parameters) -> None:
        self._network, self._places, self._parameters = network, places, parameters
        self._constants = dict(network.constants)
        self._nodes: list[ForeignNode] = []
        self._read: dict[str, str] = {}  # what readers take instead of a tensor or constant
        self._computed: dict[str, str] = {}
        self._grids: dict[str, tuple[str, str]] = {}
        self._biases: dict[str, str] = {}
        self._weights: dict[str, str] = {}
        self._layers = {layer.node.outputs[0]: layer for layer in layers(network)}
        self._taken = {
            *network.constants,
            *network.inputs,
            *(n for node in network.nodes for n in node.outputs),
        }

    def quantized(self) -> Quantized:
        """The finished network."""
        for name in self._network.inputs:
            self._cut(name, name)
        for node in self._network.nodes:
            self._add(node)
        network = self._network.rebuilt(self._nodes, self._constants)
        dequantized = {name: self._read[name] for name in self._places.shared}
        names = (dequantized, self._computed, self._grids, self._biases, self._weights)
        return Quantized(network, *names)

    def _add(self, node: ForeignNode) -> None:
        layer = self._layers.get(node.outputs[0])
        if layer is not None:
            self._quantize_layer(layer)
        elif node.op_type in _ELEMENTWISE:
            for name in node.inputs:
                self._quantize_operand(name)
        cut = {name: self._fresh(f"{name}.float") for name in node.outputs if self._renames(name)}
        self._computed.update(cut)
        inputs = tuple(self._read.get(name, name) for name in node.inputs)
        outputs = tuple(cut.get(name, name) for name in node.outputs)
        self._nodes.append(replace(node, inputs=inputs, outputs=outputs))
        for name in node.outputs:
            if name in self._places.shared:
                self._cut(cut.get(name, name), name)

    def _renames(self, name: str) -> bool:
        """An output keeps its name behind the DequantizeLinear."""
        return name in self._network.outputs and name in self._places.shared

    def _cut(self, source: str, name: str) -> None:
        """source > Q > DQ; readers of `name` take the result."""
        leader = self._places.shared[name]
        grid = self._parameters.grids[leader]
        scale = self._constant(f"{leader}.scale", np.float32(grid.scale))
        zero = self._constant(f"{leader}.zero_point", np.int8(grid.zero_point))
        self._grids[leader] = (scale, zero)
        stored = self._fresh(f"{name}.quantized")
        real = name if source != name else self._fresh(f"{name}.dequantized")
        self._node("QuantizeLinear", (source, scale, zero), stored)
        self._node("DequantizeLinear", (stored, scale, zero), real)
        self._read[name] = real

    def _quantize_layer(self, layer: Layer) -> None:
        scales = self._parameters.scales[layer.sum]
        weights = self._parameters.weights[layer.sum]
        step = np.float32(input_grid(layer, self._places, self._parameters.grids).scale)
        zeros = np.zeros(len(scales), np.int8)
        self._weights[layer.sum] = self._dequantized(
            layer.weights, weights, scales, zeros, layer.axis
        )
        unit = (scales * step).astype(np.float32)
        stored = stored_bias(self._parameters.biases[layer.sum], unit)
        self._biases[layer.sum] = self._dequantized(
            layer.bias, stored, unit, zeros.astype(np.int32), 0
        )

    def _quantize_operand(self, name: str) -> None:
        """A constant operand of an elementwise operator: symmetric int8; scalars stay exact."""
        data = self._network.constants.get(name)
        if data is None or data.size == 1 or name in self._read:
            return
        largest = float(np.abs(data).max()) or 1.0
        scale = np.float32(largest / 127.0)
        stored = np.clip(np.rint(data / scale), -127, 127).astype(np.int8)
        self._dequantized(name, stored, scale, np.int8(0), None)

    def _dequantized(
        self,
        name: str,
        stored: np.ndarray,
        scales: np.ndarray | np.float32,
        zeros: np.ndarray | np.int8,
        axis: int | None,
    ) -> str:
        """Integers > DequantizeLinear in place of a constant; the name of the integers."""
        inputs = (
            self._constant(f"{name}.quantized", stored),
            self._constant(f"{name}.scale", np.asarray(scales, np.float32)),
            self._constant(f"{name}.zero_point", zeros),
        )
        real = self._fresh(f"{name}.dequantized")
        self._node("DequantizeLinear", inputs, real, {} if axis is None else {"axis": axis})
        self._read[name] = real
        return inputs[0]

    def _constant(self, name: str, value: np.ndarray | np.generic) -> str:
        array = np.asarray(value)
        known = self._constants.get(name)
        if known is None:
            self._constants[name] = array
            return name
        if known.dtype == array.dtype and np.array_equal(known, array):
            return name
        other = self._fresh(name)
        self._constants[other] = array
        return other

    def _node(
        self,
        op_type: str,
        inputs: tuple[str, ...],
        output: str,
        attributes: Mapping[str, int] | None = None,
    ) -> None:
        opset = self._network.opsets[""]
        name = f"{output}_{op_type}"
        self._nodes.append(ForeignNode(name, op_type, opset, attributes or {}, inputs, (output,)))

    def _fresh(self, base: str) -> str:
        name, count = base, 1
        while name in self._taken or name in self._constants:
            count += 1
            name = f"{base}_{count}"
        self._taken.add(name)
        return name
