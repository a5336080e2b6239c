"""The quantised network beside the float one on some calibration samples, to compare choices.

Scales, zero points and biases are given anew in every run, so that one session serves them all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tinycc.frontend.onnx_network import OnnxNetwork
from tinycc.quantize.assemble import Parameters, Quantized, assembled
from tinycc.quantize.places import Grid, Places
from tinycc.quantize.runner import Batch, Runner

_SMALLEST = 1e-30


@dataclass(frozen=True)
class Trial:
    """Samples kept for comparisons, and the float network's values of `targets` on them."""

    network: OnnxNetwork
    batches: tuple[Batch, ...]
    targets: Mapping[str, tuple[np.ndarray, ...]]

    @classmethod
    def of(cls, network: OnnxNetwork, batches: Sequence[Batch]) -> Trial:
        """The values at the outputs, and before a Softmax that makes one."""
        names = tuple(logits(network)) or network.outputs
        runner = Runner(network, names)
        found = [runner.run(batch) for batch in batches]
        targets = {name: tuple(values[name] for values in found) for name in names}
        return cls(network, tuple(batches), targets)

    @property
    def count(self) -> int:
        """The number of samples."""
        return sum(len(next(iter(batch.values()))) for batch in self.batches)


def logits(network: OnnxNetwork) -> list[str]:
    """What final Softmax nodes read: it shows errors that a saturated Softmax hides."""
    made = [network.producer.get(name) for name in network.outputs]
    return [node.inputs[0] for node in made if node is not None and node.op_type == "Softmax"]


class Simulation:
    """A QDQ network whose grids and biases can be changed from run to run."""

    def __init__(self, trial: Trial, places: Places, parameters: Parameters) -> None:
        self._trial = trial
        self.parameters = parameters
        self.quantized = assembled(trial.network, places, parameters)
        self._names = {name: _name_of(self.quantized, name) for name in trial.targets}
        grids = [name for pair in self.quantized.grids.values() for name in pair]
        self._runner = Runner(self.quantized.network, tuple(self._names.values()), grids)

    def error(self, grids: Mapping[str, Grid]) -> float:
        """The error of the outputs with some grids replaced, relative to their energy.

        The sum over outputs (and logits) of squared differences by squared values.
        """
        adjusted = self._adjusted(grids)
        noise = dict.fromkeys(self._names, 0.0)
        for index, batch in enumerate(self._trial.batches):
            found = self._runner.run(batch, adjusted)
            for target, name in self._names.items():
                gap = found[name].astype(np.float64) - self._trial.targets[target][index]
                noise[target] += float((gap**2).sum())
        return sum(noise[name] / _energy(self._trial.targets[name]) for name in noise)

    def _adjusted(self, grids: Mapping[str, Grid]) -> dict[str, np.ndarray]:
        found = {}
        for leader, grid in grids.items():
            scale, zero = self.quantized.grids[leader]
            found[scale] = np.array(grid.scale, np.float32)
            found[zero] = np.array(grid.zero_point, np.int8)
        return found


def _name_of(quantized: Quantized, name: str) -> str:
    """The tensor that stands for a float network's tensor, after its rounding."""
    return quantized.dequantized.get(name, name)


def _energy(arrays: Sequence[np.ndarray]) -> float:
    return max(_SMALLEST, sum(float((array.astype(np.float64) ** 2).sum()) for array in arrays))
