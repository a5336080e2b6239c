"""The MILP: the true optimum, and never a wrong answer, whatever the solver returns."""

import itertools

import pulp
import pytest
from hypothesis import given, settings
from packings import crowd, faults, optimum, overlapping

from tinycc.memory import fit, milp
from tinycc.memory.fit import Block

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulp")  # of PuLP 3 for 4

CBC = pulp.PULP_CBC_CMD(msg=False, gapRel=0)
EVERY_SOLVER = [
    pytest.param(solver, marks=pytest.mark.skipif(not solver.available(), reason="not installed"))
    for solver in (pulp.HiGHS(msg=False, gapRel=0), CBC)
]


def stack(blocks):
    """The highest placement there is: one above the other."""
    return tuple(itertools.accumulate((block.size for block in blocks[:-1]), initial=0))


def one_stack(problem):
    """A problem with a valid placement that leaves much to improve."""
    blocks, separations = problem
    start = stack(blocks)
    return blocks, start, fit.lower_bound(blocks, separations), separations


@given(overlapping())
@settings(max_examples=60, deadline=None)
def test_it_finds_the_optimum(problem):
    blocks, start, bound, separations = one_stack(problem)
    result = milp.minimise(blocks, start, bound, separations)
    assert result.optimal and not result.note
    assert not faults(blocks, result.offsets, separations)
    assert fit.height(blocks, result.offsets) == optimum(blocks, separations)


@pytest.mark.parametrize("solver", EVERY_SOLVER)
def test_every_solver_finds_the_optimum(solver, monkeypatch):
    monkeypatch.setattr(milp, "available_solver", lambda seconds: solver)
    for seed in range(5):
        blocks = crowd(seed, 7, largest=5)
        separations = {(1, 0): 0, (3, 2): 1, (5, 6): -1}
        result = milp.minimise(blocks, stack(blocks), 0, separations)
        assert result.optimal
        assert not faults(blocks, result.offsets, separations)
        assert fit.height(blocks, result.offsets) == optimum(blocks, separations)


def test_large_sizes_are_solved_in_units():
    blocks = [Block(size << 40, first, last) for size, first, last in [(3, 0, 1), (2, 1, 2)]]
    result = milp.minimise(blocks, stack(blocks), 0, {(1, 0): 1 << 40})
    assert result.optimal
    assert fit.height(blocks, result.offsets) == 4 << 40


def test_groups_that_no_block_connects_are_solved_alone():
    blocks = [Block(4, 0, 1), Block(9, 5, 6), Block(3, 1, 2), Block(9, 4, 5)]
    assert list(milp.groups(blocks)) == [[0, 2], [3, 1]]
    result = milp.minimise(blocks, stack(blocks), 0)
    assert result.optimal
    assert fit.height(blocks, result.offsets) == 18
    assert list(milp.groups([])) == []


def test_the_bound_of_another_group_need_not_be_whole_in_units():
    blocks = [Block(2, 1, 1), Block(4, 1, 1), Block(5, 0, 0)]
    result = milp.minimise(blocks, (0, 2, 6), 5, {(0, 1): 0})
    assert result.optimal
    assert fit.height(blocks, result.offsets) == 5


def test_a_group_within_the_bound_stays_as_it_is(monkeypatch):
    monkeypatch.setattr(milp, "_solve", None)
    assert milp.minimise([Block(4, 0, 1)], (0,), 4) == milp.Result((0,), True)


BLOCKS = [Block(4, 0, 1), Block(2, 0, 2), Block(3, 1, 2)]
START = (0, 4, 6)


class Answer:
    """Stands in for a solver: returns these offsets and says that they are optimal."""

    name = "liar"

    def __init__(self, *values):
        self.values = values

    def actualSolve(self, problem):  # noqa: N802 (PuLP's name)
        for variable in problem.variables():
            variable.varValue = 0.0
        offsets = {f"o{i}": value for i, value in enumerate(self.values)}
        for variable in problem.variables():
            variable.varValue = offsets.get(variable.name, 0.0)
        problem.assignStatus(pulp.LpStatusOptimal, pulp.LpSolutionOptimal)
        return pulp.LpStatusOptimal


@pytest.mark.parametrize(
    "values",
    [
        (0.0, 0.0, 6.0),  # two in one place
        (0.0, 3.6, 5.4),  # fractional: one rounds to where it was, the next into it
        (0.0, 3.4, 6.0),  # fractional: rounds into the one below
        (-1.0, 4.0, 6.0),
        (0.0, 4.0, 7.0),  # valid, but worse than what there was
        (None, None, None),
        (float("nan"), 4.0, 6.0),
        (float("inf"), 4.0, 6.0),
    ],
)
def test_a_wrong_answer_never_gets_through(values, monkeypatch):
    monkeypatch.setattr(milp, "available_solver", lambda seconds: Answer(*values))
    result = milp.minimise(BLOCKS, START, 0)
    assert result.offsets == START
    assert not result.optimal
    assert "liar" in result.note


def test_an_answer_that_is_nearly_whole_is_rounded(monkeypatch):
    monkeypatch.setattr(
        milp, "available_solver", lambda seconds: Answer(4.9999999, 3.0000001, 1e-9)
    )
    result = milp.minimise(BLOCKS, START, 0)
    assert result.offsets == (5, 3, 0)
    assert result.optimal


def test_a_solver_that_crashes_leaves_the_heuristics(monkeypatch):
    def fail(problem):
        raise RuntimeError("no licence")

    solver = Answer()
    monkeypatch.setattr(solver, "actualSolve", fail)
    monkeypatch.setattr(milp, "available_solver", lambda seconds: solver)
    assert milp.minimise(BLOCKS, START, 0) == milp.Result(START, False, "liar failed: no licence")


def test_without_a_solver_the_heuristics_remain(monkeypatch):
    monkeypatch.setattr(pulp.HiGHS, "available", lambda self: False)
    monkeypatch.setattr(pulp.PULP_CBC_CMD, "available", lambda self: False)
    result = milp.minimise(BLOCKS, START, 0)
    assert result.offsets == START and not result.optimal
    assert "heuristics only" in result.note


def test_without_highs_cbc_is_taken(monkeypatch):
    monkeypatch.setattr(pulp.HiGHS, "available", lambda self: False)
    assert isinstance(milp.available_solver(1.0), pulp.PULP_CBC_CMD)


def test_when_the_time_is_over_a_valid_placement_is_left():
    blocks = crowd(2, 36, steps=12, largest=200)
    start = fit.construct(blocks)
    result = milp.minimise(blocks, start, fit.lower_bound(blocks) - 1, seconds=1.0)
    assert not result.optimal and result.note
    assert not faults(blocks, result.offsets, {})
    assert fit.height(blocks, result.offsets) <= fit.height(blocks, start)


def test_too_many_pairs_start_no_solver(monkeypatch):
    monkeypatch.setattr(milp, "MOST_PAIRS", 2)
    result = milp.minimise(BLOCKS, START, 0)
    assert result == milp.Result(START, False, "3 pairs are too many for the MILP")
