"""Column tiles: the same bytes as without, halos that are checked, bounds that are kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from random_networks import RandomNetwork

from tinycc.api.program import run_samples
from tinycc.api.samples import Samples, samples_of
from tinycc.emit.files import Heading, code_files
from tinycc.errors import InternalError, UsageError
from tinycc.interp.interpreter import run
from tinycc.ir.graph import Node
from tinycc.memory.checker import check
from tinycc.memory.place import plan
from tinycc.ops.slice import Slice
from tinycc.pipeline import Compiled, Options, compile_model
from tinycc.schedule.cost import graph_macs
from tinycc.schedule.front import Front, Point
from tinycc.schedule.layers import layer_schedule
from tinycc.schedule.model import Part, Region, Schedule

SMALLER_IN_STRIPS = (10, 29)  # random networks that --recompute makes smaller


def _compiled(seed: int, folder: Path, **options: object) -> Compiled:
    path = RandomNetwork(seed).build(10).save(folder, f"{seed}.onnx")
    return compile_model(path, Options(without=("reduce",), **options))  # type: ignore[arg-type]


def _tiled(compiled: Compiled, strips: int) -> Schedule | None:
    """The longest regions that can run in strips, whether they pay or not; None: there are none."""
    outside = compiled.plan.schedule.outside
    layers = layer_schedule(compiled.graph, compiled.target, outside=outside)
    front = Front(layers, compiled.target)
    regions: list[Region] = []
    while not regions or regions[-1].last < len(layers.steps) - 1:
        start = regions[-1].last + 1 if regions else 0
        found = [c.region for c in front.orders[0].tiles.below(start, 1 << 40, 1 << 60)]
        fitting = [region for region in found if region.strips <= strips]
        longest = max(fitting, key=lambda one: (one.last, one.strips), default=None)
        regions.append(longest or Region(start, start))
    if all(region.strips == 1 for region in regions):
        return None
    return front.schedule(Point(0, 0, tuple(regions)))


def _samples(compiled: Compiled) -> Samples:
    name = compiled.interface.inputs[0]
    shape = compiled.interface.tensors[name].type.shape
    values = np.random.default_rng(1).normal(0, 4, (2, *shape)).astype(np.float32)
    return samples_of(compiled.interface, {name: values})


def _with_schedule(compiled: Compiled, schedule: Schedule) -> Compiled:
    """The same network as another schedule's C."""
    placed, target = plan(schedule, compiled.target.alignment), compiled.target
    check(placed)
    source = compiled.source
    heading = Heading("test", source.name, source.sha256, target.name, target.alignment)
    code = code_files(placed, compiled.name, compiled.interface, heading)
    return replace(compiled, plan=placed, code=code)


def _bytes(compiled: Compiled, stepped: bool = False) -> list[bytes]:
    outputs, _ = run_samples(compiled, _samples(compiled), stepped)
    return [array.tobytes() for array in outputs.values()]


@pytest.fixture(scope="module")
def schedules(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Compiled, Schedule]]:
    """Random networks in strips wherever that is possible."""
    folder = tmp_path_factory.mktemp("networks")
    networks = [_compiled(seed, folder) for seed in range(16)]
    found = [(one, _tiled(one, 4)) for one in networks]
    return [(one, schedule) for one, schedule in found if schedule is not None]


def test_a_graph_of_strips_computes_what_the_network_does(
    schedules: list[tuple[Compiled, Schedule]],
) -> None:
    for compiled, schedule in schedules:
        check(plan(schedule, 4))
        stored = _samples(compiled).one(0)
        inputs = dict(zip(compiled.graph.inputs, stored.values(), strict=True))
        ours, theirs = run(schedule.graph, inputs), run(compiled.graph, inputs)
        for name in compiled.graph.outputs:
            assert ours[name].tobytes() == theirs[name].tobytes()
    assert len(schedules) >= 8


def _narrower(schedule: Schedule, node: Node, side: int) -> Schedule:
    """A strip's window operator whose input lacks its first (0) or last (1) column: padding."""
    graph, name = schedule.graph, node.inputs[0]
    cut, type_, part = graph.producer[name], graph.tensors[name].type, schedule.within[name]
    shape = (*type_.shape[:2], type_.shape[2] - 1, type_.shape[3])
    start = part.first + (side == 0)
    sliced = replace(cut, attrs=Slice((0, 0, start, 0), shape, (1, 1, 1, 1)))
    pads = list(node.attrs.pads)
    pads[1 + 2 * side] += 1
    attrs = dataclasses.replace(node.attrs, pads=tuple(pads))  # type: ignore[type-var]
    changed = {cut.output: sliced, node.output: replace(node, attrs=attrs)}
    nodes = tuple(changed.get(one.output, one) for one in graph.nodes)
    narrow = graph.with_tensors(replace(graph.tensors[name], type=type_.with_shape(shape)))
    steps = tuple(replace(s, node=changed.get(s.node.output, s.node)) for s in schedule.steps)
    within = {**schedule.within, name: Part(part.tensor, start)}
    return replace(schedule, graph=replace(narrow, nodes=nodes), steps=steps, within=within)


