"""The words for why a channel could go; the report explains them."""

from __future__ import annotations

from collections import Counter
from typing import cast

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ops.activation import output_bounds
from tinycc.passes.fold_bias import DENSE
from tinycc.passes.reduce.copies import Copies
from tinycc.passes.reduce.limits import Limits

PROOFS = {
    "zero filter": "all weights are 0",
    "never opens": "the result stays at its lower limit whatever the input",
    "saturated": "the result stays at its upper limit whatever the input",
    "constant": "only one value is possible whatever the input",
    "copy": "another channel always has the same value",
    "unused": "nothing that reaches an output reads it",
    "repeated": "another node computes the same",
    "identity": "the output equals the input",
    "composed": "two tables became one",
    "in place": "its operands are made where they lie in its output",
    "softmax": "the largest value stays the largest (--head argmax)",
}
"""What each proof says, for the report."""


def removed_channels(
    instance: Instance, kept: np.ndarray, limits: Limits, copies: Copies
) -> list[tuple[str, int]]:
    """The proofs by which a node's other channels were removed, and how many by each."""
    own, name = limits[instance.node.output].per_channel(len(kept)), instance.node.output
    value = np.where(own.fixed, own.low, -1000)
    zero = _zero_filters(instance, len(kept))
    low, high = output_bounds(instance) if hasattr(instance.attrs, "clamp") else (None, None)

    def proof(channel: int) -> str:
        if not own.fixed[channel]:
            return "copy" if copies[name][channel] != channel else "unused"
        if zero[channel]:
            return "zero filter"
        if value[channel] == low:
            return "never opens"
        return "saturated" if value[channel] == high else "constant"

    return sorted(Counter(proof(int(c)) for c in np.flatnonzero(~kept)).items())


def _zero_filters(instance: Instance, count: int) -> np.ndarray:
    if instance.node.op not in DENSE:
        return np.zeros(count, bool)
    weights = cast(np.ndarray, instance.inputs[1].data)
    return np.asarray(~weights.reshape(count, -1).any(axis=1))
