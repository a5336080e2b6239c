"""The same values in the same order with another shape: no code, the same bytes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ir.types import TensorType
from tinycc.ops.bounds import Bounds, moved, on_last_axis
from tinycc.ops.channels import Channels, Kept, Tie, last_extent
from tinycc.ops.examples import ExampleMaker
from tinycc.ops.foreign import Builder, ForeignNode, OnnxRule, onnx_integers
from tinycc.ops.op import Alias, Op, RowRange, Scale, all_rows, row_count


@dataclass(frozen=True)
class Reshape:
    """Attributes: the output's shape."""

    shape: tuple[int, ...]


def infer(attrs: object, types: Sequence[TensorType]) -> tuple[int, ...]:
    """The shape asked for."""
    return cast(Reshape, attrs).shape


def reshaped(instance: Instance, values: Sequence[np.ndarray]) -> np.ndarray:
    """The same values: integers and reals alike."""
    return values[0].reshape(instance.output.type.shape)


def rows(instance: Instance, row: int) -> tuple[RowRange, ...]:
    """The same row where the rows stay what they are, else all of them."""
    if row_count(instance.inputs[0].type) == row_count(instance.output.type):
        return ((row, row),)
    return all_rows(instance, row)


def _repeats(instance: Instance) -> tuple[int, int] | None:
    """How often the channels before are repeated among those after, and the other way round.

    The last index of element f is f modulo the last extent: where one extent divides the other,
    it determines the index in the smaller one. None where neither does.
    """
    before, after = (last_extent(t.type.shape) for t in (instance.inputs[0], instance.output))
    if after % before == 0:
        return after // before, 1
    return (1, before // after) if before % after == 0 else None


def bounds(instance: Instance, given: Sequence[Bounds]) -> Bounds:
    """Those of the channels that go into a channel."""
    rank, found = len(instance.output.type.shape), _repeats(instance)
    if found is None:
        return moved(instance, given)
    x = given[0].per_channel(last_extent(instance.inputs[0].type.shape))
    merged = x.mapped(lambda v: v.reshape(found[1], -1)).per_channel(len(x.low) // found[1])
    return on_last_axis(merged.mapped(lambda v: np.tile(v, found[0])), rank)


def channels(instance: Instance) -> Channels | None:
    """Those with the same index in the smaller of both last extents, if one divides the other."""
    if _repeats(instance) is None:
        return None
    before, after = (last_extent(t.type.shape) for t in (instance.inputs[0], instance.output))
    every = np.arange(max(before, after))
    return Channels((Tie(0, every % before, every % after),), alike=True)


def select(instance: Instance, kept: Kept) -> object:
    """The shape with fewer channels."""
    shape = cast(Reshape, instance.attrs).shape
    return Reshape((*shape[:-1], int(kept.output.sum()))) if shape else instance.attrs


def _same_size(instance: Instance) -> str | None:
    """a reshape must keep the number of values"""
    before, after = instance.inputs[0].type, instance.output.type
    return None if before.elements == after.elements else f"{before.shape} to {after.shape}"


def _from_reshape(node: ForeignNode, build: Builder) -> None:
    shape = build.type(node.input(0)).shape
    wanted = onnx_integers(node, build, 1, "shape")
    if wanted is None:
        raise build.fail("the shape is missing")
    if not int(node.attributes.get("allowzero", 0)):
        wanted = [shape[i] if v == 0 and i < len(shape) else v for i, v in enumerate(wanted)]
    known = math.prod(v for v in wanted if v != -1)
    if wanted.count(-1) == 1 and known and math.prod(shape) % known == 0:
        wanted = [math.prod(shape) // known if v == -1 else v for v in wanted]
    if min(wanted, default=1) < 0 or math.prod(wanted) != math.prod(shape):
        raise build.fail(f"{math.prod(shape)} values of shape {shape} cannot become {wanted}")
    build.reshape(node.input(0), wanted, node.outputs[0])


def _from_flatten(node: ForeignNode, build: Builder) -> None:
    shape = build.type(node.input(0)).shape
    axis = int(node.attributes.get("axis", 1))
    if not -len(shape) <= axis <= len(shape):
        raise build.fail(f"axis {axis} of a tensor with {len(shape)} axes")
    axis += len(shape) if axis < 0 else 0
    flat = (math.prod(shape[:axis]), math.prod(shape[axis:]))
    build.reshape(node.input(0), flat, node.outputs[0])


def _from_squeeze(node: ForeignNode, build: Builder) -> None:
    shape = build.type(node.input(0)).shape
    axes = onnx_integers(node, build, 1, "axes")
    if axes is None:
        axes = [axis for axis, extent in enumerate(shape) if extent == 1]
    dropped = _normal(build, axes, len(shape))
    if any(shape[axis] != 1 for axis in dropped):
        raise build.fail(f"axes {axes} of shape {shape} are not all of extent 1")
    kept = [extent for axis, extent in enumerate(shape) if axis not in dropped]
    build.reshape(node.input(0), kept, node.outputs[0])


def _from_unsqueeze(node: ForeignNode, build: Builder) -> None:
    shape = build.type(node.input(0)).shape
    axes = onnx_integers(node, build, 1, "axes") or []
    added = _normal(build, axes, len(shape) + len(axes))
    extents = iter(shape)
    count = len(shape) + len(added)
    new = [1 if axis in added else next(extents) for axis in range(count)]
    build.reshape(node.input(0), new, node.outputs[0])


def _normal(build: Builder, axes: Sequence[int], rank: int) -> set[int]:
    found = {axis % rank for axis in axes if -rank <= axis < rank}
    if len(found) != len(axes):
        raise build.fail(f"axes {list(axes)} of a tensor with {rank} axes")
    return found


def _from_identity(node: ForeignNode, build: Builder) -> None:
    build.alias(node.input(0), node.outputs[0])


def _from_dropout(node: ForeignNode, build: Builder) -> None:
    """Without training it passes its input on; the mask output has no use then."""
    training = build.constant(node.input(2)) if node.input(2) else None
    if training is not None and training.any():
        raise build.fail("training_mode is set", "export the model in evaluation mode")
    _from_identity(node, build)


def examples(rng: np.random.Generator) -> Iterable[Instance]:
    """Flattened, split, with axes of extent 1."""
    make = ExampleMaker(rng)
    for before, after in (
        ((1, 4, 5, 3), (1, 60)),
        ((1, 4, 5, 3), (1, 4, 3, 5)),
        ((1, 6), (1, 2, 1, 3)),
        ((1, 1, 1, 1), ()),
    ):
        yield make.same("reshape", Reshape(after), [make.activation(before)], infer)


RESHAPE = Op(
    name="reshape",
    attrs=Reshape,
    summary="The same bytes with another shape; costs nothing.",
    infer=infer,
    reference=reshaped,
    real=reshaped,
    rows=rows,
    examples=examples,
    onnx=(
        OnnxRule("Reshape", _from_reshape),
        OnnxRule("Flatten", _from_flatten),
        OnnxRule("Squeeze", _from_squeeze),
        OnnxRule("Unsqueeze", _from_unsqueeze),
        OnnxRule("Identity", _from_identity),
        OnnxRule("Dropout", _from_dropout),
    ),
    requires=(_same_size,),
    scale=Scale.SAME,
    alias=Alias.VIEW,
    bounds=bounds,
    channels=channels,
    select=select,
)
