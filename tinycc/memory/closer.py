"""Overlaps of layers that follow one another may stack up to more than the worst of their regions.

Then some layers make fewer rows per call, which need less distance below their dying inputs.
"""

from __future__ import annotations

from collections.abc import Callable

from tinycc.memory.plan import Plan
from tinycc.schedule.front import Front, Point

SLIGHT = 0.001  # of the instructions: what is not worth the search for the layer that needs it


def closest(front: Front, point: Point, most: int, placed: Callable[[Point], Plan]) -> Plan:
    """A point's plan; where overlaps stack up, that of the fewest slower layers that avoid it.

    `most`: extra instructions that are allowed; `placed` plans a point.
    """
    found = placed(point)
    closer = front.closer(point)
    if found.arena_bytes <= point.bytes or not closer:
        return found
    slow = front.exchanged(point, {at: forms[-1] for at, forms in closer.items()})
    tight = placed(slow)
    if tight.arena_bytes >= found.arena_bytes:
        return found
    own = {at: point.regions[at].variants[0] for at in closer}
    for at, forms in sorted(closer.items(), key=lambda item: -front.saves(point, item[0], item[1])):
        if front.saves(point, at, forms) < SLIGHT * front.instructions:
            continue
        for form in (own[at], *forms[:-1]):
            trial = front.exchanged(slow, {at: form})
            again = placed(trial)
            if again.arena_bytes <= tight.arena_bytes:
                slow, tight = trial, again
                break
    return tight if slow.extra <= most else found
