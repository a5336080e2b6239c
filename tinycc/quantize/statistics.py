"""What calibration learns about a network's tensors, in passes that keep no sample.

First pass: smallest and largest value, also per channel. Second: histograms between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tinycc.errors import ModelError
from tinycc.frontend.onnx_network import OnnxNetwork
from tinycc.progress import Progress
from tinycc.quantize.data import Calibration
from tinycc.quantize.observers import BINS, Histogram
from tinycc.quantize.runner import Runner


@dataclass(frozen=True)
class Extent:
    """Smallest and largest value of a tensor."""

    low: float
    high: float

    def united(self, other: Extent) -> Extent:
        """Both ranges in one."""
        return Extent(min(self.low, other.low), max(self.high, other.high))


def extents(
    network: OnnxNetwork, tensors: Sequence[str], data: Calibration, progress: Progress
) -> dict[str, Extent]:
    """The range of each tensor over all samples. ModelError where values are not finite."""
    runner = Runner(network, tensors)
    found: dict[str, Extent] = {}
    done = 0
    for batch in data.batches(runner.batch_size):
        values = runner.run(batch)
        for name, array in values.items():
            low, high = float(array.min(initial=np.inf)), float(array.max(initial=-np.inf))
            if not np.isfinite([low, high]).all():
                raise _not_finite(network, name, data)
            one = Extent(low, high)
            found[name] = found[name].united(one) if name in found else one
        done += len(next(iter(batch.values())))
        progress(f"ranges of activations: {done} of {data.count} samples", done / data.count)
    _check_inputs(network, found, data)
    return found


def _not_finite(network: OnnxNetwork, name: str, data: Calibration) -> ModelError:
    node = network.producer.get(name)
    what = f"node `{node.name}` ({node.op_type}) makes" if node is not None else "the network has"
    return ModelError(
        f"{what} NaN or infinite values in `{name}` on the calibration data `{data.label}`",
        network.where,
        "are the samples preprocessed as for training?",
    )


def _check_inputs(network: OnnxNetwork, found: Mapping[str, Extent], data: Calibration) -> None:
    for name in network.inputs:
        if name in found and found[name].low == found[name].high:
            raise ModelError(
                f"calibration data `{data.label}`: every value of input `{name}` is "
                f"{found[name].low:g} in all {data.count} samples, which excites no layer",
                hint="use some dozens of real samples",
            )


def histograms(
    network: OnnxNetwork, ranges: Mapping[str, Extent], data: Calibration, progress: Progress
) -> dict[str, Histogram]:
    """A histogram of each tensor over its range, zero included."""
    runner = Runner(network, tuple(ranges))
    found = {
        name: Histogram(min(0.0, one.low), max(0.0, one.high), np.zeros(BINS, np.int64))
        for name, one in ranges.items()
    }
    done = 0
    for batch in data.batches(runner.batch_size):
        for name, array in runner.run(batch).items():
            found[name] = found[name].plus(array)
        done += len(next(iter(batch.values())))
        progress(f"histograms: {done} of {data.count} samples", done / data.count)
    return found
