"""The checked skeleton of an ONNX graph: who makes each value, in which order."""

from __future__ import annotations

import graphlib
import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tinycc.errors import ModelError, Problem
from tinycc.frontend.model_file import ModelFile
from tinycc.frontend.wording import quoted, quoted_list


@dataclass(frozen=True)
class Structure:
    """The nodes that the outputs need, in topological order, and the values around them.

    `inputs` are the graph's inputs without initialisers (old files list those as inputs too).
    """

    nodes: tuple[Any, ...]  # onnx.NodeProto
    inputs: tuple[Any, ...]  # onnx.ValueInfoProto
    outputs: tuple[str, ...]
    initializers: Mapping[str, Any]  # onnx.TensorProto
    names: frozenset[str]


def node_name(node: Any) -> str:
    """The name of a node; its first output's where the exporter left it empty."""
    name: str = node.name or next((output for output in node.output if output), "")
    return name


def read_structure(file: ModelFile) -> Structure:
    """The skeleton; ModelError for values made twice or never, cycles, missing outputs."""
    graph = file.proto.graph
    _check_text(file)
    if graph.sparse_initializer:
        raise ModelError(
            "sparse initialisers are not supported", file.where, "store the weights dense"
        )
    initializers = {tensor.name: tensor for tensor in graph.initializer}
    inputs = tuple(value for value in graph.input if value.name not in initializers)
    producers = _producers(file, inputs)
    outputs = _outputs(file, {value.name for value in inputs}, {*producers, *initializers})
    reachable = _reachable(graph.node, producers, outputs)
    _check_inputs_exist(file, reachable, producers, {value.name for value in inputs})
    order = _topological(file, reachable, producers)
    names = {*initializers, *producers, *(value.name for value in inputs)}
    nodes = tuple(graph.node[index] for index in order)
    return Structure(nodes, inputs, outputs, initializers, frozenset(names))


def _check_text(file: ModelFile) -> None:
    """Damaged files hold names that are no text; protobuf hands them out as bytes."""
    graph = file.proto.graph
    values = [*graph.input, *graph.output, *graph.initializer]
    texts = [value.name for value in values]
    for node in graph.node:
        texts += [node.name, node.op_type, node.domain, *node.input, *node.output]
        texts += [attribute.name for attribute in node.attribute]
    if not all(isinstance(text, str) for text in texts):
        raise ModelError("a name in the model is not valid UTF-8 text", file.where)


def _producers(file: ModelFile, inputs: Sequence[Any]) -> dict[str, int]:
    """The index of the node that makes each value."""
    graph = file.proto.graph
    made: dict[str, str] = {}
    producers: dict[str, int] = {}
    problems: list[Problem] = []

    def claim(name: str, maker: str) -> None:
        if name in made:
            message = f"value {quoted(name)} is made twice: by {made[name]} and by {maker}"
            problems.append(Problem(message, file.where, "names of values must be unique"))
        made[name] = maker

    for value in inputs:
        claim(value.name, "the graph's inputs")
    for tensor in graph.initializer:
        claim(tensor.name, "an initialiser")
    for index, node in enumerate(graph.node):
        for name in filter(None, node.output):
            claim(name, f"node {quoted(node_name(node))} ({node.op_type})")
            producers[name] = index
    if problems:
        raise ModelError.of(problems)
    return producers


def _outputs(file: ModelFile, inputs: set[str], made: set[str]) -> tuple[str, ...]:
    outputs = tuple(value.name for value in file.proto.graph.output)
    if not outputs:
        raise ModelError("the graph has no outputs", file.where, "export the model again")
    problems = []
    for name in dict.fromkeys(outputs):
        if outputs.count(name) > 1:
            problems.append(Problem(f"the graph has two outputs named {quoted(name)}", file.where))
        if name in inputs:
            message = f"output {quoted(name)} is an input handed through"
            problems.append(Problem(message, file.where, "remove it from the outputs"))
        elif name not in made:
            message = f"output {quoted(name)} is made by no node"
            problems.append(Problem(message, file.where, "the file is damaged; export it again"))
    if problems:
        raise ModelError.of(problems)
    return outputs


def _reachable(
    nodes: Sequence[Any], producers: Mapping[str, int], outputs: Sequence[str]
) -> list[int]:
    """Indices of the nodes that some output needs, in the file's order."""
    pending = [producers[name] for name in outputs if name in producers]
    seen = set(pending)
    while pending:
        for name in nodes[pending.pop()].input:
            index = producers.get(name)
            if index is not None and index not in seen:
                seen.add(index)
                pending.append(index)
    return sorted(seen)


def _check_inputs_exist(
    file: ModelFile, indices: Sequence[int], producers: Mapping[str, int], inputs: set[str]
) -> None:
    graph = file.proto.graph
    known = {*inputs, *producers, *(tensor.name for tensor in graph.initializer), ""}
    problems = [
        Problem(
            f"node {quoted(node_name(graph.node[index]))} ({graph.node[index].op_type}) reads "
            f"{quoted(name)}, which nothing makes",
            file.where,
            "the file is damaged or was cut out of a larger graph; export it again",
        )
        for index in indices
        for name in graph.node[index].input
        if name not in known
    ]
    if problems:
        raise ModelError.of(problems)


def _topological(
    file: ModelFile, indices: Sequence[int], producers: Mapping[str, int]
) -> list[int]:
    """The nodes with producers first, otherwise in the file's order."""
    nodes = file.proto.graph.node
    sorter = graphlib.TopologicalSorter(
        {i: [producers[name] for name in nodes[i].input if name in producers] for i in indices}
    )
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        found: list[int] = error.args[1][1:]  # the first is repeated at the end
        start = found.index(min(found))
        cycle = [node_name(nodes[index]) for index in found[start:] + found[:start]]
        raise ModelError(
            f"the graph has a cycle through {len(cycle)} nodes: {quoted_list(cycle)}",
            file.where,
            "a network for one sample has none; unroll recurrent parts before the export",
        ) from error
    ready: list[int] = []
    order: list[int] = []
    while sorter.is_active():
        for index in sorter.get_ready():
            heapq.heappush(ready, index)
        order.append(heapq.heappop(ready))
        sorter.done(order[-1])
    return order
