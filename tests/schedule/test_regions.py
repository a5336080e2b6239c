"""Rolling regions: the checker catches every row too few, and all schedules give the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from random_networks import RandomNetwork

from tinycc.api.program import run_samples
from tinycc.api.samples import samples_of
from tinycc.errors import InternalError
from tinycc.memory.checker import check
from tinycc.memory.place import plan
from tinycc.memory.plan import Plan
from tinycc.pipeline import Compiled, Options, compile_model, layered
from tinycc.schedule.front import Front, Point
from tinycc.schedule.layers import layer_schedule
from tinycc.schedule.model import Region, Schedule

ALIGNMENT = 4


@pytest.fixture(scope="module")
def rolled(tmp_path_factory: pytest.TempPathFactory) -> list[Compiled]:
    """Random networks in their smallest schedules."""
    folder = tmp_path_factory.mktemp("networks")
    return [
        compile_model(
            RandomNetwork(seed).build(10).save(folder, f"{seed}.onnx"),
            Options(optimize="ram", without=("reduce",)),
        )
        for seed in range(25)
    ]


def _with_region(schedule: Schedule, old: Region, new: Region) -> Schedule:
    regions = tuple(new if region is old else region for region in schedule.regions)
    return replace(schedule, regions=regions)


def _one_row_less(schedule: Schedule) -> Iterator[Schedule]:
    for region in schedule.regions:
        for name, rows in region.rings.items():
            if rows > 1:
                fewer = {
                    other: rows - 1 if other == name or region.shared.get(other) == name else kept
                    for other, kept in region.rings.items()
                }
                if name not in region.shared:
                    yield _with_region(schedule, region, replace(region, rings=fewer))


def _rolled_as_far_as_possible(compiled: Compiled) -> Schedule:
    """The longest regions there are, whether they pay or not."""
    layers = layer_schedule(compiled.graph, compiled.target)
    front = Front(layers, compiled.target)
    regions: list[Region] = []
    while not regions or regions[-1].last < len(layers.steps) - 1:
        start = regions[-1].last + 1 if regions else 0
        regions.append(list(front.orders[0].candidates.from_start(start))[-1].region)
    return front.schedule(Point(0, 0, tuple(regions)))


def test_the_longest_regions_are_sound(rolled: list[Compiled]) -> None:
    for compiled in rolled:
        check(plan(_rolled_as_far_as_possible(compiled), ALIGNMENT))


def test_every_ring_is_as_small_as_it_can_be(rolled: list[Compiled]) -> None:
    mutants = 0
    for compiled in rolled:
        for schedule in _one_row_less(_rolled_as_far_as_possible(compiled)):
            mutants += 1
            with pytest.raises(InternalError, match="memory checker"):
                check(plan(schedule, ALIGNMENT))
    assert mutants >= 15


def _closer(placed: Plan) -> Iterator[Plan]:
    """Plans in which a growing output starts one step of the alignment nearer to its input.

    Not of a Pad: its rows of nothing but padding wait for the input, but do not read it.
    """
    homes = {name: buffer for buffer in placed.buffers for name in buffer.tensors}
    outputs = {s.node.output for s in placed.schedule.steps if s.node.op != "pad"}
    pairs = [(pair, region) for region in placed.schedule.regions for pair in region.overlaps]
    for pair, region in pairs:
        if pair.distance <= 0 or pair.growing not in outputs or pair.growing in region.rings:
            continue
        if placed.schedule.graph.producer[pair.growing].op == "pad":
            continue  # the plan lets rows of padding wait for the image, which they do not need
        if pair.dying in region.rings:
            continue  # its first rows die before the others: see below
        low, high = homes[pair.growing], homes[pair.dying]
        if high.offset - low.offset != pair.distance:
            continue
        rows = placed.schedule.graph.tensors[pair.growing].type.shape[1]
        nearer = -(-low.bytes // rows // ALIGNMENT) * ALIGNMENT
        moved = replace(low, offset=low.offset + nearer)
        buffers = tuple(moved if buffer is low else buffer for buffer in placed.buffers)
        yield replace(placed, buffers=buffers, arena_bytes=placed.arena_bytes + nearer)


def test_an_output_one_row_nearer_to_its_dying_input_is_found(rolled: list[Compiled]) -> None:
    mutants = [mutant for compiled in rolled for mutant in _closer(compiled.plan)]
    for mutant in mutants:
        with pytest.raises(InternalError, match="memory checker"):
            check(mutant)
    assert mutants


def _nearer_to_rings(placed: Plan) -> Iterator[Plan]:
    """Plans in which all of a ring lies over output rows that are written while it is in use."""
    homes = {name: buffer for buffer in placed.buffers for name in buffer.tensors}
    for region in placed.schedule.regions:
        for pair in region.overlaps:
            if pair.dying not in region.rings or pair.growing in region.rings:
                continue
            low, high = homes[pair.growing], homes[pair.dying]
            room = placed.arena_bytes
            if high.bytes <= pair.distance:
                offset = room + pair.distance - high.bytes
                others = [buffer for buffer in placed.buffers if buffer not in (low, high)]
                moved = (replace(low, offset=room), replace(high, offset=offset))
                buffers = (*others, *moved)
                yield replace(placed, buffers=buffers, arena_bytes=2 * room + high.bytes)


@pytest.mark.parametrize("memory", ["arena", "pushed"])
def test_a_ring_over_rows_that_are_written_too_early_is_found(
    rolled: list[Compiled], memory: str
) -> None:
    mutants = 0
    for compiled in rolled:
        options = replace(compiled.options, input_memory=memory)
        again = compile_model(Path(str(compiled.source.path)), options)
        for mutant in _nearer_to_rings(again.plan):
            mutants += 1
            with pytest.raises(InternalError, match="memory checker"):
                check(mutant)
    assert mutants or memory == "arena"


def test_every_ring_of_pushed_rows_is_as_small_as_it_can_be(rolled: list[Compiled]) -> None:
    mutants = 0
    for compiled in rolled:
        options = replace(compiled.options, input_memory="pushed")
        schedule = compile_model(Path(str(compiled.source.path)), options).plan.schedule
        first, name = schedule.regions[0], schedule.streamed
        if name is not None and first.rings.get(name, 0) > 0:
            mutants += 1
            rings = {**first.rings, name: first.rings[name] - 1}
            fewer = replace(first, rings=rings, overlaps=())
            with pytest.raises(InternalError, match="memory checker"):
                check(plan(_with_region(schedule, first, fewer), ALIGNMENT))
    assert mutants >= 5


def test_every_point_of_the_front_gives_the_same_bytes(rolled: list[Compiled]) -> None:
    for compiled in rolled[:4]:
        name = compiled.interface.inputs[0]
        shape = compiled.interface.tensors[name].type.shape
        values = np.random.default_rng(1).normal(0, 4, (2, *shape)).astype(np.float32)
        samples = samples_of(compiled.interface, {name: values})
        results = []
        for optimize in ("ram", "balanced", "speed"):
            again = compile_model(Path(str(compiled.source.path)), Options(optimize=optimize))
            outputs, _ = run_samples(again, samples)
            results.append([array.tobytes() for array in outputs.values()])
        assert results[0] == results[1] == results[2]


def test_a_budget_is_met_by_the_cheapest_schedule_within_it(rolled: list[Compiled]) -> None:
    for compiled in rolled[:5]:
        points = compiled.front.points
        sizes, costs = [p.bytes for p in points], [p.extra for p in points]
        assert sizes == sorted(sizes, reverse=True) and len(set(sizes)) == len(sizes)
        assert costs == sorted(costs)


@pytest.mark.parametrize("target", ["cortex-m0", "cortex-m4", "rv32imc"])
def test_the_cheapest_schedule_is_layer_by_layer(target: str, tmp_path: Path) -> None:
    path = RandomNetwork(7029).build(7).save(tmp_path)  # on an M0 a pool is cheaper in turns
    compiled = layered(compile_model(path, Options(target=target, optimize="ram")))
    assert not any(region.rolls for region in compiled.plan.schedule.regions)
