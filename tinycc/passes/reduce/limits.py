"""Interval analysis of a whole graph: what each tensor can be, whatever the model's input."""

from __future__ import annotations

import numpy as np

from tinycc import ops
from tinycc.ir.graph import Graph, Instance, Tensor
from tinycc.ops.bounds import Bounds, anything, exactly
from tinycc.ops.dense import accumulator_is_int32, has_constants
from tinycc.passes.check_supported import operands_have_scales

Limits = dict[str, Bounds]


def limits_of(graph: Graph) -> Limits:
    """Limits of every tensor by name, from the inputs' ranges, the weights and the tables."""
    found = given_limits(graph)
    for node in graph.nodes:
        found[node.output] = node_limits(graph.instance(node), found)
    return found


def given_limits(graph: Graph) -> Limits:
    """Limits of the inputs and constants."""
    tensors = (*graph.inputs, *(t.name for t in graph.tensors.values() if t.is_constant))
    return {name: _given(graph.tensors[name]) for name in tensors}


def node_limits(instance: Instance, found: Limits) -> Bounds:
    """Limits of a node's output from those of its inputs."""
    op = ops.get(instance.node.op)
    if op.bounds is None or not is_sound(instance):
        return anything(instance.output.type)
    return op.bounds(instance, [found[name] for name in instance.node.inputs])


def is_sound(instance: Instance) -> bool:
    """True for a node that computes in integers and that meets its record's requirements.

    Others are refused later. Accumulators may be too large here: what is proved about them in
    unbounded integers may remove the channel that is.
    """
    op, y = ops.get(instance.node.op), instance.output.type
    if op.name != "quantize" and (y.is_float or any(t.type.is_float for t in instance.activations)):
        return False
    needs = (operands_have_scales, *(n for n in op.requires if n is not accumulator_is_int32))
    if any(need(instance) is not None for need in needs):
        return False
    return accumulator_is_int32 not in op.requires or has_constants(instance)


def _given(tensor: Tensor) -> Bounds:
    if tensor.data is not None:
        return exactly(tensor.data)
    if tensor.declared is not None:
        return Bounds(*(np.asarray(limit) for limit in tensor.declared))
    return anything(tensor.type)
