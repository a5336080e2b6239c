"""A float ONNX model and calibration data in, a QDQ ONNX model out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
from tinycc.quantize.assemble import Quantized, assembled, rounded_parameters
from tinycc.quantize.choose import START, choose_grids, proposals
from tinycc.quantize.correct import corrected
from tinycc.quantize.data import Calibration, CalibrationData, open_calibration
from tinycc.quantize.noise import LayerNoise, layer_noise
from tinycc.quantize.options import AUTO, QuantizationOptions
from tinycc.quantize.places import Grid, Places, places
from tinycc.quantize.prepare import prepared
from tinycc.quantize.simulation import Simulation, Trial
from tinycc.quantize.statistics import Extent, extents, histograms

_TRIAL_SAMPLES, _TRIAL_BATCH = 128, 16
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
                hint="give some dozens of real samples: --calibration samples.npz (.npy, a folder)",
            )
        return quantize_model(model, data, options, shapes, progress)
    if data is not None:
        raise ModelError(
            f"{model} is quantised already: there is nothing to calibrate",
            hint="leave out --calibration, or give the float model",
        )
    return None


def quantize_model(
    model: Path,
    data: CalibrationData,
    options: QuantizationOptions,
    shapes: Mapping[str, tuple[int, ...]],
    progress: Progress = silent,
) -> QuantizedModel:
    """The int8 form of a float model, calibrated with `data`. Raises ModelError."""
    network = prepared(read_onnx_network(model, shapes))
    calibration = open_calibration(data, network.inputs)
    cuts = places(network)
    ranges = extents(network, tuple(cuts.shared), calibration, progress)
    united = {leader: _united(cuts, leader, ranges) for leader in cuts.leaders}
    trial = Trial.of(network, list(calibration.batches(_TRIAL_BATCH, _TRIAL_SAMPLES)))
    grids = _grids(trial, cuts, ranges, united, calibration, options, progress)
    parameters = rounded_parameters(network, cuts, grids)
    parameters = corrected(trial, cuts, parameters, progress)
    quantized = assembled(network, cuts, parameters)
    progress("signal-to-noise ratios")
    return QuantizedModel(
        onnx_bytes(quantized.network),
        network,
        quantized,
        options,
        calibration.count,
        trial.count,
        layer_noise(network, quantized, trial.batches),
        _notes(calibration, united),
    )


def _united(cuts: Places, leader: str, ranges: Mapping[str, Extent]) -> Extent:
    members = [ranges[name] for name in cuts.members(leader)]
    return Extent(min(one.low for one in members), max(one.high for one in members))


def _grids(
    trial: Trial,
    cuts: Places,
    ranges: Mapping[str, Extent],
    united: Mapping[str, Extent],
    calibration: Calibration,
    options: QuantizationOptions,
    progress: Progress,
) -> dict[str, Grid]:
    """The grid of every leading tensor."""
    everything = {name: Grid.covering(one.low, one.high) for name, one in united.items()}
    if options.observer == "min-max":
        return {**cuts.fixed, **everything}
    widest = {
        leader: max(cuts.members(leader), key=lambda name: ranges[name].high - ranges[name].low)
        for leader in united
    }
    watched = {widest[leader]: united[leader] for leader in united}
    found = histograms(trial.network, watched, calibration, progress)
    proposed = proposals({leader: found[widest[leader]] for leader in united})
    if options.observer != AUTO:
        return {**cuts.fixed, **proposed[options.observer]}
    start = {**cuts.fixed, **proposed[START]}
    simulation = Simulation(trial, cuts, rounded_parameters(trial.network, cuts, start))
    return {**cuts.fixed, **choose_grids(simulation, proposed, progress)}


def _notes(calibration: Calibration, united: Mapping[str, Extent]) -> tuple[str, ...]:
    notes = []
    if calibration.is_random:
        notes.append(RANDOM_WARNING.removeprefix("warning: "))
    constant = [name for name, one in united.items() if one.low == one.high]
    notes += [f"`{name}` has one value in all calibration samples" for name in constant]
    return tuple(notes)
