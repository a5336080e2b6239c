"""Compares an imported graph with onnxruntime, node by node, each given onnxruntime's inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tinycc.frontend import expose_tensors, read_onnx
from tinycc.interp.interpreter import evaluate
from tinycc.interp.original import OriginalModel, source_names
from tinycc.ir.graph import Graph
from tinycc.ir.types import TensorType
from tinycc.pipeline import Options, lower, reduce
from tinycc.progress import silent
from tinycc.target import load_target

Shapes = Mapping[str, tuple[int, ...]]


def random_inputs(graph: Graph, seed: int = 0) -> dict[str, np.ndarray]:
    """Inputs over the full range of integer types, normal ones for float."""
    rng = np.random.default_rng(seed)
    return {name: _random(graph.tensors[name].type, rng) for name in graph.inputs}


def _random(type_: TensorType, rng: np.random.Generator) -> np.ndarray:
    if type_.is_float:
        return rng.normal(0, 1, type_.shape).astype(np.float32)
    limits = np.iinfo(type_.dtype.numpy)
    drawn = rng.integers(limits.min, limits.max, type_.shape, endpoint=True)
    return drawn.astype(type_.dtype.numpy)


def assert_equals_onnxruntime(path: Path, shapes: Shapes | None = None, seed: int = 0) -> Graph:
    """Float results within 1e-4 of the largest value, integers within one step of rounding.

    Returns the graph, for further checks.
    """
    graph = read_onnx(path, shapes or {})
    original = OriginalModel(expose_tensors(path, source_names(graph), shapes or {}), graph)
    inputs = random_inputs(graph, seed)
    theirs = original.run(inputs, original.tensors)
    assert set(graph.outputs) <= set(theirs)
    values = {**inputs}
    for node in graph.nodes:
        instance = graph.instance(node)
        operands = [
            tensor.data if tensor.data is not None else values[tensor.name]
            for tensor in instance.inputs
        ]
        ours = evaluate(instance, operands)
        if node.output in theirs:
            _assert_close(node.output, ours, theirs[node.output])
        values[node.output] = theirs.get(node.output, ours)
    return graph


def _assert_close(name: str, ours: np.ndarray, theirs: np.ndarray) -> None:
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype), name
    difference = np.abs(ours.astype(np.float64) - theirs.astype(np.float64))
    if ours.dtype == np.float32:
        assert difference.max() <= 1e-4 * max(1.0, float(np.abs(theirs).max())), name
        return
    assert difference.max() <= 1, name
    assert np.mean(difference > 0) <= 0.002 or np.sum(difference > 0) <= 1, name


def assert_compiled_equals_onnxruntime(path: Path, samples: Sequence[np.ndarray]) -> Graph:
    """Every operator of the integer network within one step, given onnxruntime's operands.

    `samples` are what the file's one input takes. Returns the network that the C is written from.
    """
    graph = read_onnx(path)
    target = load_target("host")
    lowered = lower(graph, Options(), target, silent, silent)
    reduced = reduce(lowered, graph, Options(), target, silent, silent)
    original = OriginalModel(expose_tensors(path, source_names(reduced)), reduced)
    for sample in samples:
        theirs = original.run({graph.inputs[0]: sample}, original.tensors)
        values = {name: theirs[name] for name in reduced.inputs if name in theirs}
        for name in reduced.inputs:
            type_ = reduced.tensors[name].type
            values.setdefault(name, quantized(sample, type_))
        for node in reduced.nodes:
            instance = reduced.instance(node)
            operands = [
                tensor.data if tensor.data is not None else values[tensor.name]
                for tensor in instance.inputs
            ]
            values[node.output] = ours = evaluate(instance, operands)
            if node.output in theirs:
                gap = np.abs(ours.astype(np.float64) - theirs[node.output])
                assert gap.max() <= (1e-4 if ours.dtype == np.float32 else 1), node
                values[node.output] = theirs[node.output]
    return reduced


def quantized(values: np.ndarray, type_: TensorType) -> np.ndarray:
    """Real values as int8, half to even as onnxruntime rounds."""
    steps = np.rint(values / np.float32(type_.scale)) + type_.zero_point
    return np.clip(steps, -128, 127).astype(np.int8)
