"""The blocks that decide how high a placement is: all others find a place once these have theirs.

A block may start at (H - size) / unit + 1 places below a height H. A neighbour at o forbids those
strictly between o - sep(block, it) and o + sep(it, block). Where all neighbours together forbid
fewer than there are, the block fits wherever they lie, and can wait. What then is left has fewer
neighbours, so others can wait too: of the 82 blocks of a network of 56 steps some 20 remain.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from tinycc.memory.fit import Block, Neighbours, Offsets, Separations


def core(
    blocks: Sequence[Block], separations: Separations, height: int
) -> tuple[list[int], list[int]]:
    """The blocks that decide, and those that fit below a height after them, in that order."""
    unit = math.gcd(*(block.size for block in blocks), *separations.values()) or 1
    table = Neighbours(blocks, separations)
    forbidden = [{j: below + above - unit for j, below, above in near} for near in table.of]
    left, waiting = set(range(len(blocks))), list[int]()
    pending = sorted(left, key=lambda i: blocks[i].size)
    while pending:
        index = pending.pop(0)
        if index in left and sum(forbidden[index].values()) <= height - blocks[index].size:
            left.remove(index)
            waiting.append(index)
            for other in forbidden[index]:
                forbidden[other].pop(index, None)
            pending += sorted(other for other in forbidden[index] if other in left)
    return sorted(left), waiting[::-1]


def completed(
    blocks: Sequence[Block], separations: Separations, placed: dict[int, int], rest: Sequence[int]
) -> Offsets:
    """Offsets of all blocks: those of some, and the lowest free ones for the rest, in order."""
    table, offsets = Neighbours(blocks, separations), dict(placed)
    for index in rest:
        offsets[index] = next(table.spots(index, offsets))[0]
    return tuple(offsets[index] for index in range(len(blocks)))
