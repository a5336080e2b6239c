"""Which schedule of a front to take: what is asked for, within the memories there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tinycc.memory.assign import Room
from tinycc.memory.closer import closest
from tinycc.memory.place import plan
from tinycc.memory.plan import Plan
from tinycc.schedule.front import ALLOWED, Front, Point

ALTERNATIVES = 3  # cheaper points of the front that may be placed in fewer bytes than a smaller one
OTHERS = 3  # regions of the smallest point that are taken apart where they cannot be placed
SPREAD = 6  # points that are planned over several memories to see which costs least


@dataclass(frozen=True)
class Limits:
    """What to optimise (`ram`, `balanced` or `speed`) within which memories.

    `limit`: bytes for all arenas together, None where nobody has set one. `asked`: somebody set it
    for this compilation, so whatever meets it will do, and the cheapest schedule is best.
    """

    optimize: str
    alignment: int
    limit: int | None = None
    asked: bool = False
    rooms: tuple[Room, ...] = ()

    def allow(self, placed: Plan) -> bool:
        """True for a plan within the limit and the memories."""
        return placed.fits and (self.limit is None or placed.arena_bytes <= self.limit)

    def rank(self, placed: Plan) -> tuple[bool, int]:
        """Less for the better of two plans."""
        return not self.allow(placed), placed.arena_bytes


def choose(front: Front, limits: Limits) -> Plan:
    """The best plan within the limits; where there is none, one of the smallest."""
    if not limits.asked:
        best = _best(front, limits)
        if penalty(best):
            best = _best_of_spread(front, limits, best)
        if limits.allow(best):
            return best
    return _cheapest(front, limits)


def _planned(front: Front, limits: Limits, point: Point) -> Plan:
    return plan(front.schedule(point), limits.alignment, limits.rooms)


def _closest(front: Front, limits: Limits, point: Point, most: int) -> Plan:
    """A point's plan in one memory, with overlaps that do not stack up."""
    if len(limits.rooms) > 1:
        return _planned(front, limits, point)
    return closest(front, point, most, lambda one: _planned(front, limits, one))


def _best(front: Front, limits: Limits) -> Plan:
    """The plan for what is to be optimised, whatever memories cost."""
    chosen = front.points.index(front.choose(limits.optimize))
    least = chosen if limits.optimize == "speed" else max(0, chosen - ALTERNATIVES + 1)
    most = max(front.allowed(limits.optimize), front.points[chosen].extra)
    plans = [_closest(front, limits, front.points[i], most) for i in range(least, chosen + 1)]
    best = min(plans, key=lambda one: (not one.fits, one.arena_bytes))
    if limits.optimize == "ram" and best.arena_bytes > front.points[chosen].bytes:
        others = _others(front, limits, front.points[chosen], most)
        best = min([best, *others], key=lambda one: (not one.fits, one.arena_bytes))
    return best


def _others(front: Front, limits: Limits, point: Point, most: int) -> Iterator[Plan]:
    """Plans of schedules with the same peak in which one of its largest regions is another.

    What regions leave each other of the tensor between them does not always stack up.
    """
    turning = [region for region in point.regions if region.rolls and region.strips == 1]
    for region in turning[:OTHERS]:
        other = front.avoiding(point, region)
        if other is not None and other.extra <= most:
            yield _planned(front, limits, other)


def penalty(placed: Plan) -> float:
    """What accesses to slower memories cost beyond those to the fastest, as instructions.

    An access is taken to be an instruction where the price is 1.
    """
    return sum(arena.traffic * (arena.price - 1) for arena in placed.arenas if arena.price > 1)


def _best_of_spread(front: Front, limits: Limits, first: Plan) -> Plan:
    """Where slow memory is in use a smaller schedule may be faster: the best of a few.

    `speed`: that of the lowest cost, taking turns and slow accesses; `balanced`: the smallest that
    costs at most 3 % more than that one; `ram`: the first, which is the smallest.
    """
    if limits.optimize == "ram":
        return first
    last = len(front.points) - 1
    shown = sorted({round(i * last / (SPREAD - 1)) for i in range(SPREAD)})
    plans = [(front.points[i].extra, _planned(front, limits, front.points[i])) for i in shown]
    found = [(extra + penalty(one), one) for extra, one in plans if limits.allow(one)]
    if not found:
        return first
    least = min(cost for cost, _ in found)
    room = 0.0 if limits.optimize == "speed" else ALLOWED["balanced"] * front.instructions
    within = [one for cost, one in found if cost <= least + room]
    return min(within, key=lambda one: one.arena_bytes)


def _cheapest(front: Front, limits: Limits) -> Plan:
    """The first plan from the cheapest schedule on that is allowed, else the smallest of the last.

    The smallest point is not always the one that is placed in the fewest bytes.
    """
    plans: list[Plan] = []
    last = front.points[-ALTERNATIVES:]
    for point in front.points:
        if _may_fit(point, limits) or point in last:
            plans.append(_closest(front, limits, point, front.points[-1].extra))
            if limits.allow(plans[-1]):
                return plans[-1]
    return min(plans, key=lambda one: one.arena_bytes)


def _may_fit(point: Point, limits: Limits) -> bool:
    """True unless a point needs more than all memories, or the limit, hold."""
    return point.bytes <= _most(limits.rooms, limits.limit)


def _most(rooms: Sequence[Room], limit: int | None) -> int:
    room = sum(one.bytes for one in rooms) if len(rooms) > 1 else 1 << 60
    return room if limit is None else min(room, limit)
