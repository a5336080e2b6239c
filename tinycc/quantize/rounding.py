"""Learned rounding: weights whose quantised layer gives what the float layer gives.

For every layer, from the input on, with x the quantised network's input of that layer (rounded,
and with the errors of the layers before it) and y the float network's result, the int8 weights w
and the bias minimise the sum of squares

    sum over samples of (y - w x - bias)**2 + ridge * (w - w_float)**2

Nearest rounding errs per weight; here the errors of a channel's weights cancel on real inputs.
That is the layer-wise problem of AdaRound (Nagel et al., Up or down, 2020) and of GPTQ (Frantar et
al., 2023). It needs second moments of x and y alone, which are summed while samples stream by,
and is solved by coordinate descent over the integers, all channels at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from tinycc.frontend.onnx_network import OnnxNetwork
from tinycc.progress import Progress
from tinycc.quantize.assemble import Parameters, Quantized, assembled
from tinycc.quantize.patches import input_rows, weight_rows, weights_of
from tinycc.quantize.places import Places
from tinycc.quantize.prepare import Layer, layers
from tinycc.quantize.runner import Batch, Runner
from tinycc.quantize.simulation import Simulation, Trial

MOST_VALUES = 2048  # inputs of one output; above it the moments outgrow the network
_SWEEPS = 12
_RIDGE = 0.02  # of the mean square of the inputs: directions that samples say little about stay
_SHRINK = (1.0, 0.96, 0.92, 0.88, 0.84, 0.8)  # a finer scale clips some weights

_GAIN = 0.99  # of the error on samples that the layer has not seen; less is their noise

Batches = Callable[[], Iterable[Batch]]


@dataclass(frozen=True)
class Moments:
    """Sums over rows, per group: of inputs, results, their squares and products."""

    rows: int
    x: np.ndarray  # [groups, values]
    y: np.ndarray  # [groups, outputs]
    xx: np.ndarray  # [groups, values, values]
    xy: np.ndarray  # [groups, values, outputs]

    def plus(self, x: np.ndarray, y: np.ndarray) -> Moments:
        """With more rows, [groups, rows, ...]."""
        x, y = x.astype(np.float64), y.astype(np.float64)
        turned = x.transpose(0, 2, 1)
        return Moments(
            self.rows + x.shape[1],
            self.x + x.sum(axis=1),
            self.y + y.sum(axis=1),
            self.xx + turned @ x,
            self.xy + turned @ y,
        )

    @property
    def centred(self) -> tuple[np.ndarray, np.ndarray]:
        """Covariances of inputs, and of inputs with results: the bias takes the means."""
        count = max(1, self.rows)
        x, y = self.x / count, self.y / count
        xx = self.xx / count - x[:, :, np.newaxis] * x[:, np.newaxis, :]
        xy = self.xy / count - x[:, :, np.newaxis] * y[:, np.newaxis, :]
        return xx, xy


def learned(
    judge: Trial,
    cuts: Places,
    parameters: Parameters,
    batches: Batches,
    progress: Progress,
) -> Parameters:
    """The parameters with rounded weights, their scales and biases learned layer by layer.

    `judge` holds samples that are not in `batches`: a layer whose learned weights do not bring the
    outputs nearer to float on them keeps what it has.
    """
    network = judge.network
    found = layers(network)
    least = Simulation(judge, cuts, parameters).error({})
    for index, layer in enumerate(found):
        progress(f"rounding of `{layer.node.name}`", index / len(found))
        rows = weight_rows(network, layer)
        if rows.shape[1] > MOST_VALUES:
            continue
        quantized = assembled(network, cuts, parameters)
        moments = _moments(network, quantized, layer, rows.shape, batches())
        changed = _with_layer(
            network, layer, parameters, *solved(rows, moments, _scales(layer, parameters))
        )
        error = Simulation(judge, cuts, changed).error({})
        if error < least * _GAIN:
            parameters, least = changed, error
    return parameters


def _scales(layer: Layer, parameters: Parameters) -> np.ndarray:
    """[groups, 1, outputs of a group]."""
    return parameters.scales[layer.sum].astype(np.float64).reshape(layer.groups, 1, -1)


def _moments(
    network: OnnxNetwork,
    quantized: Quantized,
    layer: Layer,
    shape: tuple[int, ...],
    batches: Iterable[Batch],
) -> Moments:
    groups, values, outputs = shape
    source = quantized.dequantized[layer.node.inputs[0]]
    rounded, exact = Runner(quantized.network, [source]), Runner(network, [layer.sum])
    moments = Moments(
        0,
        np.zeros((groups, values)),
        np.zeros((groups, outputs)),
        np.zeros((groups, values, values)),
        np.zeros(shape),
    )
    for batch in batches:
        inputs, sums = rounded.run(batch)[source], exact.run(batch)[layer.sum]
        moments = moments.plus(*input_rows(network, layer, inputs, sums))
    return moments


def solved(
    exact: np.ndarray, moments: Moments, scales: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """int8 weights [groups, values, outputs], their scales, and biases [groups, outputs]."""
    xx, xy = moments.centred
    values = exact.shape[1]
    diagonal = np.trace(xx, axis1=1, axis2=2) / values
    strength = diagonal * max(_RIDGE, values / max(1, moments.rows))
    ridge = np.maximum(strength, 1e-12)[:, np.newaxis, np.newaxis]
    metric = xx + ridge * np.eye(values)
    goal = np.linalg.solve(metric, xy + ridge * exact)
    scales = _best_scales(metric, goal, scales)
    steps = _descent(metric, goal / scales, np.clip(np.rint(exact / scales), -127, 127))
    count = max(1, moments.rows)
    means = np.einsum("gk,gko->go", moments.x / count, steps * scales)
    return steps, scales, moments.y / count - means


def _best_scales(metric: np.ndarray, goal: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Per output, the scale of least error with weights rounded to the nearest."""
    best, least = scales, np.full(scales.shape, np.inf)
    for factor in _SHRINK:
        tried = scales * factor
        gap = np.clip(np.rint(goal / tried), -127, 127) * tried - goal
        error = (gap * (metric @ gap)).sum(axis=1, keepdims=True)
        better = error < least * 0.999
        best, least = np.where(better, tried, best), np.where(better, error, least)
    return best


def _descent(metric: np.ndarray, goal: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Integers of locally least (steps - goal) metric (steps - goal), one value at a time."""
    pull = metric @ (goal - steps)  # half of the negative gradient
    for _ in range(_SWEEPS):
        changed = False
        for at in range(goal.shape[1]):
            wanted = steps[:, at] + pull[:, at] / metric[:, at, at, np.newaxis]
            new = np.clip(np.rint(wanted), -127, 127)
            delta = new - steps[:, at]
            if delta.any():
                changed = True
                steps[:, at] = new
                pull -= metric[:, :, at, np.newaxis] * delta[:, np.newaxis, :]
        if not changed:
            break
    return steps


def _with_layer(
    network: OnnxNetwork,
    layer: Layer,
    parameters: Parameters,
    steps: np.ndarray,
    scales: np.ndarray,
    biases: np.ndarray,
) -> Parameters:
    shape = network.constants[layer.weights].shape
    stored = weights_of(layer, steps, shape).astype(np.int8)
    return replace(
        parameters,
        weights={**parameters.weights, layer.sum: stored},
        scales={**parameters.scales, layer.sum: scales.reshape(-1).astype(np.float32)},
        biases={**parameters.biases, layer.sum: biases.reshape(-1)},
    )
