"""What add, sub and mul share: numpy broadcasting reduced to three nested loops."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tinycc.ir.graph import Instance
from tinycc.ir.types import TensorType
from tinycc.ops.activation import output_bounds
from tinycc.ops.examples import ExampleMaker, Infer
from tinycc.ops.foreign import Builder, ForeignNode, OnnxRule
from tinycc.ops.numerics import INT8_MAX, INT8_MIN, Clamp
from tinycc.ops.op import Field, RowRange, Work, elements
from tinycc.ops.work import splits

MOST_LOOPS = 3


def infer(attrs: object, types: Sequence[TensorType]) -> tuple[int, ...]:
    """The shape that numpy broadcasting gives."""
    return np.broadcast_shapes(*(type_.shape for type_ in types))


@dataclass(frozen=True)
class Loop:
    """Merged neighbouring axes over which each operand either advances or stays."""

    extent: int
    advances: tuple[bool, ...]


def loops(instance: Instance) -> list[Loop]:
    """The output's axes, outermost first, as few as possible; axes of extent 1 are dropped."""
    shape = instance.output.type.shape
    padded = [(1,) * (len(shape) - len(s)) + s for s in (t.type.shape for t in instance.inputs)]
    found: list[Loop] = []
    for axis, extent in enumerate(shape):
        if extent == 1:
            continue
        advances = tuple(operand[axis] == extent for operand in padded)
        if found and found[-1].advances == advances:
            found[-1] = Loop(found[-1].extent * extent, advances)
        else:
            found.append(Loop(extent, advances))
    return found


def _is_flat(instance: Instance) -> bool:
    return len(loops(instance)) <= 1


def units(instance: Instance) -> int:
    """Elements where every operand has all of them or one; else the outermost loop."""
    return elements(instance) if _is_flat(instance) else loops(instance)[0].extent


def line_work(instance: Instance, n: int) -> Work:
    """The events of kernels that go over lines (tinycc_walk_lines)."""
    found = loops(instance) or [Loop(1, (True,) * len(instance.inputs))]
    flat, extent = len(found) == 1, found[0].extent
    lines = math.prod(loop.extent for loop in found[:-1])
    runs = list(splits(extent, n)) if flat else [(found[-1].extent, lines)]
    calls, count = -(-extent // n), sum(times for _, times in runs)
    total = sum(size * times for size, times in runs)
    return {
        "calls": calls,
        "units": calls if flat else extent,
        "lines": count,
        "elements": total,
        "fours": sum(-(-size // 4) * times for size, times in runs),
        "fixed": count * found[-1].advances.count(False),
        "clamped": total * (output_bounds(instance) != (INT8_MIN, INT8_MAX)),
    }


def walk_fields(instance: Instance) -> tuple[Field, ...]:
    """The members of `tinycc_walk`; length 0 says that a run of n elements is one line."""
    found = loops(instance) or [Loop(1, (True,) * len(instance.inputs))]
    inner = [Loop(1, (True,) * len(instance.inputs))] * (MOST_LOOPS - len(found))
    unit, group, line = (
        (found[0], *inner, *found[1:])[:MOST_LOOPS]
        if len(found) > 1
        else (
            inner[0],
            inner[0],
            found[0],
        )
    )
    fields = [
        Field("walk.groups", group.extent),
        Field("walk.length", 0 if _is_flat(instance) else line.extent),
    ]
    for operand in range(len(instance.inputs)):
        step = int(line.advances[operand])
        per_group = line.extent if step else 1
        per_unit = per_group * (group.extent if group.advances[operand] else 1)
        fields += [
            Field(f"walk.unit{operand + 1}", per_unit if unit.advances[operand] else 0),
            Field(f"walk.group{operand + 1}", per_group if group.advances[operand] else 0),
            Field(f"walk.step{operand + 1}", step),
        ]
    return tuple(fields)


def broadcasts_simply(instance: Instance) -> str | None:
    """operands that broadcast must do so over at most three groups of neighbouring axes"""
    count = len(loops(instance))
    if count <= MOST_LOOPS:
        return None
    shapes = " and ".join("x".join(map(str, t.type.shape)) for t in instance.inputs)
    return f"{shapes} need {count} nested loops"


def rows(instance: Instance, row: int) -> tuple[RowRange, ...]:
    """The same row of operands that have rows, else their only one."""
    rank = len(instance.output.type.shape)
    found: list[RowRange] = []
    for tensor in instance.activations:
        shape = tensor.type.shape
        tall = len(shape) == rank == 4 and shape[1] > 1
        found.append((row, row) if tall else (0, 0))
    return tuple(found)


def binary_rule(op_type: str, op: str, attrs: object) -> OnnxRule:
    """Imports an ONNX operator of two operands in the model's own layout."""

    def convert(node: ForeignNode, build: Builder) -> None:
        emit_binary(build, op, attrs, node.inputs, node.outputs[0])

    return OnnxRule(op_type, convert, since=7)


def emit_binary(
    build: Builder, op: str, attrs: object, operands: Sequence[str], output: str | None = None
) -> str:
    """Adds a node whose operands all have the result's number of axes."""
    rank = max(len(build.type(name).shape) for name in operands)
    aligned = [_with_rank(build, name, rank) for name in operands]
    return build.emit(op, attrs, aligned, output)


def _with_rank(build: Builder, name: str, rank: int) -> str:
    shape = build.type(name).shape
    if len(shape) == rank:
        return name
    return build.reshape(name, (1,) * (rank - len(shape)) + shape)


_SHAPES: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
    ((1, 5, 3, 4), (1, 5, 3, 4)),
    ((1, 1, 1, 1), (1, 1, 1, 1)),
    ((1, 7), (1, 7)),
    ((1, 5, 3, 4), (1, 1, 1, 4)),  # a gate per channel
    ((1, 1, 1, 4), (1, 5, 3, 4)),
    ((1, 5, 3, 4), (1, 5, 3, 1)),  # a gate per pixel
    ((1, 5, 3, 4), (1, 1, 1, 1)),
    ((1, 5, 3, 4), (1, 1, 3, 4)),
    ((1, 5, 3, 4), (1, 5, 1, 4)),
    ((1, 5, 3, 4), (1, 1, 3, 1)),
    ((1, 5, 1, 4), (1, 1, 3, 4)),
    ((1, 5, 3, 4), (3, 4)),
    ((2, 5, 3), (2, 1, 1)),
)


def binary_examples(
    op: str, attrs: Callable[[Clamp | None], object], scales: Callable[..., float]
) -> Callable[[np.random.Generator], Iterable[Instance]]:
    """Examples of a binary operator; `scales` gives a fitting output scale for the operands'."""
    shape: Infer = infer

    def examples(rng: np.random.Generator) -> Iterable[Instance]:
        make = ExampleMaker(rng)
        for first, second in _SHAPES:
            for constant in (False, True):
                a = make.activation(first)
                b = make.int8_constant(second) if constant else make.activation(second)
                drawn = scales(float(a.type.scale), float(b.type.scale)) * rng.uniform(0.2, 3)
                quantization = make.quantization(float(np.float32(drawn)))
                clamp = Clamp(0.0, math.inf) if rng.random() < 0.3 else None
                yield make.instance(op, attrs(clamp), [a, b], shape, quantization)
        x = make.activation((1, 2, 3, 2))
        yield make.instance(op, attrs(None), [x, x], shape)
        fine = make.quantization(float(np.float32(float(x.type.scale) / 3000)))
        twin = make.activation((1, 2, 3, 2), x.type.quantization)
        yield make.instance(op, attrs(None), [x, twin], shape, fine)

    return examples
