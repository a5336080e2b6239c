"""What exact reduction took out of the network: before and after, and by which proofs."""

from __future__ import annotations

from typing import Any

from tinycc.ir.graph import Graph
from tinycc.memory.arrange import arranged
from tinycc.passes.drop_softmax import final_softmax
from tinycc.passes.reduce.proofs import PROOFS
from tinycc.pipeline import Compiled
from tinycc.schedule.cost import graph_macs


def reduction_document(compiled: Compiled) -> dict[str, Any] | None:
    """The reduction as JSON values; None for a reopened folder, which holds the result only."""
    before, after = compiled.written, compiled.graph
    if before is None:
        return None
    arena = None
    if after.removals:
        arena = arranged(before, compiled.target, compiled.options.goal)[0].arena_bytes
    removed = [(list(one.nodes), one.proof, one.channels) for one in after.removals]
    for name in sorted(compiled.plan.schedule.joined):
        node = after.producer[name]
        removed.append((list(node.origin or (node.name,)), "in place", 0))
    return {
        "macs_before": graph_macs(before),
        "macs": graph_macs(after),
        "weights_before": weights(before),
        "weights": weights(after),
        "arena_before": compiled.plan.arena_bytes if arena is None else arena,
        "arena": compiled.plan.arena_bytes,
        "narrow_sums": sum(getattr(node.attrs, "sum_bits", 32) < 32 for node in after.nodes),
        "removed": [
            {"nodes": nodes, "proof": proof, "channels": channels}
            for nodes, proof, channels in removed
        ],
        "proofs": {proof: PROOFS[proof] for _, proof, _ in removed},
    }


def reduction_notes(compiled: Compiled) -> list[str]:
    """Sentences for the model's author: outputs that never change, a Softmax that may go."""
    graph, notes = compiled.graph, []
    names = zip(compiled.interface.outputs, graph.outputs, strict=True)
    fixed = [name for name, now in names if _is_fixed(graph, now)]
    if fixed and len(fixed) == len(graph.outputs):
        notes.append("the output does not depend on the input")
    elif fixed:
        notes.append(f"the output {', '.join(fixed)} does not depend on the input")
    if any(final_softmax(graph, name) for name in graph.outputs):
        notes.append("the last Softmax can go if only the largest value matters: --head argmax")
    for name, ranges in compiled.options.input_ranges.items():
        text = ", ".join(f"{low:g} to {high:g}" for low, high in ranges)
        notes.append(f"results are only right while input {name} is from {text}")
    return notes


def _is_fixed(graph: Graph, output: str) -> bool:
    """True for an output that is written from a constant."""
    node = graph.producer.get(output)
    return node is not None and all(graph.tensors[name].is_constant for name in node.inputs)


def weights(graph: Graph) -> int:
    """Bytes of all weights (int8 constants); biases and multipliers depend on the kernels."""
    constants = (tensor for tensor in graph.tensors.values() if tensor.is_constant)
    return sum(tensor.type.bytes for tensor in constants if tensor.type.dtype.bytes == 1)
