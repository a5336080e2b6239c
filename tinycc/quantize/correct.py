"""Bias correction: what rounding does to the mean of a channel is taken off its bias.

Layer by layer from the input on, so that each layer also makes up for what those before it left
(empirical bias correction: Nagel et al., Data-free quantization, 2019).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinycc.frontend.onnx_network import OnnxNetwork
from tinycc.progress import Progress
from tinycc.quantize.assemble import Parameters, assembled, input_grid, stored_bias
from tinycc.quantize.places import Places
from tinycc.quantize.prepare import Layer, layers
from tinycc.quantize.runner import Runner
from tinycc.quantize.simulation import Trial


def corrected(trial: Trial, cuts: Places, parameters: Parameters, progress: Progress) -> Parameters:
    """The parameters with biases that keep every channel's mean over the trial's samples."""
    network, found = trial.network, layers(trial.network)
    quantized = assembled(network, cuts, parameters)
    sums = {layer.sum: quantized.computed.get(layer.sum, layer.sum) for layer in found}
    exact = Runner(network, tuple(sums))
    rounded = Runner(quantized.network, tuple(sums.values()), quantized.biases.values())
    wanted = _means(trial, exact, {name: name for name in sums}, found, {})
    biases = dict(parameters.biases)
    stored: dict[str, np.ndarray] = {}
    for index, layer in enumerate(found):
        progress(f"bias of `{layer.node.name}`", index / len(found))
        mean = _means(trial, rounded, sums, [layer], stored)[layer.sum]
        biases[layer.sum] = biases[layer.sum] + wanted[layer.sum] - mean
        unit = parameters.scales[layer.sum] * np.float32(
            input_grid(layer, cuts, parameters.grids).scale
        )
        stored[quantized.biases[layer.sum]] = stored_bias(biases[layer.sum], unit)
    return replace(parameters, biases=biases)


def channel_axis(network: OnnxNetwork, layer: Layer) -> int:
    """The axis of a layer's output channels, in arrays with a leading sample axis."""
    return 2 if layer.node.op_type == "Conv" else len(network.shapes[layer.sum])


def _means(
    trial: Trial,
    runner: Runner,
    names: dict[str, str],
    found: tuple[Layer, ...] | list[Layer],
    stored: dict[str, np.ndarray],
) -> dict[str, np.ndarray]:
    """The mean of each output channel, by the layer's sum."""
    totals: dict[str, np.ndarray] = {}
    for batch in trial.batches:
        values = runner.run(batch, stored, [names[layer.sum] for layer in found])
        for layer in found:
            array = values[names[layer.sum]]
            axis = channel_axis(trial.network, layer)
            others = tuple(at for at in range(array.ndim) if at != axis)
            part = array.mean(axis=others, dtype=np.float64) * len(array) / trial.count
            totals[layer.sum] = totals.get(layer.sum, 0.0) + part
    return totals
