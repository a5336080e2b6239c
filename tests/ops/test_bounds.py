"""Bounds of every operator hold for all inputs within theirs, and are reached where they must."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tinycc import ops
from tinycc.ir.graph import Instance, Tensor
from tinycc.ops.bounds import Bounds, anything, exactly, hull
from tinycc.ops.examples import ExampleMaker
from tinycc.ops.op import Op
from tinycc.passes.reduce.limits import is_sound

BOUNDED = [op for op in ops.ALL if op.bounds is not None]
every_op = pytest.mark.parametrize("op", BOUNDED, ids=lambda op: op.name)


def narrowed(tensor: Tensor, rng: np.random.Generator) -> Bounds:
    """Random limits per channel: wide, narrow and single values."""
    shape = tensor.type.shape
    whole = (1,) * max(0, len(shape) - 1) + shape[-1:]
    if tensor.type.is_float:
        ends = np.sort(rng.normal(0, 5, (2, *whole)), axis=0)
        return Bounds(ends[0], ends[1])
    info = np.iinfo(np.dtype(tensor.type.dtype.value))
    ends = np.sort(rng.integers(info.min, info.max, (2, *whole), endpoint=True), axis=0)
    ends[1] = np.where(rng.random(whole) < 0.3, ends[0], ends[1])
    return Bounds(ends[0], ends[1])


def drawn(tensor: Tensor, bounds: Bounds, rng: np.random.Generator) -> np.ndarray:
    """Values within the limits, many of them at one of their ends."""
    low, high = (np.broadcast_to(v, tensor.type.shape) for v in (bounds.low, bounds.high))
    inner = rng.uniform(low, high) if tensor.type.is_float else rng.integers(low, high + 1)
    end = np.where(rng.random(tensor.type.shape) < 0.5, low, high)
    found: np.ndarray = np.where(rng.random(tensor.type.shape) < 0.5, inner, end)
    return found.astype(tensor.type.dtype.numpy)


def limits(op: Op, instance: Instance, given: Sequence[Bounds]) -> Bounds:
    assert op.bounds is not None
    return op.bounds(instance, given)


@every_op
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_results_lie_within_the_bounds(op: Op, seed: int) -> None:
    rng = np.random.default_rng(seed)
    assert op.reference is not None
    for instance in op.examples(rng):
        if not is_sound(instance):
            continue
        ranges: dict[str, Bounds] = {}
        for tensor in instance.inputs:
            data = tensor.data
            ranges[tensor.name] = narrowed(tensor, rng) if data is None else exactly(data)
        found = limits(op, instance, [ranges[tensor.name] for tensor in instance.inputs])
        for _ in range(5):
            values = {
                t.name: drawn(t, ranges[t.name], rng) if t.data is None else t.data
                for t in instance.inputs
            }
            y = op.reference(instance, [values[tensor.name] for tensor in instance.inputs])
            assert (found.low <= y).all() and (y <= found.high).all(), instance.attrs
            assert np.broadcast_shapes(found.low.shape, y.shape) == y.shape


@every_op
def test_known_operands_give_their_result(op: Op) -> None:
    """Where every input is one number per channel, no window sees anything else."""
    rng = np.random.default_rng(7)
    assert op.reference is not None
    if op.name == "softmax":
        return  # its bounds do not look at the input
    for instance in op.examples(rng):
        if not is_sound(instance) or any(getattr(instance.attrs, "pads", ())):
            continue
        ends = {t.name: narrowed(t, rng).low if t.data is None else t.data for t in instance.inputs}
        values = [
            np.broadcast_to(ends[t.name], t.type.shape).astype(t.type.dtype.numpy)
            for t in instance.inputs
        ]
        y = op.reference(instance, values)
        found = limits(op, instance, [exactly(value) for value in values])
        reduced = hull([exactly(y)]).per_channel(y.shape[-1] if y.ndim else 1)
        own = found.per_channel(len(reduced.low))
        if op.name in ("concat", "reshape"):
            continue  # an axis other than the channels' may join different values
        assert np.array_equal(own.low, reduced.low) and np.array_equal(own.high, reduced.high)


def test_a_type_alone_bounds_nothing_but_its_range() -> None:
    x = ExampleMaker(np.random.default_rng(0)).activation((1, 2, 3))
    found = anything(x.type)
    assert (int(found.low.item()), int(found.high.item())) == (-128, 127)
