"""Proves that a graph which makes tensors more than once computes what the network does.

Every tensor of the schedule's graph stands for some columns of one of the network's. Slices and
Concats say so themselves; for a node that works on some columns, the network's own node must need
the very same columns, padding exactly beyond the image's edges.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import cast

from tinycc import ops
from tinycc.errors import InternalError
from tinycc.ir.graph import Instance, Tensor
from tinycc.ir.types import TensorType
from tinycc.ops.concat import Concat
from tinycc.ops.slice import Slice
from tinycc.schedule.model import Part, Schedule


def check_remade(schedule: Schedule) -> None:
    """Raises InternalError where a tensor is not what it stands for."""
    source = schedule.source
    if source is None:
        return
    graph = schedule.graph
    known = {name: Part(name) for name in graph.inputs}
    for node in graph.nodes:
        instance = graph.instance(node)
        name = node.output
        if schedule.cuts(node):
            known[name] = _cut(instance, known[node.inputs[0]], schedule.within[name].first)
        elif schedule.gathers(node):
            known[name] = part = schedule.remade.get(name, Part(name))
            operands = [known[operand] for operand in node.inputs]
            _check_gathered(instance, operands, part, source.tensors[part.tensor])
        else:
            part = schedule.remade.get(name, Part(name))
            _check_node(instance, source.instance(source.producer[part.tensor]), part, known)
            known[name] = part
    for ours, theirs in zip(graph.outputs, source.outputs, strict=True):
        if ours != theirs or (ours in known and known[ours] != Part(theirs)):
            raise _fail(f"output `{ours}` is not the network's `{theirs}`")


def _fail(message: str) -> InternalError:
    return InternalError(f"memory checker: {message}", hint="this is a bug of tinycc")


def _cut(instance: Instance, operand: Part, place: int) -> Part:
    attrs, x = cast(Slice, instance.attrs), instance.inputs[0].type.shape
    starts, extents = list(attrs.starts), list(attrs.extents)
    first = starts.pop(2)
    extents.pop(2)
    if place != first or any(starts) or extents != [*x[:2], x[3]] or set(attrs.steps) != {1}:
        raise _fail(f"`{instance.output.name}` is not a run of columns")
    return Part(operand.tensor, operand.first + first)


def _check_gathered(mine: Instance, operands: list[Part], part: Part, theirs: Tensor) -> None:
    name, at = mine.output.name, 0
    for tensor, operand in zip(mine.inputs, operands, strict=True):
        if operand != Part(part.tensor, at):
            raise _fail(f"`{tensor.name}` is not the columns of `{name}` from {at} on")
        at += tensor.type.shape[2]
    whole = part.first == 0 and theirs.type == mine.output.type
    if cast(Concat, mine.attrs).axis != 2 or not whole:
        raise _fail(f"the strips of `{name}` are not all of it")


def _check_node(mine: Instance, theirs: Instance, part: Part, known: dict[str, Part]) -> None:
    name = mine.output.name
    alike = (
        mine.node.op == theirs.node.op
        and list(_settings(mine)) == list(_settings(theirs))
        and _constants(mine) == _constants(theirs)
        and _kind(mine.output) == _kind(theirs.output)
    )
    if not alike:
        raise _fail(f"`{name}` is not made as `{part.tensor}` is")
    firsts = []
    for own, tensor in zip(mine.activations, theirs.activations, strict=True):
        if known[own.name].tensor != tensor.name:
            raise _fail(f"`{name}` reads `{own.name}` for `{tensor.name}`")
        firsts.append(known[own.name].first)
    pairs = zip((mine.output, *mine.activations), (theirs.output, *theirs.activations), strict=True)
    if mine.attrs == theirs.attrs and all(a.type == b.type for a, b in pairs):
        return  # all columns
    columns = ops.get(mine.node.op).columns
    for column in range(mine.output.type.shape[2]):
        ours, wanted = columns(mine, column), columns(theirs, column + part.first)
        if ours is None or wanted is None:
            raise _fail(f"`{name}` cannot be made in strips")
        for index, first in enumerate(firsts):
            there, needs = mine.activations[index].type, theirs.activations[index].type
            found = ours[index][0] + first, ours[index][1] + first
            clipped = _clipped(ours[index], _width(there), first)
            if found != wanted[index] or clipped != _clipped(found, _width(needs), 0):
                raise _fail(f"column {column} of `{name}` does not see what it needs")


def _clipped(columns: tuple[int, int], width: int, first: int) -> tuple[int, int]:
    """Those inside an image of some width, counted from `first` on."""
    return first + max(0, columns[0]), first + min(width - 1, columns[1])


def _width(type_: TensorType) -> int:
    return type_.shape[2] if len(type_.shape) == 4 else 1


def _constants(instance: Instance) -> list[Tensor | None]:
    return [tensor if tensor.is_constant else None for tensor in instance.inputs]


def _settings(instance: Instance) -> Iterator[object]:
    """The attributes without the padding left and right."""
    assert is_dataclass(instance.attrs)
    for field in fields(instance.attrs):
        value = getattr(instance.attrs, field.name)
        yield value[::2] if field.name == "pads" and len(value) == 4 else value


def _kind(tensor: Tensor) -> object:
    """The type but for the width."""
    shape = tensor.type.shape
    narrow = (*shape[:2], *shape[3:]) if len(shape) == 4 else shape
    return tensor.type.dtype, tensor.type.quantization, narrow
