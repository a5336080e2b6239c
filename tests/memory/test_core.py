"""Blocks that do not decide the height fit wherever those that do have come to lie."""

import random

import pytest

from tinycc.memory import fit
from tinycc.memory.core import completed, core
from tinycc.memory.fit import Block
from tinycc.memory.solve import solve


def _problem(rng: random.Random) -> tuple[list[Block], dict[tuple[int, int], int]]:
    """Large and small blocks, in half of the cases with pairs that may overlap either way."""
    blocks = []
    for _ in range(rng.randrange(3, 12)):
        first = rng.randrange(6)
        size = 4 * rng.choice([rng.randrange(4), rng.randrange(1, 30)])
        blocks.append(Block(size, first, first + rng.randrange(3)))
    separations = {
        (i, j): 4 * rng.randrange(-20, blocks[i].size // 4 + 1)
        for i in range(len(blocks))
        for j in range(len(blocks))
        if i != j and blocks[i].meets(blocks[j]) and rng.random() < 0.2
    }
    return blocks, separations if rng.random() < 0.5 else {}


def _anywhere(blocks, separations, height, rng):
    """A valid placement below a height with gaps of all sizes, None where chance finds none."""
    table, offsets = fit.Neighbours(blocks, separations), {}
    for index in rng.sample(range(len(blocks)), len(blocks)):
        low, high = 0, height - blocks[index].size
        clear = [
            at
            for at in range(low, high + 1, 4)
            if all(at <= a or at >= b for a, b in table.forbidden(index, offsets))
        ]
        if not clear:
            return None
        offsets[index] = rng.choice(clear)
    return offsets


@pytest.mark.parametrize("seed", range(40))
def test_the_rest_fits_wherever_the_core_lies(seed):
    rng, waiting = random.Random(seed), 0
    for _ in range(10):
        blocks, separations = _problem(rng)
        height = fit.lower_bound(blocks, separations)
        deciding, rest = core(blocks, separations, height)
        assert sorted([*deciding, *rest]) == list(range(len(blocks)))
        number = {index: place for place, index in enumerate(deciding)}
        own = {
            (number[i], number[j]): distance
            for (i, j), distance in separations.items()
            if i in number and j in number
        }
        lain = _anywhere([blocks[i] for i in deciding], own, height, rng)
        if lain is not None:
            waiting += len(rest)
            placed = {deciding[place]: offset for place, offset in lain.items()}
            offsets = completed(blocks, separations, placed, rest)
            assert fit.is_valid(blocks, offsets, separations)
            assert fit.height(blocks, offsets) <= height
    assert waiting


def test_a_long_chain_is_decided_by_its_worst_part():
    blocks = [Block(4 * size, at, at + 1) for at, size in enumerate([90, 70, 80, *[9] * 40])]
    deciding, rest = core(blocks, {}, fit.lower_bound(blocks))
    assert deciding == [0, 1, 2] and len(rest) == 40
    assert solve(blocks).is_optimal
