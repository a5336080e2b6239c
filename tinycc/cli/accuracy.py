"""How `verify` and `quantize` print where accuracy goes."""

from __future__ import annotations

import math
from typing import Any

import click

from tinycc.api.accuracy import Accuracy
from tinycc.cli.output import add_row, new_table, print_table, shortened
from tinycc.quantize.noise import LayerNoise
from tinycc.report.accuracy import noise_document


def accuracy_document(measured: Accuracy) -> dict[str, Any]:
    """Noise and scores as JSON values."""
    return {
        "layers": noise_document(measured.layers),
        "scores": {
            name: {"metric": one.metric, "value": one.value, "samples": one.samples}
            for name, one in measured.scores.items()
        },
    }


def accuracy_table(measured: Accuracy) -> None:
    """Noise of every layer, the worst first; scores below."""
    if measured.layers:
        noise_table(measured.layers)
    for name, one in measured.scores.items():
        click.echo(f"{one.metric} of {one.samples} samples, {name}: {one.value:.4f}")


def noise_table(layers: tuple[LayerNoise, ...]) -> None:
    """Signal-to-noise ratio of int8 against float, those first that lose most by themselves."""
    table = new_table("layer", ">alone dB", ">end to end dB", "node")
    for layer in layers:
        ratios = (_ratio(layer.alone), _ratio(layer.end_to_end))
        add_row(table, layer.op_type, *ratios, shortened(layer.nodes[0]))
    print_table(table)


def _ratio(decibels: float) -> str:
    return f"{decibels:.1f}" if math.isfinite(decibels) else "exact"
