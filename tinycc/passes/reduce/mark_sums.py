"""Layers whose sums stay small are marked, so that a kernel may add in 16 bits.

a: int8 = conv2d(x, w)    every partial sum of w * x is below 2**15 in size
                                                    ->    a = conv2d(x, w) {sum_bits=16}
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np

from tinycc.ir.graph import Graph, Instance
from tinycc.ir.rewrite import Rewrite
from tinycc.ops.bounds import Bounds
from tinycc.passes.fold_bias import DENSE
from tinycc.passes.reduce.limits import is_sound, limits_of
from tinycc.target import Target

NARROW_BITS = 16


def mark_sums(graph: Graph, target: Target) -> Graph:
    """The graph with `sum_bits` on the layers whose partial sums, in any order, fit 16 bits."""
    edit, limits = Rewrite(graph), limits_of(graph)
    for node in graph.nodes:
        instance = graph.instance(node)
        if node.op not in DENSE or not is_sound(instance) or instance.output.type.is_float:
            continue
        if largest_sum(instance, limits[node.inputs[0]]) < 2 ** (NARROW_BITS - 1):
            attrs = replace(node.attrs, sum_bits=NARROW_BITS)  # type: ignore[type-var]
            edit.node(replace(node, attrs=attrs))
    return edit.apply()


def largest_sum(instance: Instance, x: Bounds) -> int:
    """A bound on every partial sum of products, padding included."""
    weights = np.abs(cast(np.ndarray, instance.inputs[1].data).astype(np.int64))
    zero = abs(instance.inputs[0].type.zero_point)
    limits = x.per_channel(instance.inputs[0].type.shape[-1])
    reach = np.maximum(np.maximum(np.abs(limits.low), np.abs(limits.high)), zero)
    groups = reach.reshape(-1, weights.shape[-1])
    mine = np.repeat(groups, len(weights) // len(groups), axis=0)
    taps = weights.reshape(len(weights), -1, weights.shape[-1]).sum(axis=1)
    return int((taps * mine).sum(axis=1).max())
