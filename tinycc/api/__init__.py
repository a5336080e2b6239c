"""The Python interface; the command line is a thin layer over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tinycc.api.loaded import LoadedNetwork, load
from tinycc.api.network import Network
from tinycc.api.together import Together, build_models
from tinycc.pipeline import Options, compile_model
from tinycc.progress import Progress, silent
from tinycc.quantize.data import CalibrationData
from tinycc.quantize.options import QuantizationOptions


def build(
    model: str | Path,
    *,
    target: str = "host",
    cc: str | None = None,
    name: str | None = None,
    io: str = "int",
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    without: tuple[str, ...] = (),
    ram: int | None = None,
    flash: int | None = None,
    optimize: str = "balanced",
    input_memory: str | None = None,
    weights: str | None = None,
    recompute: float = 1.0,
    head: str | None = None,
    input_ranges: Mapping[str, tuple[tuple[float, float], ...]] | None = None,
    calibration: CalibrationData | None = None,
    observer: str = "auto",
    quantize: str = "standard",
    preprocess: str | None = None,
    progress: Progress = silent,
) -> Network:
    """A compiled network: `.report`, `.run(inputs)`, `.write(folder)`.

    `model`: an ONNX or .tflite file, or a folder that `write` made. Budgets in bytes.
    `cc`: a compiler with its flags in place of the target's.
    `input_memory`: "arena", "pushed" or "external", a folder's own by default. `weights`:
    "in-code" or "separate". Float models need
    `calibration`: float32 samples as a file (.npz, .npy), a folder of them, or arrays; other
    numbers with `preprocess`, such as "x / 255". See QuantizationOptions for `observer` and
    `quantize`. Raises TinyccError.
    """
    options = Options(
        target,
        name,
        io,
        shapes or {},
        without,
        ram,
        flash,
        cc=cc,
        optimize=optimize,
        input_memory=input_memory,
        weights=weights,
        recompute=recompute,
        head=head,
        input_ranges=input_ranges or {},
        calibration=calibration,
        quantization=QuantizationOptions(observer, quantize, preprocess),
    )
    network = Network(compile_model(Path(model), options, progress))
    if ram is not None or flash is not None:
        network.check_budgets()
    return network


def build_together(
    models: Sequence[str | Path] | Mapping[str, str | Path],
    *,
    progress: Progress = silent,
    **options: Any,
) -> Together:
    """Networks that run one at a time in one firmware: `.networks`, `.report`, `.write(folder)`.

    `models`: their files, or files by the prefix of their C names. `options`: those of `build` but
    for the calibration; `name` is the prefix of what they share, budgets are for all together.
    Raises TinyccError.
    """
    named = models.items() if isinstance(models, Mapping) else [(None, one) for one in models]
    found = Options(**options)
    built = build_models([(name, Path(path)) for name, path in named], found, progress)
    if found.ram is not None or found.flash is not None:
        built.check_budgets()
    return built


__all__ = ["LoadedNetwork", "Network", "Together", "build", "build_together", "load"]
