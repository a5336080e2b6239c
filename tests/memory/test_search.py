"""The search: exact on small problems, within its budget, and at home on the hard set."""

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from packings import blocks_lists, crowd, faults, optimum

from tinycc.memory import fit, search
from tinycc.memory.fit import Block
from tinycc.memory.search import Budget, UndecidedError, minimise, pack

HARD = Path(__file__).resolve().parents[3] / "shared" / "data" / "minimalloc"
FOREVER = float("inf")


def hard(name):
    path = HARD / f"{name}.1048576.csv"
    if not path.exists():
        pytest.skip(f"{path} is not here: minimalloc's public instances")
    with path.open() as lines:
        return [
            Block(int(row["size"]), int(row["lower"]), int(row["upper"]) - 1)
            for row in csv.DictReader(lines)
        ]


@given(blocks_lists)
@settings(max_examples=300, deadline=None)
def test_it_packs_into_the_optimum_and_proves_that_less_is_too_little(blocks):
    best = optimum(blocks, {})
    packed = pack(blocks, best, Budget(100_000))
    assert not faults(blocks, packed, {})
    assert fit.height(blocks, packed) <= best
    assert pack(blocks, best - 1, Budget(100_000)) is None


@pytest.mark.parametrize("seed", range(12))
def test_all_rules_and_orders_find_the_same_optimum(seed):
    """Each of them alone packs into the optimum, and proves that less is too little."""
    blocks = crowd(seed, 12)
    found, bound = minimise(
        blocks, fit.construct(blocks), fit.lower_bound(blocks), 0, FOREVER, rounds=6
    )
    assert fit.height(blocks, found) == bound
    assert not faults(blocks, found, {})
    problem = search._Problem.of(blocks, 1, bound)
    below = search._Problem.of(blocks, 1, bound - 1)
    for number in range(search.CYCLE):
        assert search._Walk(problem, number, Budget(100_000)).fits()
        assert not search._Walk(below, number, Budget(100_000)).fits()


def test_sections_are_the_maximal_sets_of_live_blocks():
    blocks = [Block(1, 0, 3), Block(1, 1, 1), Block(1, 2, 5), Block(1, 3, 3), Block(1, 7, 7)]
    assert [set(row.nonzero()[0]) for row in search._sections(blocks)] == [{0, 1}, {0, 2, 3}, {4}]


def test_any_order_of_the_blocks_will_do():
    blocks = crowd(3, 10)
    best = fit.lower_bound(blocks)
    packed = pack(blocks[::-1], best + 2, Budget(10_000))
    assert not faults(blocks[::-1], packed, {})


def test_a_budget_of_nodes_ends_the_search():
    with pytest.raises(UndecidedError):
        pack(hard("K"), 1 << 20, Budget(300))


def test_a_budget_of_time_ends_the_search():
    with pytest.raises(UndecidedError):
        pack(hard("G"), 1 << 20, Budget(1_000_000, until=0.0))


def test_the_best_so_far_is_kept_when_the_time_is_over():
    blocks = hard("G")
    start = fit.construct(blocks)
    found, bound = minimise(blocks, start, fit.lower_bound(blocks), 0, until=0.0)
    assert found == start
    assert bound == fit.lower_bound(blocks)


def test_the_same_budget_finds_the_same_packing():
    blocks = hard("B")
    assert pack(blocks, 1 << 20, Budget(3_000)) == pack(blocks, 1 << 20, Budget(3_000))


def test_restarts_follow_the_sequence_of_luby():
    numbers = [search._luby(i) for i in range(1, 16)]
    assert numbers == [1, 1, 2, 1, 1, 2, 4, 1, 1, 2, 1, 1, 2, 4, 8]


@pytest.mark.parametrize("name", "ABCDEFIJK")
def test_minimallocs_hard_instances_are_solved(name):
    """Nine of the eleven in well under ten thousand nodes, a second or two."""
    blocks = hard(name)
    packed = pack(blocks, 1 << 20, Budget(20_000))
    assert not faults(blocks, packed, {})
    assert fit.height(blocks, packed) <= 1 << 20


@pytest.mark.slow
@pytest.mark.parametrize("name", "GH")
def test_minimallocs_other_instances_are_solved(name):
    blocks = hard(name)
    packed = pack(blocks, 1 << 20, Budget(1_000_000))
    assert not faults(blocks, packed, {})
    assert fit.height(blocks, packed) <= 1 << 20
