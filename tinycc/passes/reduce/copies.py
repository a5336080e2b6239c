"""Which channels of a tensor always hold the same values as an earlier one."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import cast

import numpy as np

from tinycc import ops
from tinycc.ir.graph import Graph, Instance
from tinycc.ops.channels import Channels, last_extent
from tinycc.ops.dense import instance_constants
from tinycc.passes.fold_bias import DENSE
from tinycc.passes.reduce.limits import is_sound

Copies = dict[str, np.ndarray]
"""By tensor: for each channel the first one that equals it (itself, mostly)."""


def copies_of(graph: Graph) -> Copies:
    """Equal channels: made by the same arithmetic from equal channels."""
    found = {name: _distinct(graph, name) for name in graph.inputs}
    for node in graph.nodes:
        instance, record = graph.instance(node), ops.get(node.op)
        relation = record.channels(instance) if record.channels and is_sound(instance) else None
        if node.op in DENSE and relation is not None:
            found[node.output] = _first(_weighed_keys(instance, found))
        elif relation is not None and relation.alike:
            found[node.output] = _first(_alike_keys(instance, relation, found))
        else:
            found[node.output] = _distinct(graph, node.output)
    return found


def _distinct(graph: Graph, name: str) -> np.ndarray:
    return np.arange(last_extent(graph.tensors[name].type.shape))


def _first(keys: Sequence[Hashable]) -> np.ndarray:
    seen: dict[Hashable, int] = {}
    return np.array([seen.setdefault(key, index) for index, key in enumerate(keys)])


def _weighed_keys(instance: Instance, found: Copies) -> list[Hashable]:
    """The weights per distinct input channel, the bias and the multiplier."""
    weights, constants = cast(np.ndarray, instance.inputs[1].data), instance_constants(instance)
    rows = weights.reshape(len(weights), -1, weights.shape[-1]).astype(np.int64)
    same = found.get(instance.inputs[0].name)
    if same is None:
        same = np.arange(instance.inputs[0].type.shape[-1])
    groups = same.reshape(-1, weights.shape[-1])
    per_group = len(rows) // len(groups)
    multipliers = constants.requantization.multiplier
    keys: list[Hashable] = []
    for index, row in enumerate(rows):
        merged = np.zeros((len(same), row.shape[0]), np.int64)
        np.add.at(merged, groups[index // per_group], row.T)
        keys.append((merged.tobytes(), constants.bias[index], int(multipliers[index])))
    return keys


def _alike_keys(instance: Instance, relation: Channels, found: Copies) -> list[Hashable]:
    """The distinct channels that go into each, and what constants hold there."""
    count = last_extent(instance.output.type.shape)
    keys: list[list[Hashable]] = [[] for _ in range(count)]
    for tie in relation.ties:
        same = found[instance.inputs[tie.input].name]
        times = np.zeros(len(same), np.int64)  # a flattened channel is many, all different
        for inner, outer in zip(tie.inner.tolist(), tie.outer.tolist(), strict=True):
            keys[outer].append((tie.input, int(times[inner]), int(same[inner])))
            times[inner] += 1
    for tensor in instance.inputs:
        if tensor.data is not None and last_extent(tensor.type.shape) == count:
            for index in range(count):
                keys[index].append(tensor.data[..., index].tobytes())
    return [tuple(key) for key in keys]
