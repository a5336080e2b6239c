"""What int8 costs: noise of every layer against float, and scores of the C beside the original."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tinycc.api.program import run_samples
from tinycc.api.samples import Samples, real_samples
from tinycc.api.score import Score, score
from tinycc.api.verify import original_model
from tinycc.errors import ModelError
from tinycc.ops.numerics import real_values
from tinycc.pipeline import Compiled
from tinycc.quantize.noise import LayerNoise, layer_noise
from tinycc.quantize.runner import Runner

_BATCH = 16


@dataclass(frozen=True)
class Accuracy:
    """`layers`: only for float models that were quantised here. `scores` by what was run."""

    layers: tuple[LayerNoise, ...]
    scores: Mapping[str, Score]


def accuracy(
    compiled: Compiled, samples: Samples, labels: np.ndarray | None, original: Path | None
) -> Accuracy:
    """Noise and, with labels, scores on all of the samples.

    Raises ModelError where labels do not fit the samples or the outputs.
    """
    layers: tuple[LayerNoise, ...] = ()
    if compiled.quantized is not None:
        model = compiled.quantized
        layers = layer_noise(model.original, model.quantized, _batches(compiled, samples))
    scores = {} if labels is None else _scores(compiled, samples, labels, original)
    return Accuracy(layers, scores)


def _scores(
    compiled: Compiled, samples: Samples, labels: np.ndarray, original: Path | None
) -> dict[str, Score]:
    interface = compiled.interface
    if len(interface.outputs) != 1 or len(interface.inputs) != 1:
        raise ModelError(
            f"labels need a model with one input and one output, this one has "
            f"{len(interface.inputs)} and {len(interface.outputs)}"
        )
    (name,), (output,) = interface.inputs, interface.outputs
    inputs = real_samples(interface, samples)[name]
    stored, _ = run_samples(compiled, samples)
    found = {
        "C": score(inputs, real_values(stored[output], interface.tensors[output].type), labels)
    }
    if compiled.quantized is not None:
        runner = Runner(compiled.quantized.original, (output,))
        values = [runner.run(batch)[output] for batch in _batches(compiled, samples)]
        found["float"] = score(inputs, np.concatenate(values), labels)
    elif original is not None:
        found["original"] = score(inputs, _original_outputs(compiled, samples, original), labels)
    return found


def _batches(compiled: Compiled, samples: Samples) -> Iterator[dict[str, np.ndarray]]:
    reals = real_samples(compiled.interface, samples)
    for start in range(0, samples.count, _BATCH):
        yield {name: array[start : start + _BATCH] for name, array in reals.items()}


def _original_outputs(compiled: Compiled, samples: Samples, original: Path) -> np.ndarray:
    """Real outputs of a model file that came quantised, from onnxruntime or LiteRT."""
    model, graph = original_model(compiled, original), compiled.graph
    reals = real_samples(compiled.interface, samples)
    rows = []
    for index in range(samples.count):
        stored = samples.one(index)
        given = {n: reals[n][index] if n in model.float_inputs else stored[n] for n in stored}
        rows.append(model.run(given, graph.outputs)[graph.outputs[0]])
    return real_values(np.stack(rows), graph.tensors[graph.outputs[0]].type)
