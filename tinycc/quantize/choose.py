"""Ranges of activations by the error at the network's outputs: coordinate descent over tensors.

Every observer proposes a range for every tensor. Beginning with those of least squared error,
tensor by tensor from the input on, the proposal is kept that gives the smallest error of the
outputs while all else is quantised as chosen so far.
"""

from __future__ import annotations

from collections.abc import Mapping

from tinycc.progress import Progress
from tinycc.quantize.observers import OBSERVERS, Histogram, observed
from tinycc.quantize.places import Grid
from tinycc.quantize.simulation import Simulation

START = "mse"
_GAIN = 0.99  # smaller gains are noise of the samples
_ALIKE = 0.004  # scales that differ by less give the same network


def proposals(histograms: Mapping[str, Histogram]) -> dict[str, dict[str, Grid]]:
    """The grid of every observer, by observer and tensor."""
    return {
        observer: {
            name: Grid.covering(*observed(observer, one)) for name, one in histograms.items()
        }
        for observer in OBSERVERS
    }


def choose_grids(
    simulation: Simulation, proposed: Mapping[str, Mapping[str, Grid]], progress: Progress
) -> dict[str, Grid]:
    """The best proposal of each tensor."""
    chosen = dict(proposed[START])
    least = simulation.error(chosen)
    for index, name in enumerate(chosen):
        progress(f"range of `{name}` by output error", index / len(chosen))
        tried = [chosen[name]]
        for grids in proposed.values():
            grid = grids[name]
            if any(_alike(grid, other) for other in tried):
                continue
            tried.append(grid)
            error = simulation.error({**chosen, name: grid})
            if error < least * _GAIN:
                chosen[name], least = grid, error
    return chosen


def _alike(left: Grid, right: Grid) -> bool:
    return (
        left.zero_point == right.zero_point and abs(left.scale - right.scale) <= _ALIKE * left.scale
    )
