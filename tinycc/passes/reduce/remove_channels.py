"""Channels that are constant, copies of others or weighed by nobody disappear.

    a: 1x8x8x16 = conv2d(x, w[16])                 a: 1x8x8x9 = conv2d(x, w[9 rows of 16])
    b: 1x8x8x16 = add(a, a)                  ->    b: 1x8x8x9 = add(a, a)
    c: 1x8x8x4 = conv2d(b, v[4, 16], bias)         c: 1x8x8x4 = conv2d(b, v[4, 9], bias + folded)

A layer keeps its multipliers and accumulator format bit for bit (`precision`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np

from tinycc import ops
from tinycc.ir.graph import Graph, Instance, Node, Source, Tensor
from tinycc.ir.rewrite import Rewrite
from tinycc.ir.types import DType, Quantization, TensorType
from tinycc.ops import channels
from tinycc.ops.channels import last_extent
from tinycc.ops.concat import Concat
from tinycc.ops.dense import instance_constants
from tinycc.ops.numerics import INT32_MAX
from tinycc.passes.fold_bias import DENSE
from tinycc.passes.reduce.copies import Copies, copies_of
from tinycc.passes.reduce.limits import Limits, limits_of
from tinycc.passes.reduce.needs import Kept, kept_channels, relation_of
from tinycc.passes.reduce.proofs import removed_channels
from tinycc.passes.reduce.weighing import Weighing, weighing, weighs
from tinycc.target import Target


def remove_channels(graph: Graph, target: Target) -> Graph:
    """The graph with only the channels that its outputs depend on."""
    limits, copies = limits_of(graph), copies_of(graph)
    layers = {
        node.output: weighing(graph.instance(node), limits[node.inputs[0]], copies[node.inputs[0]])
        for node in graph.nodes
        if _is_reducible(graph.instance(node)) and not graph.tensors[node.inputs[0]].is_constant
    }
    kept = kept_channels(graph, layers)
    if all(channels.all() for channels in kept.values()):
        return graph
    removal = _Removal(graph, kept, layers)
    if any(removal.overflows(node) for node in graph.nodes):
        return graph  # is refused later, in the words of the model as it is
    return removal.apply(limits, copies)


def _is_reducible(instance: Instance) -> bool:
    return weighs(instance) and relation_of(instance) is not None


class _Removal:
    def __init__(self, graph: Graph, kept: Kept, layers: dict[str, Weighing]) -> None:
        self.graph, self.kept, self.layers = graph, kept, layers
        self.edit = Rewrite(graph)

    def overflows(self, node: Node) -> bool:
        """True for a layer with a remaining channel whose bias int32 does not hold."""
        if node.op not in DENSE or relation_of(self.graph.instance(node)) is None:
            return False
        found = np.array(instance_constants(self.graph.instance(node)).requantization.bias, object)
        return bool((np.abs(found[self.kept[node.output]]) > INT32_MAX).any())

    def apply(self, limits: Limits, copies: Copies) -> Graph:
        for node in self.graph.nodes:
            instance, kept = self.graph.instance(node), self.kept[node.output]
            if not kept.all():
                for proof, count in removed_channels(instance, kept, limits, copies):
                    self.edit.record(node.origin or (node.name,), proof, count)
            if not kept.any():
                self.edit.remove(node)
                continue
            if not kept.all():
                self.edit.tensor(_selected(instance.output, kept))
            self._narrow(instance)
        return self.edit.apply()

    def _narrow(self, instance: Instance) -> None:
        """The node with the channels that remain around it."""
        inputs = tuple(self.kept.get(name) for name in instance.node.inputs)
        kept = channels.Kept(inputs, self.kept[instance.node.output])
        if kept.output.all() and all(i is None or i.all() for i in inputs):
            return
        if instance.node.op in DENSE:
            self._narrow_layer(instance, kept)
            return
        operands = [self._operand(instance, i, kept) for i in range(len(inputs))]
        names = [name for name in operands if name is not None]
        if instance.node.op == "concat" and len(names) == 1:
            self.edit.remove(instance.node)
            self.edit.redirect(instance.node.output, names[0])
            return
        attrs = ops.get(instance.node.op).select(instance, kept)
        self.edit.node(replace(instance.node, attrs=attrs, inputs=tuple(names)))

    def _operand(self, instance: Instance, index: int, kept: channels.Kept) -> str | None:
        """An operand's name after the removal; None for one without channels."""
        tensor, remaining = instance.inputs[index], kept.inputs[index]
        if remaining is not None:
            return tensor.name if remaining.any() else None
        own = _channels_of_constant(instance, index, kept.output)
        if own is None or own.all():
            return tensor.name
        name = self.edit.fresh(f"{tensor.name}.kept")
        return self.edit.tensor(replace(_selected(tensor, own), name=name)) if own.any() else None

    def _narrow_layer(self, instance: Instance, kept: channels.Kept) -> None:
        node, rows = instance.node, kept.output
        found = instance_constants(instance).requantization
        bias = np.array(found.bias, object)[rows]
        weights = cast(np.ndarray, instance.inputs[1].data)
        layer, columns = self.layers.get(node.output), kept.inputs[0]
        if layer is not None and columns is not None:
            remaining = layer.weights[rows][:, :, columns]
            weights = remaining.reshape(*remaining.shape[:1], *weights.shape[1:-1], -1)
            folded = layer.offsets[rows][:, ~columns].sum(axis=1).astype(object)
            bias = bias + folded * 2**found.fraction
        else:
            weights = weights[rows]
        kernel = self._constant(instance.inputs[1], weights.astype(np.int8), rows)
        offset = self._bias(node, bias)
        attrs = ops.get(node.op).select(instance, kept)
        attrs = replace(attrs, precision=found.fraction - found.shift)  # type: ignore[type-var]
        self.edit.node(replace(node, attrs=attrs, inputs=(node.inputs[0], kernel, offset)))

    def _constant(self, old: Tensor, data: np.ndarray, rows: np.ndarray) -> str:
        """New weights; a scale per output channel is kept for those that remain."""
        kind = cast(Quantization, old.type.quantization)
        if len(kind.scale) > 1:
            scale, zero = (
                tuple(np.array(v, object)[rows].tolist()) for v in (kind.scale, kind.zero_point)
            )
            kind = Quantization(scale, zero, kind.axis)
        name = self.edit.fresh(f"{old.name}.kept")
        type_ = TensorType(data.shape, old.type.dtype, kind)
        return self.edit.tensor(Tensor(name, type_, np.ascontiguousarray(data)))

    def _bias(self, node: Node, values: np.ndarray) -> str:
        """The bias in units of the accumulator."""
        data = np.array(values.tolist(), np.int32)
        base = node.inputs[2] if len(node.inputs) > 2 else f"{node.output}.bias"
        name = self.edit.fresh(f"{base}.folded")
        return self.edit.tensor(Tensor(name, TensorType(data.shape, DType.INT32), data))


def _channels_of_constant(instance: Instance, index: int, kept: np.ndarray) -> np.ndarray | None:
    """Which channels of a constant operand remain; None where it has none of its own."""
    count = last_extent(instance.inputs[index].type.shape)
    last = len(instance.output.type.shape) - 1
    if instance.node.op == "concat" and cast(Concat, instance.attrs).axis == last:
        start = sum(last_extent(t.type.shape) for t in instance.inputs[:index])
        return kept[start : start + count]
    return kept if count == len(kept) else None


def _selected(tensor: Tensor, kept: np.ndarray) -> Tensor:
    """A tensor with some of its channels."""
    type_ = tensor.type.with_shape((*tensor.type.shape[:-1], int(kept.sum())))
    data = None if tensor.data is None else np.ascontiguousarray(tensor.data[..., kept])
    return replace(tensor, type=type_, data=data, source=_source(tensor.source, kept))


def _source(source: Source | None, kept: np.ndarray) -> Source | None:
    if source is None:
        return None
    before = np.arange(len(kept)) if source.channels is None else np.array(source.channels)
    return replace(source, channels=tuple(before[kept].tolist()))
