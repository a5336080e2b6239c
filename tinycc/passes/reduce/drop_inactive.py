"""Operators and clamps that change nothing for the values that can occur are dropped.

a: int8 = conv2d(x, w) {clamp=0..6}    always 3..90         a: int8 = conv2d(x, w)
b: int8 = lookup(a)    the same value in 3..90        ->    c: int8 = add(a, y)
c: int8 = add(b, y)
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np

from tinycc.ir.graph import Graph, Instance
from tinycc.ir.rewrite import Rewrite
from tinycc.ops.activation import output_bounds
from tinycc.ops.bounds import Bounds
from tinycc.ops.conv2d import Conv2d
from tinycc.ops.dense import contract
from tinycc.ops.lookup import Lookup, table
from tinycc.ops.numerics import INT8_MAX, INT8_MIN
from tinycc.ops.pooling import Pooling
from tinycc.passes.reduce.limits import Limits, is_sound, limits_of, node_limits
from tinycc.target import Target

_VALUES = np.arange(INT8_MIN, INT8_MAX + 1)


def drop_inactive(graph: Graph, target: Target) -> Graph:
    """The graph without operators that pass on every value that they can get."""
    edit, limits = Rewrite(graph), limits_of(graph)
    for node in graph.nodes:
        instance = graph.instance(node)
        if not is_sound(instance) or instance.output.type.is_float:
            continue
        if _passes_on(instance, limits) and node.output not in graph.outputs:
            edit.record(node.origin or (node.name,), "identity")
            edit.remove(node)
            edit.redirect(node.output, node.inputs[0])
        elif node.op != "lookup" and _clamp_is_idle(instance, limits):
            edit.node(replace(node, attrs=replace(node.attrs, clamp=None)))  # type: ignore[type-var]
    return edit.apply()


def _clamp_is_idle(instance: Instance, limits: Limits) -> bool:
    if getattr(instance.attrs, "clamp", None) is None:
        return False
    bare = replace(instance.attrs, clamp=None)  # type: ignore[type-var]
    free = node_limits(replace(instance, attrs=bare), limits)
    low, high = output_bounds(instance)
    return low <= int(free.low.min()) and int(free.high.max()) <= high


def _passes_on(instance: Instance, limits: Limits) -> bool:
    x, y = instance.inputs[0], instance.output
    if x.is_constant or x.type != y.type or len(instance.activations) != 1:
        return False
    if isinstance(instance.attrs, Lookup):
        return _holds(table(instance.attrs, x.type, y.type)[:, np.newaxis], limits[x.name])
    if isinstance(instance.attrs, Conv2d):
        return _is_diagonal(instance) and _keeps_values(instance, limits[x.name])
    return _is_single_pixel(instance) and getattr(instance.attrs, "clamp", None) is None


def _holds(results: np.ndarray, x: Bounds) -> bool:
    """True when each possible value (rows; columns: channels, or one for all) maps to itself."""
    limits = x.per_channel(x.low.shape[-1] if x.low.ndim else 1)
    values = _VALUES[:, np.newaxis]
    possible = (values >= limits.low) & (values <= limits.high)
    return bool(((results == values) | ~possible).all())


def _is_diagonal(instance: Instance) -> bool:
    """True for a 1x1 convolution in which each channel reads its own only."""
    attrs, weights = cast(Conv2d, instance.attrs), cast(np.ndarray, instance.inputs[1].data)
    channels = instance.inputs[0].type.shape[3]
    if attrs.strides != (1, 1) or any(attrs.pads) or weights.shape[:3] != (channels, 1, 1):
        return False
    if attrs.groups == channels:
        return True
    matrix = weights.reshape(channels, -1)
    return attrs.groups == 1 and not (matrix - np.diag(np.diag(matrix))).any()


def _keeps_values(instance: Instance, x: Bounds) -> bool:
    weights = cast(np.ndarray, instance.inputs[1].data).astype(np.int64)
    matrix = weights.reshape(len(weights), -1)
    diagonal = np.diag(matrix) if cast(Conv2d, instance.attrs).groups == 1 else matrix[:, 0]
    channels = x.per_channel(len(weights))
    return _holds(contract(instance, _VALUES[:, np.newaxis] * diagonal), channels)


def _is_single_pixel(instance: Instance) -> bool:
    """True for a pool of one pixel at every pixel."""
    attrs = instance.attrs
    if not isinstance(attrs, Pooling):
        return False
    return attrs.kernel == (1, 1) and attrs.strides == (1, 1) and not any(attrs.pads)
