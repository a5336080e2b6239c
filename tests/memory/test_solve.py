"""Heuristics, search and MILP together, held against exhaustive search; and what is wrong."""

from pathlib import Path

import pulp
import pytest
from hypothesis import given, settings
from packings import crowd, faults, optimum, overlapping

from tinycc.errors import InternalError
from tinycc.memory import fit, instances, milp, search
from tinycc.memory.fit import Block
from tinycc.memory.solve import METHODS, solve

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulp")


@given(overlapping())
@settings(max_examples=100, deadline=None)
def test_small_problems_are_solved_and_proved(problem):
    blocks, separations = problem
    solution = solve(blocks, separations)
    assert not faults(blocks, solution.offsets, separations)
    assert solution.is_optimal
    assert solution.height == optimum(blocks, separations)


def test_nothing_is_placed_in_no_bytes():
    solution = solve([])
    assert (solution.offsets, solution.height, solution.is_optimal) == ((), 0, True)


def test_heuristics_that_meet_the_bound_start_nothing_else(monkeypatch):
    monkeypatch.setattr(search, "minimise", None)
    monkeypatch.setattr(milp, "minimise", None)
    assert solve([Block(4, 0, 1), Block(3, 1, 2)]).method == "heuristics"


def gap():
    """Blocks whose bound the heuristics miss, though it is the optimum."""
    for seed in range(1000):
        blocks = crowd(seed, 20, steps=8, largest=60)
        if fit.height(blocks, fit.construct(blocks)) > fit.lower_bound(blocks):
            return blocks
    raise AssertionError("no seed")


def test_a_gap_is_closed_by_the_search():
    solution = solve(gap())
    assert solution.method == "search"
    assert solution.is_optimal
    assert not faults(gap(), solution.offsets, {})


def test_a_capacity_that_heuristics_meet_is_enough(monkeypatch):
    monkeypatch.setattr(search, "minimise", None)
    blocks = gap()
    enough = fit.height(blocks, fit.construct(blocks))
    assert solve(blocks, capacity=enough).height == enough


def test_a_bound_above_the_live_bytes_is_proved():
    path = Path(__file__).parent / "instances" / "above_live_bytes.csv"
    blocks = instances.blocks(instances.read(path))
    solution = solve(blocks)
    assert fit.lower_bound(blocks) == 6
    assert solution.bound == solution.height == optimum(blocks, {}) == 7


@pytest.mark.parametrize("method", METHODS)
def test_every_method_gives_a_valid_placement(method):
    blocks = crowd(5, 9)
    solution = solve(blocks, method=method, seconds=5)
    assert not faults(blocks, solution.offsets, {})
    assert solution.bound <= solution.height


def test_without_any_solver_overlaps_are_placed_by_heuristics(monkeypatch):
    monkeypatch.setattr(pulp.HiGHS, "available", lambda self: False)
    monkeypatch.setattr(pulp.PULP_CBC_CMD, "available", lambda self: False)
    monkeypatch.setattr(fit, "lower_bound", lambda blocks, separations: 1)
    solution = solve([Block(8, 0, 1), Block(6, 1, 2)], {(1, 0): 2})
    assert solution.height == 10 and not solution.is_optimal
    assert "heuristics only" in solution.notes[0]


def test_a_placement_that_is_not_valid_is_a_bug(monkeypatch):
    monkeypatch.setattr(fit, "construct", lambda blocks, separations: (0, 3))
    with pytest.raises(InternalError, match="not valid"):
        solve([Block(4, 0, 1), Block(3, 1, 2)])