def _mutants(schedule: Schedule) -> Iterator[Schedule]:
    for step in schedule.steps:
        name = step.node.inputs[0]
        window = hasattr(step.node.attrs, "pads") and name in schedule.within
        alone = len(schedule.graph.consumers[name]) == 1
        if window and alone and schedule.graph.tensors[name].type.shape[2] > 1:
            yield _narrower(schedule, step.node, 0)
            yield _narrower(schedule, step.node, 1)


def test_a_halo_one_column_too_small_is_found(
    schedules: list[tuple[Compiled, Schedule]],
) -> None:
    mutants = [mutant for _, schedule in schedules for mutant in _mutants(schedule)]
    for mutant in mutants:
        with pytest.raises(InternalError, match="does not see what it needs"):
            check(plan(mutant, 4))
    assert len(mutants) >= 20


def test_a_ring_one_row_too_small_is_found(schedules: list[tuple[Compiled, Schedule]]) -> None:
    found = 0
    for _, schedule in schedules:
        for region in schedule.regions:
            for name, rows in region.rings.items():
                if rows > 1 and not region.shared:
                    rings = {**region.rings, name: rows - 1}
                    regions = tuple(
                        replace(one, rings=rings) if one is region else one
                        for one in schedule.regions
                    )
                    with pytest.raises(InternalError, match="memory checker"):
                        check(plan(replace(schedule, regions=regions), 4))
                    found += 1
    assert found >= 5


def test_strips_give_the_same_bytes_on_the_host(
    schedules: list[tuple[Compiled, Schedule]],
) -> None:
    for index, (compiled, schedule) in enumerate(schedules[:6]):
        tiled = _with_schedule(compiled, schedule)
        assert _bytes(tiled, stepped=index % 2 == 1) == _bytes(compiled)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(16, 120))
def test_strips_give_the_same_bytes_in_many_networks(seed: int, tmp_path: Path) -> None:
    compiled = _compiled(seed, tmp_path, input_memory="external" if seed % 2 else "arena")
    expected = _bytes(compiled)
    for strips in (2, 5):
        schedule = _tiled(compiled, strips)
        if schedule is not None:
            tiled = _with_schedule(compiled, schedule)
            assert _bytes(tiled, stepped=strips == 2) == expected


@pytest.mark.qemu
@pytest.mark.parametrize("target", ["cortex-m0", "cortex-m4", "cortex-m55"])
def test_strips_give_the_same_bytes_under_qemu(target: str, tmp_path: Path) -> None:
    compiled = _compiled(10, tmp_path, target=target)
    schedule = _tiled(compiled, 3)
    assert schedule is not None
    assert _bytes(_with_schedule(compiled, schedule)) == _bytes(compiled)


@pytest.mark.parametrize("seed", SMALLER_IN_STRIPS)
@pytest.mark.parametrize("factor", [1.05, 1.3, 2.0])
def test_recomputation_stays_within_its_factor(seed: int, factor: float, tmp_path: Path) -> None:
    where = {"optimize": "ram", "input_memory": "external"}
    plain = _compiled(seed, tmp_path, **where)
    again = _compiled(seed, tmp_path, recompute=factor, **where)
    assert graph_macs(again.plan.schedule.graph) <= factor * graph_macs(plain.graph)
    assert again.plan.arena_bytes <= plain.plan.arena_bytes
    if factor == 2.0:
        assert again.plan.arena_bytes < plain.plan.arena_bytes
        assert _bytes(again) == _bytes(plain)


def test_nothing_is_made_again_unless_asked_for(tmp_path: Path) -> None:
    for seed in SMALLER_IN_STRIPS:
        compiled = _compiled(seed, tmp_path, optimize="ram", input_memory="external")
        assert compiled.plan.schedule.source is None
        assert not any(point.macs for point in compiled.front.points)


@pytest.mark.parametrize("factor", [0.5, float("nan"), float("inf"), -1.0])
def test_a_factor_that_is_none_is_refused(factor: float, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--recompute"):
        _compiled(0, tmp_path, recompute=factor)
