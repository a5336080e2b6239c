"""The command `quantize`: a float model as a QDQ file that other tools run, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tinycc.cli.accuracy import noise_table
from tinycc.cli.options import calibration_of, quantization_only
from tinycc.cli.output import print_json, progress, say
from tinycc.cli.saving import check_folder, save_bytes
from tinycc.errors import ModelError
from tinycc.quantize.quantizer import as_int8
from tinycc.report.accuracy import quantization_document


@click.command()
@quantization_only
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="q.onnx", help="Where to save."
)
def quantize(model: Path, output: Path | None, as_json: bool, **arguments: Any) -> None:
    """Quantise a float MODEL to int8 and write it as ONNX in QDQ form.

    Example: tinycc quantize kws.onnx --calibration samples.npz -o kws_int8.onnx
    """
    output = output or Path(f"{model.stem}_int8.onnx")
    check_folder(output)
    data, quantization = calibration_of(arguments)
    shapes = dict(arguments["shapes"])
    with progress() as told:
        quantized = as_int8(model, data, quantization, shapes, told)
    if quantized is None:
        raise ModelError(f"{model.name} is quantised already", hint="build it as it is")
    save_bytes(output, quantized.onnx)
    say(f"wrote {output}")
    for note in quantized.notes:
        say(f"note: {note}")
    if as_json:
        found = quantization_document(quantized)
        print_json({"file": str(output), "notes": quantized.notes, "quantization": found})
    else:
        noise_table(quantized.layers)
