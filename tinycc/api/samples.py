"""Arrays of users against the integer tensors of the C interface: checks, quantises, stacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from tinycc.errors import ModelError
from tinycc.ir.graph import Graph
from tinycc.ir.types import TensorType
from tinycc.ops.numerics import real_values


@dataclass(frozen=True)
class Samples:
    """Inputs as stored, [count, *shape] per input; `stacked`: the user gave a sample axis.

    `reals` are the real numbers of those inputs that the user gave as such.
    """

    values: Mapping[str, np.ndarray]
    count: int
    stacked: bool
    reals: Mapping[str, np.ndarray] = field(default_factory=dict)

    def one(self, index: int) -> dict[str, np.ndarray]:
        """The inputs of one sample."""
        return {name: array[index] for name, array in self.values.items()}

    def first(self, count: int) -> Samples:
        """At most `count` samples from the start."""
        kept = {name: array[:count] for name, array in self.values.items()}
        reals = {name: array[:count] for name, array in self.reals.items()}
        return Samples(kept, min(count, self.count), self.stacked, reals)

    def bytes(self) -> list[bytes]:
        """All samples of each input in a row, as the harness reads them."""
        return [np.ascontiguousarray(array).tobytes() for array in self.values.values()]


def samples_of(graph: Graph, arrays: Mapping[str, np.ndarray]) -> Samples:
    """User arrays, by interface name, as stored values.

    An array has the input's shape, with any number of samples on a leading axis (which may be the
    batch axis). float32 and float64 are quantised as ONNX's QuantizeLinear does (half to even);
    integers must have the interface's type.
    """
    for name in arrays:
        if name not in graph.inputs:
            raise ModelError(
                f"the model has no input `{name}`", hint=f"its inputs: {', '.join(graph.inputs)}"
            )
    found: dict[str, np.ndarray] = {}
    stacked: dict[str, bool] = {}
    reals: dict[str, np.ndarray] = {}
    for name in graph.inputs:
        if name not in arrays:
            raise ModelError(f"input `{name}` has no value", hint=f"--input {name}=x.npy")
        type_ = graph.tensors[name].type
        array, stacked[name] = _with_sample_axis(name, np.asarray(arrays[name]), type_)
        found[name] = _stored(name, array, type_)
        if np.issubdtype(array.dtype, np.floating):
            reals[name] = array
    counts = {name: len(array) for name, array in found.items()}
    if len(set(counts.values())) > 1:
        text = ", ".join(f"`{name}` {count}" for name, count in counts.items())
        raise ModelError(f"the inputs hold different numbers of samples: {text}")
    count = next(iter(counts.values()), 1)
    if count == 0:
        raise ModelError("the input file holds no sample")
    return Samples(found, count, any(stacked.values()), reals)


def _with_sample_axis(name: str, array: np.ndarray, type_: TensorType) -> tuple[np.ndarray, bool]:
    shape = type_.shape
    if array.shape == shape:
        return array[np.newaxis], False
    if array.shape[1:] == shape:
        return array, True
    if shape and shape[0] == 1 and array.shape[1:] == shape[1:]:
        return array[:, np.newaxis], True
    if shape and shape[0] == 1 and array.shape == shape[1:]:
        return array[np.newaxis, np.newaxis], False
    wanted = "x".join(map(str, shape))
    raise ModelError(
        f"input `{name}` has shape {'x'.join(map(str, array.shape))}, the model takes {wanted}",
        hint=f"one sample of {wanted}, or several along a leading axis",
    )


def _stored(name: str, array: np.ndarray, type_: TensorType) -> np.ndarray:
    if array.dtype == type_.dtype.numpy:
        return array
    if not np.issubdtype(array.dtype, np.floating):
        raise ModelError(
            f"input `{name}` is {array.dtype}, the model takes {type_.dtype.value}",
            hint=f"{type_}; real numbers (float32) are quantised for you",
        )
    if np.isnan(array).any():
        raise ModelError(f"input `{name}` holds NaN")
    if type_.is_float:
        return array.astype(np.float32)
    scale, zero = np.float32(type_.scale), type_.zero_point
    info = np.iinfo(np.dtype(type_.dtype.value))
    with np.errstate(over="ignore"):  # what lies beyond all steps is clipped
        steps = np.rint(array.astype(np.float32) / scale) + zero
    stored: np.ndarray = np.clip(steps, info.min, info.max)
    return stored.astype(type_.dtype.numpy)


def real_inputs(graph: Graph, samples: Samples, index: int) -> dict[str, np.ndarray]:
    """One sample as the real numbers (float32) that its stored values stand for."""
    return {
        name: real_values(array[index], graph.tensors[name].type).astype(np.float32)
        for name, array in samples.values.items()
    }


def real_samples(graph: Graph, samples: Samples) -> dict[str, np.ndarray]:
    """All samples as float32 [count, *shape]: as given, or what the stored values stand for."""
    found = {}
    for name, stored in samples.values.items():
        given = samples.reals.get(name)
        reals = real_values(stored, graph.tensors[name].type) if given is None else given
        found[name] = reals.astype(np.float32)
    return found


def stacked_outputs(
    graph: Graph, samples: Samples, outputs: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Outputs [count, *shape] as the user gave the inputs: with or without a sample axis."""
    if not samples.stacked:
        return {name: array[0] for name, array in outputs.items()}
    joined = {}
    for name, array in outputs.items():
        shape = graph.tensors[name].type.shape
        joined[name] = array[:, 0] if shape and shape[0] == 1 and array.ndim > 2 else array
    return joined
