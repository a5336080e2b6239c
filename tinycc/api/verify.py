"""Three executions against each other: the original model, the integer reference, the C."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tinycc.api.program import run_samples
from tinycc.api.samples import Samples, real_inputs
from tinycc.frontend import expose_tensors, is_tflite, tflite_names
from tinycc.interp.interpreter import evaluate, run
from tinycc.interp.lite import LiteModel
from tinycc.interp.original import OriginalModel, source_names
from tinycc.ir.graph import Graph, Node
from tinycc.pipeline import Compiled, layered
from tinycc.report.measure import build_firmware
from tinycc.toolchain.run import run_traced

_TOLERATED_STEPS = 1  # rounding half up here, half to even there (numeric contract)


@dataclass(frozen=True)
class Comparison:
    """Values of one step that were compared: how many differ, and by how much at most."""

    values: int = 0
    different: int = 0
    largest: int = 0

    def plus(self, left: np.ndarray, right: np.ndarray) -> Comparison:
        """This comparison with two more arrays counted."""
        gap = np.abs(left.astype(np.float64) - right.astype(np.float64)).reshape(-1)
        return Comparison(
            self.values + gap.size,
            self.different + int(np.count_nonzero(gap)),
            max(self.largest, int(np.ceil(gap.max(initial=0.0)))),
        )


@dataclass(frozen=True)
class StepCheck:
    """One node: against the original given equal inputs (None: no such tensor), and in C."""

    node: Node
    original: Comparison | None
    compiled: Comparison | None


@dataclass(frozen=True)
class Verification:
    """The table of `verify`. `machine`: what ran the C.

    Steps are compared layer by layer; `outputs` are those of the schedule that was asked for.
    """

    samples: int
    steps: tuple[StepCheck, ...]
    outputs: Comparison
    machine: str
    note: str

    @property
    def first_difference(self) -> StepCheck | None:
        """The first step whose C differs, or that is off by more than the contract allows."""
        for step in self.steps:
            if step.compiled is not None and step.compiled.different:
                return step
            if step.original is not None and step.original.largest > _TOLERATED_STEPS:
                return step
        return None


def verify(compiled: Compiled, samples: Samples, original: Path | None) -> Verification:
    """Compares all steps on all samples; without `original` only the reference and the C."""
    graph = compiled.graph
    computed = [run(graph, _renamed(compiled, samples.one(i))) for i in range(samples.count)]
    against_original: Mapping[str, Comparison] = {}
    if original is not None:
        against_original = compare_original(compiled, samples, original)
    against_c, machine, note = _compare_compiled(compiled, samples, computed)
    steps = tuple(
        StepCheck(node, against_original.get(node.output), against_c.get(node.output))
        for node in graph.nodes
    )
    outputs = _compare_outputs(compiled, samples, computed)
    return Verification(samples.count, steps, outputs, machine, note)


def _compare_outputs(
    compiled: Compiled, samples: Samples, computed: Sequence[Mapping[str, np.ndarray]]
) -> Comparison:
    found, _ = run_samples(compiled, samples)
    pairs = zip(compiled.interface.outputs, compiled.graph.outputs, strict=True)
    comparison = Comparison()
    for name, now in pairs:
        for values, array in zip(computed, found[name], strict=True):
            comparison = comparison.plus(values[now], array)
    return comparison


def compare_original(compiled: Compiled, samples: Samples, original: Path) -> dict[str, Comparison]:
    """Every node against the original, each given the original's own inputs; by output tensor."""
    graph = compiled.graph
    model = original_model(compiled, original)
    found: dict[str, Comparison] = {}
    for index in range(samples.count):
        stored = samples.one(index)
        reals = real_inputs(compiled.interface, samples, index)
        given = {name: (reals if name in model.float_inputs else stored)[name] for name in stored}
        theirs = model.run(given, model.tensors)
        _compare_sample(graph, theirs, _renamed(compiled, stored), found)
    return found


def original_model(compiled: Compiled, path: Path) -> OriginalModel | LiteModel:
    """The model file in onnxruntime, or in LiteRT where it is a .tflite file."""
    graph = compiled.graph
    if is_tflite(path):
        return LiteModel(path, tflite_names(path), graph)
    shapes = dict(compiled.options.shapes)
    source = path if compiled.quantized is None else compiled.quantized.onnx
    return OriginalModel(expose_tensors(source, source_names(graph), shapes), graph)


def _compare_sample(
    graph: Graph,
    theirs: Mapping[str, np.ndarray],
    inputs: Mapping[str, np.ndarray],
    found: dict[str, Comparison],
) -> None:
    values = dict(inputs)
    for node in graph.nodes:
        instance = graph.instance(node)
        operands = [
            tensor.data if tensor.data is not None else values[tensor.name]
            for tensor in instance.inputs
        ]
        ours = evaluate(instance, operands)
        values[node.output] = theirs.get(node.output, ours)
        if node.output in theirs:
            before = found.get(node.output, Comparison())
            found[node.output] = before.plus(ours, theirs[node.output])


def _compare_compiled(
    compiled: Compiled, samples: Samples, computed: Sequence[Mapping[str, np.ndarray]]
) -> tuple[dict[str, Comparison], str, str]:
    compiled = layered(compiled)
    plan = compiled.plan
    types = [compiled.graph.tensors[s.node.output].type for s in plan.schedule.steps]
    with tempfile.TemporaryDirectory(prefix="tinycc-") as folder:
        image = build_firmware(compiled, Path(folder), trace=True)
        sizes = [compiled.interface.tensors[n].type.bytes for n in compiled.interface.outputs]
        result, traces = run_traced(
            image, samples.bytes(), samples.count, sizes, [type_.bytes for type_ in types]
        )
    found: dict[str, Comparison] = {}
    for step, type_, trace in zip(plan.schedule.steps, types, traces, strict=True):
        arrays = np.frombuffer(trace, type_.dtype.numpy).reshape(samples.count, *type_.shape)
        comparison = Comparison()
        for values, array in zip(computed, arrays, strict=True):
            comparison = comparison.plus(values[step.node.output], array)
        found[step.node.output] = comparison
    return found, result.machine, result.note


def _renamed(compiled: Compiled, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Inputs by the graph's names instead of the interface's."""
    pairs = zip(compiled.interface.inputs, compiled.graph.inputs, strict=True)
    return {now: inputs[original] for original, now in pairs}
