"""The network of steps as a layered drawing, from left to right.

Sugiyama, Tagawa, Toda: "Methods for visual understanding of hierarchical system structures", 1981:
longest paths give the layers, edges over several layers get a place in each, sweeps of barycentres
order the layers. Heights are the least squares to those of the neighbours, in that order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

WIDTH, HEIGHT = 112, 44  # of a step, in px
_ACROSS, _DOWN, _LANE, _EDGE = 26, 14, 16, 12  # between layers, steps, edges; around all
_SWEEPS = 6


@dataclass(frozen=True)
class Drawing:
    """Places of the steps in px; `edges`: the two steps and the path between them."""

    width: int
    height: int
    places: tuple[tuple[float, float], ...]
    edges: tuple[tuple[int, int, str], ...]


@dataclass(frozen=True)
class _Layered:
    """Points by number, steps first, then what edges pass through; `lanes` are edges as points."""

    layers: list[list[int]]
    before: list[list[int]]
    after: list[list[int]]
    lanes: list[list[int]]


def drawing(steps: Sequence[dict[str, Any]]) -> Drawing:
    """The drawing of the steps and what they read."""
    if not steps:
        return Drawing(0, 0, (), ())
    count = len(steps)
    found = _layered([step["reads"] for step in steps])
    _order(found)
    heights = _heights(found, count)
    lowest = min(heights)
    layer_of = {point: i for i, layer in enumerate(found.layers) for point in layer}

    def place(point: int) -> tuple[float, float]:
        x = _EDGE + layer_of[point] * (WIDTH + _ACROSS)
        return x, round(heights[point] - lowest + _EDGE + HEIGHT / 2, 1)

    return Drawing(
        2 * _EDGE + len(found.layers) * (WIDTH + _ACROSS) - _ACROSS,
        round(max(heights) - lowest + HEIGHT + 2 * _EDGE),
        tuple(place(point) for point in range(count)),
        tuple((lane[0], lane[-1], _path([place(p) for p in lane])) for lane in found.lanes),
    )


def _layered(reads: Sequence[Sequence[int]]) -> _Layered:
    depth: list[int] = []
    for read in reads:
        depth.append(1 + max((depth[i] for i in read), default=-1))
    layers: list[list[int]] = [[] for _ in range(max(depth) + 1)]
    for step, layer in enumerate(depth):
        layers[layer].append(step)
    found = _Layered(layers, [[] for _ in reads], [[] for _ in reads], [])
    for step, read in enumerate(reads):
        for start in dict.fromkeys(read):
            lane = [start]
            for layer in range(depth[start] + 1, depth[step]):
                lane.append(len(found.before))
                found.before.append([])
                found.after.append([])
                layers[layer].append(lane[-1])
            lane.append(step)
            for one, other in pairwise(lane):
                found.after[one].append(other)
                found.before[other].append(one)
            found.lanes.append(lane)
    return found


def _order(found: _Layered) -> None:
    """Sweeps to and fro: every point to the mean rank of its neighbours in the layer before."""
    rank = {p: i for layer in found.layers for i, p in enumerate(layer)}
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        near = found.before if forward else found.after
        for layer in found.layers if forward else reversed(found.layers):
            weight = {
                p: sum(rank[q] for q in near[p]) / len(near[p]) if near[p] else rank[p]
                for p in layer
            }
            layer.sort(key=weight.__getitem__)
            rank.update((p, i) for i, p in enumerate(layer))


def _heights(found: _Layered, count: int) -> list[float]:
    """The middle of every point; those of a layer keep their order and their distance."""
    heights = [0.0] * len(found.before)
    for layer in found.layers:
        offsets = [0.0]
        for one, other in pairwise(layer):
            full = (one < count) + (other < count)
            offsets.append(offsets[-1] + (_LANE, HEIGHT / 2 + _LANE, HEIGHT + _DOWN)[full])
        wanted = [
            _mean([heights[q] for q in _straight(found.before[p], count)]) - offset
            for p, offset in zip(layer, offsets, strict=True)
        ]
        weights = [1.0 if point < count else 1e-3 for point in layer]
        for point, base, offset in zip(layer, _rising(wanted, weights), offsets, strict=True):
            heights[point] = base + offset
    return heights


def _straight(before: list[int], count: int) -> list[int]:
    """The steps among the points before one; edges that pass by bend instead of them."""
    return [point for point in before if point < count] or before


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _rising(wanted: list[float], weights: list[float]) -> list[float]:
    """The rising values with the least weighted squares to those wanted (pooled neighbours)."""
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(wanted, weights, strict=True):
        pools.append((value, weight, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (v, w, n), (u, x, m) = pools.pop(), pools.pop()
            pools.append(((v * w + u * x) / (w + x), w + x, n + m))
    return [value for value, _, number in pools for _ in range(number)]


def _path(points: list[tuple[float, float]]) -> str:
    """A smooth line from the right of a step past the lanes to the left of another one."""
    x, y = points[0][0] + WIDTH, points[0][1]
    parts = [f"M{x:g} {y:g}"]
    for index, (left, height) in enumerate(points[1:], start=1):
        half = (left - x) / 2
        parts.append(f"C{x + half:g} {y:g} {left - half:g} {height:g} {left:g} {height:g}")
        x, y = left, height
        if index < len(points) - 1:
            x += WIDTH
            parts.append(f"H{x:g}")
    return "".join(parts)
