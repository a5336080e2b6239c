"""Moves transposes and reshapes down until they meet their opposites, so that NCHW becomes NHWC.

    a: 1x8x4x4 = transpose(conv) (0,3,1,2)         a: 1x4x4x8 = lookup(conv) relu
    b: 1x8x4x4 = lookup(a) relu              ->    d: 1x4x4x8 = conv2d(a, ...)
    c: 1x4x4x8 = transpose(b) (0,2,3,1)
    d: 1x4x4x8 = conv2d(c, ...)

What cannot be cancelled stays: at the border the model keeps its own layout. Nothing stands between
an operator, its activation and its quantize afterwards, which later passes rely on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import numpy as np

from tinycc.ir.graph import Graph, Node, Tensor
from tinycc.ir.rewrite import Rewrite
from tinycc.ir.types import Quantization, TensorType
from tinycc.ops.concat import Concat
from tinycc.ops.pad import Pad
from tinycc.passes.movement import Movement, movement, moves_only_ones, source_before
from tinycc.target import Target

_UNARY = frozenset({"lookup", "quantize", "dequantize", "recentre"})
_BINARY = frozenset({"add", "sub", "mul"})
_ROUNDS = 10_000  # far more than any path is long; a bound against a rule that undoes another


def remove_transposes(graph: Graph, target: Target) -> Graph:
    """The graph with every transpose and reshape as far down as it can go."""
    moved = graph
    for _ in range(_ROUNDS):
        after = _sink_once(_merge(moved))
        if after is moved:
            break
        moved = after
    return _named_as_before(graph, moved)


def _merge(graph: Graph) -> Graph:
    """Drops movements that do nothing or repeat others, joins neighbours."""
    for _ in range(_ROUNDS):
        edit, touched = Rewrite(graph), set[str]()
        seen: dict[tuple[str, Movement], str] = {}
        for node in graph.nodes:
            move = movement(graph, node.output)
            if move is None or not touched.isdisjoint((*node.inputs, node.output)):
                continue
            first = seen.setdefault((node.inputs[0], move), node.output)
            if first != node.output and node.output not in graph.outputs:
                edit.remove(node)
                edit.redirect(node.output, first)
            elif not _merge_node(edit, node, move):
                continue
            touched.update((*node.inputs, node.output, first))
        after = edit.apply()
        if after is graph:
            break
        graph = after
    return graph


def _merge_node(edit: Rewrite, node: Node, move: Movement) -> bool:
    graph = edit.graph
    if move.before == move.after and move.is_free and node.output not in graph.outputs:
        edit.remove(node)
        edit.redirect(node.output, node.inputs[0])
        return True
    if move.permutation is not None and move.is_free:
        edit.node(replace(move, permutation=None).node(node.name, node.inputs[0], node.output, ()))
        return True
    above = movement(graph, node.inputs[0])
    if above is None:
        return False
    if move.permutation is not None and above.permutation is None:
        return _merge_across_reshape(edit, node, move, above)
    joined = _joined(above, move)
    if joined is None:
        return False
    source = graph.producer[node.inputs[0]].inputs[0]
    edit.node(joined.node(node.name, source, node.output, node.origin))
    return True


def _merge_across_reshape(edit: Rewrite, node: Node, move: Movement, middle: Movement) -> bool:
    """transpose(reshape(transpose(x))), where the reshape adds or drops ones, as one transpose."""
    graph = edit.graph
    between = graph.producer[node.inputs[0]].inputs[0]
    first = movement(graph, between)
    if first is None or first.permutation is None or not middle.changes_only_ones:
        return False
    kept = [axis for axis in first.permutation if first.before[axis] != 1]
    places = [axis for axis, extent in enumerate(middle.after) if extent != 1]
    assert move.permutation is not None
    order = [kept[places.index(axis)] for axis in move.permutation if middle.after[axis] != 1]
    ones = [axis for axis, extent in enumerate(first.before) if extent == 1]
    source = graph.producer[between].inputs[0]
    turn = Movement(first.before, tuple(first.before[a] for a in order + ones), (*order, *ones))
    name = edit.fresh(f"{node.output}.turned")
    edit.tensor(Tensor(name, graph.tensors[node.output].type.with_shape(turn.after)))
    edit.node(turn.node(name, source, name, ()))
    shaped = Movement(turn.after, move.after, None)
    edit.node(shaped.node(node.name, name, node.output, node.origin))
    return True


def _joined(first: Movement, second: Movement) -> Movement | None:
    if first.permutation is None and second.permutation is None:
        return Movement(first.before, second.after, None)
    if first.permutation is not None and second.permutation is not None:
        order = tuple(first.permutation[axis] for axis in second.permutation)
        return Movement(first.before, second.after, order)
    return None


def _sink_once(graph: Graph) -> Graph:
    """Moves one movement below the node that reads it, for as many nodes as do not touch."""
    edit, touched = Rewrite(graph), set[str]()
    for node in graph.nodes:
        if touched.isdisjoint((*node.inputs, node.output)) and _sink(edit, node):
            touched.update((*node.inputs, node.output))
    return edit.apply()


def _sink(edit: Rewrite, node: Node) -> bool:
    if node.op == "fully_connected":
        return _fold_into_weights(edit, node)
    rule = _RULES.get(node.op)
    if rule is None:
        return False
    moves = [movement(edit.graph, name) for name in node.inputs]
    move = next((m for m in moves if m is not None), None)
    return move is not None and rule(edit, node, move)


def _sink_unary(edit: Rewrite, node: Node, move: Movement) -> bool:
    source = edit.graph.producer[node.inputs[0]].inputs[0]
    return _replace_below(edit, node, move, node.attrs, (source,), move.before)


def _sink_binary(edit: Rewrite, node: Node, move: Movement) -> bool:
    if edit.graph.tensors[node.output].type.shape != move.after:
        return False
    inputs = tuple(_aligned(edit, name, move) for name in node.inputs)
    if None in inputs:
        return False
    return _replace_below(edit, node, move, node.attrs, cast(tuple[str, ...], inputs), move.before)


def _sink_concat(edit: Rewrite, node: Node, move: Movement) -> bool:
    graph, axis = edit.graph, cast(Concat, node.attrs).axis
    moves = [movement(graph, name) for name in node.inputs]
    before = {m.axis(axis) if m is not None else None for m in moves}
    orders = {m.permutation if m is not None else () for m in moves}
    if len(before) != 1 or None in before or len(orders) != 1:
        return False
    own = cast(int, before.pop())
    shape = list(move.before)
    shape[own] = graph.tensors[node.output].type.shape[axis]
    rests = {(*m.before[:own], *m.before[own + 1 :]) for m in moves if m is not None}
    if len(rests) != 1:
        return False
    inputs = tuple(graph.producer[name].inputs[0] for name in node.inputs)
    after = Movement(tuple(shape), graph.tensors[node.output].type.shape, move.permutation)
    return _replace_below(edit, node, after, Concat(own), inputs, after.before)


def _sink_pad(edit: Rewrite, node: Node, move: Movement) -> bool:
    attrs = cast(Pad, node.attrs)
    pads, shape = [(0, 0)] * len(move.before), list(move.before)
    for axis, amounts in enumerate(attrs.pads):
        own = move.axis(axis)
        if amounts == (0, 0):
            continue
        if own is None:
            return False
        pads[own] = amounts
        shape[own] += sum(amounts)
    after = Movement(tuple(shape), edit.graph.tensors[node.output].type.shape, move.permutation)
    source = edit.graph.producer[node.inputs[0]].inputs[0]
    padded = replace(attrs, pads=tuple(pads))
    return _replace_below(edit, node, after, padded, (source,), after.before)


_RULES: dict[str, Callable[[Rewrite, Node, Movement], bool]] = {
    **dict.fromkeys(_UNARY, _sink_unary),
    **dict.fromkeys(_BINARY, _sink_binary),
    "concat": _sink_concat,
    "pad": _sink_pad,
}


def _replace_below(
    edit: Rewrite,
    node: Node,
    move: Movement,
    attrs: object,
    inputs: tuple[str, ...],
    shape: tuple[int, ...],
) -> bool:
    """op(move(x)) becomes move(op(x)); the old output keeps its name behind the movement."""
    old = edit.graph.tensors[node.output]
    source = source_before(old.source, move)
    name = edit.fresh(f"{node.output}.moved")
    edit.tensor(Tensor(name, old.type.with_shape(shape), source=source))
    edit.node(replace(node, attrs=attrs, inputs=inputs, output=name))
    edit.node(move.node(f"{node.name}.moved", name, node.output, ()))
    return True


def _aligned(edit: Rewrite, name: str, move: Movement) -> str | None:
    """The operand that stands for `name` once the other operand is read before `move`."""
    graph = edit.graph
    tensor = graph.tensors[name]
    if tensor.data is not None:
        data = move.undo(tensor.data)
        return None if data is None else edit.tensor(_moved_constant(edit, tensor, data))
    own = movement(graph, name)
    shape = move.undo(np.broadcast_to(np.int8(0), tensor.type.shape))
    if shape is None:
        return None
    if own is not None and (own.before, own.permutation) == (shape.shape, move.permutation):
        return graph.producer[name].inputs[0]
    if move.permutation is None or not _stays_in_place(tensor.type.shape, move.permutation):
        return None  # a reshape is not worth another one, and the two could chase each other
    moved = edit.fresh(f"{name}.moved")
    edit.tensor(Tensor(moved, tensor.type.with_shape(shape.shape), source=tensor.source))
    edit.node(Movement(tensor.type.shape, shape.shape, None).node(moved, name, moved, ()))
    return moved


def _stays_in_place(shape: tuple[int, ...], permutation: tuple[int, ...]) -> bool:
    """True when undoing the transpose on a run-time operand of this shape moves no byte."""
    full = (1,) * (len(permutation) - len(shape)) + shape
    return moves_only_ones(full, np.argsort(permutation).tolist())


def _moved_constant(edit: Rewrite, tensor: Tensor, data: np.ndarray) -> Tensor:
    quantization = tensor.type.quantization
    if quantization is not None and quantization.axis is not None and len(quantization.scale) > 1:
        longest = [axis for axis, extent in enumerate(data.shape) if extent > 1]
        quantization = Quantization(
            quantization.scale, quantization.zero_point, longest[0] if longest else 0
        )
    name = edit.fresh(f"{tensor.name}.moved")
    type_ = TensorType(data.shape, tensor.type.dtype, quantization)
    return Tensor(name, type_, np.ascontiguousarray(data))


def _fold_into_weights(edit: Rewrite, node: Node) -> bool:
    """fully_connected(reshape(transpose(x))): the weights' columns are permuted instead."""
    graph = edit.graph
    flat = movement(graph, node.inputs[0])
    if flat is None or flat.permutation is not None:
        return False
    middle = graph.producer[node.inputs[0]].inputs[0]
    turn = movement(graph, middle)
    weights = graph.tensors[node.inputs[1]]
    if turn is None or turn.permutation is None or turn.permutation[0] != 0:
        return False
    if (
        weights.data is None
        or flat.before[0] != 1
        or flat.after[-1] * flat.after[0] != np.prod(flat.before)
    ):
        return False
    count = weights.type.shape[0]
    order = np.argsort(turn.permutation)
    data = weights.data.reshape(count, *turn.after[1:]).transpose(order)
    fresh = edit.fresh(f"{weights.name}.moved")
    edit.tensor(Tensor(fresh, weights.type, np.ascontiguousarray(data).reshape(count, -1)))
    straight = edit.fresh(f"{node.inputs[0]}.moved")
    source = graph.producer[middle].inputs[0]
    edit.tensor(Tensor(straight, graph.tensors[node.inputs[0]].type))
    edit.node(Movement(turn.before, flat.after, None).node(straight, source, straight, ()))
    edit.node(replace(node, inputs=(straight, fresh, *node.inputs[2:])))
    return True


def _named_as_before(before: Graph, after: Graph) -> Graph:
    """Gives moved tensors the names of the ones they replaced, where those are gone."""
    names: dict[str, str] = {}
    for name in after.tensors:
        old = name
        while old not in before.tensors and ".moved" in old:
            old = old[: old.rindex(".moved")]
        if old != name and old in before.tensors and old not in after.tensors:
            names.setdefault(old, name)
    renamed = {new: old for old, new in names.items()}
    if not renamed:
        return after
    tensors = [replace(t, name=renamed.get(t.name, t.name)) for t in after.tensors.values()]
    nodes = [
        replace(
            node,
            inputs=tuple(renamed.get(name, name) for name in node.inputs),
            output=renamed.get(node.output, node.output),
        )
        for node in after.nodes
    ]
    outputs = [renamed.get(name, name) for name in after.outputs]
    return Graph.build(after.name, tensors, nodes, after.inputs, outputs, after.origin)
