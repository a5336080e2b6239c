"""A float ONNX model and calibration data in, a QDQ ONNX model out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tinycc.errors import ModelError
from tinycc.frontend import read_onnx
from tinycc.frontend.onnx_network import (
    OnnxNetwork,
    onnx_bytes,
    read_onnx_network,
    why_float,
)
from tinycc.progress import Progress, silent
from tinycc.quantize.assemble import Parameters, Quantized, assembled, rounded_parameters
from tinycc.quantize.choose import START, choose_grids, proposals
from tinycc.quantize.correct import corrected
from tinycc.quantize.data import Calibration, CalibrationData, open_calibration
from tinycc.quantize.equalize import equalized, largest_values, pairs
from tinycc.quantize.noise import LayerNoise, layer_noise
from tinycc.quantize.options import AUTO, BEST, MIN_MAX, QuantizationOptions
from tinycc.quantize.places import Grid, Places, places
from tinycc.quantize.prepare import prepared
from tinycc.quantize.rounding import learned
from tinycc.quantize.runner import Batch
from tinycc.quantize.simulation import Simulation, Trial
from tinycc.quantize.statistics import Extent, extents, histograms

_TRIAL_SAMPLES, _TRIAL_BATCH = 128, 16
_LEARNING_SAMPLES = 512
_HELD_OUT = 4  # every fourth batch judges what is learned from the others
RANDOM_WARNING = (
    "warning: calibrated with random numbers: sizes and speed are right, accuracy is meaningless"
)


@dataclass(frozen=True)
class QuantizedModel:
    """`onnx` is the QDQ file; `original` and `quantized` are the networks before and after.

    `layers`: where accuracy goes, on `measured` of the `samples` that calibrated it.
    """

    onnx: bytes
    original: OnnxNetwork
    quantized: Quantized
    options: QuantizationOptions
    samples: int
    measured: int
    layers: tuple[LayerNoise, ...]
    notes: tuple[str, ...]


def as_int8(
    model: Path,
    data: CalibrationData | None,
    options: QuantizationOptions,
    shapes: Mapping[str, tuple[int, ...]],
    progress: Progress = silent,
) -> QuantizedModel | None:
    """The int8 form of a float model; None for a model that is quantised already.

    Raises ModelError where calibration data are missing, or given for nothing.
    """
    reason = why_float(model) if model.is_file() else None
    if reason is not None:
        read_onnx(model, shapes)  # names everything that cannot be compiled before the long work
        if data is None:
            raise ModelError(
                f"{model.name} {reason}: its int8 form depends on what its inputs hold",
                hint="give some dozens of real samples: --calibration samples.npz (.npy, a folder)"
                + _about_encodings(model),
            )
        return quantize_model(model, data, options, shapes, progress)
    if data is not None:
        raise ModelError(
            f"{model} is quantised already: there is nothing to calibrate",
            hint="leave out --calibration, or give the float model",
        )
    return None


def _about_encodings(model: Path) -> str:
    """What to do with the scales that AIMET writes into a file of their own."""
    beside = model.with_suffix(".encodings")
    if not beside.is_file():
        return ""
    return f"; {beside.name} is not read: AIMET writes its scales into the model by to_onnx_qdq()"


def quantize_model(
    model: Path,
    data: CalibrationData,
    options: QuantizationOptions,
    shapes: Mapping[str, tuple[int, ...]],
    progress: Progress = silent,
) -> QuantizedModel:
    """The int8 form of a float model, calibrated with `data`. Raises ModelError."""
    network = prepared(read_onnx_network(model, shapes))
    calibration = open_calibration(data, network.inputs, options.preprocess)
    draft = _best_draft(network, calibration, options, progress)
    trial, cuts = draft.trial, draft.cuts
    grids = draft.grids
    if options.observer == AUTO:
        grids = choose_grids(draft.simulation, draft.proposed, progress)
    parameters = rounded_parameters(trial.network, cuts, {**cuts.fixed, **grids})
    parameters = corrected(trial, cuts, parameters, progress)
    if options.effort == BEST:
        parameters = _learned(draft, parameters, calibration, progress)
    quantized = assembled(trial.network, cuts, parameters)
    progress("signal-to-noise ratios")
    return QuantizedModel(
        onnx_bytes(quantized.network),
        trial.network,
        quantized,
        options,
        calibration.count,
        trial.count,
        layer_noise(trial.network, quantized, trial.batches),
        _notes(calibration, draft.ranges),
    )


@dataclass(frozen=True)
class _Draft:
    """A float network with proposed grids of its tensors, and what they are judged by.

    `ranges` by leading tensor; `proposed` by observer; `grids` are those to begin with.
    """

    trial: Trial
    cuts: Places
    ranges: Mapping[str, Extent]
    proposed: Mapping[str, Mapping[str, Grid]]
    grids: Mapping[str, Grid]
    simulation: Simulation

    def error(self, progress: Progress) -> float:
        """The error of the outputs with biases corrected: what would become of this draft."""
        parameters = corrected(self.trial, self.cuts, self.simulation.parameters, progress)
        return Simulation(self.trial, self.cuts, parameters).error({})


def _best_draft(
    network: OnnxNetwork,
    calibration: Calibration,
    options: QuantizationOptions,
    progress: Progress,
) -> _Draft:
    """The network as it is, or with equalised channels: whichever errs less at its outputs."""
    batches = list(calibration.batches(_TRIAL_BATCH, _TRIAL_SAMPLES))
    plain = _draft(network, batches, calibration, options, progress)
    between = [pair.between for pair in pairs(network)]
    if not between:
        return plain
    progress("equalising channels")
    even = equalized(network, largest_values(network, between, batches))
    other = _draft(even, batches, calibration, options, progress)
    return min(plain, other, key=lambda one: one.error(progress))


def _draft(
    network: OnnxNetwork,
    batches: Sequence[Batch],
    calibration: Calibration,
    options: QuantizationOptions,
    progress: Progress,
) -> _Draft:
    cuts, trial = places(network), Trial.of(network, batches)
    ranges = extents(network, tuple(cuts.shared), calibration, progress)
    united = {leader: _united(cuts, leader, ranges) for leader in cuts.leaders}
    proposed = {MIN_MAX: {name: Grid.covering(one.low, one.high) for name, one in united.items()}}
    if options.observer != MIN_MAX:
        widest = {
            leader: max(cuts.members(leader), key=lambda name: ranges[name].high - ranges[name].low)
            for leader in united
        }
        watched = {widest[leader]: united[leader] for leader in united}
        found = histograms(network, watched, calibration, progress)
        proposed = proposals({leader: found[widest[leader]] for leader in united})
    grids = proposed[START if options.observer == AUTO else options.observer]
    parameters = rounded_parameters(network, cuts, {**cuts.fixed, **grids})
    simulation = Simulation(trial, cuts, parameters)
    return _Draft(trial, cuts, united, proposed, grids, simulation)


def _learned(
    draft: _Draft, parameters: Parameters, calibration: Calibration, progress: Progress
) -> Parameters:
    """Rounding learned from most samples, where it helps on the others."""
    if calibration.count < _HELD_OUT:
        return parameters  # nothing to judge by
    most = min(calibration.count, _LEARNING_SAMPLES)
    size = max(1, min(_TRIAL_BATCH, most // (2 * _HELD_OUT)))

    def batches(held_out: bool) -> Iterator[Batch]:
        for index, batch in enumerate(calibration.batches(size, most)):
            if (index % _HELD_OUT == _HELD_OUT - 1) == held_out:
                yield batch

    judge = Trial.of(draft.trial.network, list(batches(True)))
    return learned(judge, draft.cuts, parameters, partial(batches, False), progress)


def _united(cuts: Places, leader: str, ranges: Mapping[str, Extent]) -> Extent:
    members = [ranges[name] for name in cuts.members(leader)]
    return Extent(min(one.low for one in members), max(one.high for one in members))


def _notes(calibration: Calibration, united: Mapping[str, Extent]) -> tuple[str, ...]:
    notes = []
    if calibration.is_random:
        notes.append(RANDOM_WARNING.removeprefix("warning: "))
    constant = [name for name, one in united.items() if one.low == one.high]
    notes += [f"`{name}` has one value in all calibration samples" for name in constant]
    return tuple(notes)
