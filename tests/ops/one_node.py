"""One ONNX node in float, computed by onnxruntime and by the imported graph."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from onnx_models import OnnxModel

from tinycc.frontend import read_onnx
from tinycc.interp.interpreter import run
from tinycc.ir.graph import Graph

Operand = tuple[int, ...] | np.ndarray | list[int] | float | None


def import_node(
    folder: Path,
    op: str,
    operands: Sequence[Operand],
    opset: int = 13,
    outputs: int = 1,
    **attributes: object,
) -> Graph:
    """The graph of one node; a tuple is the shape of an input, anything else a constant."""
    net = OnnxModel(opset)
    names = [_operand(net, index, operand) for index, operand in enumerate(operands)]
    results = [f"y{index}" for index in range(outputs)]
    net.node(op, names, results, **attributes)
    for name in results:
        net.output(name)
    return read_onnx(net.save(folder))


def _operand(net: OnnxModel, index: int, operand: Operand) -> str:
    if operand is None:
        return ""
    if isinstance(operand, tuple):
        if operand[0] == 1:
            return net.input(f"x{index}", operand)
        batched = net.input(f"x{index}", (1, *operand))  # the frontend takes one sample
        return net.node("Reshape", [batched, net.constant(list(operand), np.int64)])
    integers = isinstance(operand, list)
    return net.constant(operand, np.int64 if integers else np.float32)


def assert_equals_onnxruntime(folder: Path, graph: Graph, seed: int = 0) -> None:
    """All outputs within float32 accuracy, on normal inputs."""
    rng = np.random.default_rng(seed)
    inputs = {
        name: rng.normal(0, 2, graph.tensors[name].type.shape).astype(np.float32)
        for name in graph.inputs
    }
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(next(folder.glob("*.onnx"))), options)
    theirs = session.run(list(graph.outputs), inputs)
    values = {**inputs, **{t.name: t.data for t in graph.tensors.values() if t.is_constant}}
    values.update(run(graph, inputs))
    for name, expected in zip(graph.outputs, theirs, strict=True):
        np.testing.assert_allclose(values[name], expected, rtol=2e-4, atol=2e-5, equal_nan=False)
