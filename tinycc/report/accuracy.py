"""Where a quantised float model loses accuracy: JSON values and a table."""

from __future__ import annotations

import math
from typing import Any

from tinycc.quantize.noise import LayerNoise
from tinycc.quantize.quantizer import QuantizedModel


def quantization_document(model: QuantizedModel | None) -> dict[str, Any] | None:
    """How a float model was quantised; None for a model that came quantised.

    Ratios in decibels, measured in onnxruntime; null where nothing differs.
    """
    if model is None:
        return None
    return {
        "observer": model.options.observer,
        "effort": model.options.effort,
        "samples": model.samples,
        "measured_samples": model.measured,
        "layers": noise_document(model.layers),
    }


def noise_document(layers: tuple[LayerNoise, ...]) -> list[dict[str, Any]]:
    """One entry per quantised tensor, those first that lose most by themselves."""
    return [
        {
            "tensor": layer.tensor,
            "nodes": list(layer.nodes),
            "op": layer.op_type,
            "end_to_end_db": _finite(layer.end_to_end),
            "alone_db": _finite(layer.alone),
        }
        for layer in layers
    ]


def _finite(decibels: float) -> float | None:
    return round(decibels, 2) if math.isfinite(decibels) else None


def quantization_notes(model: QuantizedModel | None) -> list[str]:
    """What calibration found, and the layer that loses most by itself."""
    if model is None:
        return []
    notes = list(model.notes)
    if model.layers and math.isfinite(model.layers[0].alone):
        layer = model.layers[0]
        notes.append(
            f"quantised with {model.samples} samples; the least signal-to-noise ratio of a layer "
            f"alone is {layer.alone:.1f} dB: {layer.op_type} `{_short(layer.nodes[0])}`"
        )
    return notes


def _short(name: str) -> str:
    return name if len(name) <= 40 else f"...{name[-37:]}"
