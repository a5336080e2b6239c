"""Small placement problems and their optima by trying everything; shares no code with tinycc."""

import itertools
import random

from hypothesis import strategies as st

from tinycc.memory.fit import Block

blocks_lists = st.lists(
    st.builds(
        lambda size, first, length: Block(size, first, first + length),
        st.integers(1, 5),
        st.integers(0, 5),
        st.integers(0, 4),
    ),
    min_size=1,
    max_size=5,
)


@st.composite
def overlapping(draw):
    """Blocks, and for some of the pairs that are live together smaller separations."""
    blocks = draw(blocks_lists)
    pairs = [
        (i, j)
        for i, j in itertools.permutations(range(len(blocks)), 2)
        if blocks[i].meets(blocks[j])
    ]
    chosen = draw(st.lists(st.sampled_from(pairs), max_size=4, unique=True)) if pairs else []
    return blocks, {(i, j): draw(st.integers(-4, blocks[i].size)) for i, j in chosen}


def crowd(seed, count, steps=8, largest=9):
    """Random blocks that are hard for their number: few steps, many sizes."""
    rng = random.Random(seed)
    starts = [rng.randrange(steps) for _ in range(count)]
    return [Block(rng.randrange(1, largest), s, s + rng.randrange(steps // 2)) for s in starts]


def allowed(blocks, separations, offsets, i, j):
    """Two blocks are never live together, or one is far enough above the other."""
    if blocks[i].last < blocks[j].first or blocks[j].last < blocks[i].first:
        return True
    distance = offsets[j] - offsets[i]
    above = distance >= separations.get((i, j), blocks[i].size)
    return above or -distance >= separations.get((j, i), blocks[j].size)


def faults(blocks, offsets, separations):
    """Pairs that are too close, and blocks below 0."""
    pairs = itertools.combinations(range(len(blocks)), 2)
    close = [pair for pair in pairs if not allowed(blocks, separations, offsets, *pair)]
    return close + [i for i, offset in enumerate(offsets) if offset < 0]


def optimum(blocks, separations):
    """The smallest height for which some offsets, out of all, have no faults."""
    order = sorted(range(len(blocks)), key=lambda i: blocks[i].first)
    heights = itertools.count(max(block.size for block in blocks))
    return next(h for h in heights if _fits(blocks, separations, h, order, {}))


def fits(blocks, separations, height):
    """Whether some offsets, out of all, have no faults within a height."""
    order = sorted(range(len(blocks)), key=lambda i: blocks[i].first)
    large = any(block.size > height for block in blocks)
    return not large and _fits(blocks, separations, height, order, {})


def _fits(blocks, separations, height, order, offsets):
    """Tries all offsets of the next block; one, if it meets no other."""
    if len(offsets) == len(order):
        return True
    i = order[len(offsets)]
    alone = not any(blocks[j].meets(blocks[i]) for j in order[: len(offsets)])
    later = [blocks[j] for j in order[len(offsets) + 1 :]]
    free = alone and not any(blocks[i].meets(block) for block in later)
    for offset in range(1 if free else height - blocks[i].size + 1):
        trial = {**offsets, i: offset}
        if all(allowed(blocks, separations, trial, j, i) for j in offsets) and _fits(
            blocks, separations, height, order, trial
        ):
            return True
    return False
