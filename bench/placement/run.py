"""Solves minimalloc's public hard instances and writes results.md beside this file.

    python bench/placement/run.py [--instances ../shared/data/minimalloc] [--seconds 300]

Seconds are of process time, which includes the heuristics and the check; the nodes of the search
are the same on every machine, its time is not. Every result is checked by `instances.check`.
"""

from __future__ import annotations

import argparse
import platform
import sys
from pathlib import Path

from tinycc.memory import fit, instances
from tinycc.memory.solve import solve

HERE = Path(__file__).resolve().parent
CAPACITY = 1 << 20


def main() -> None:
    parser = argparse.ArgumentParser()
    shared = HERE.parents[2] / "shared" / "data" / "minimalloc"
    parser.add_argument("--instances", type=Path, default=shared)
    parser.add_argument("--seconds", type=float, default=300)
    options = parser.parse_args()
    files = sorted(options.instances.glob("*.csv"))
    if not files:
        sys.exit(f"no instances in {options.instances}")
    rows = [_solve(path, options.seconds) for path in files]
    (HERE / "results.md").write_text("\n".join([_HEAD.format(platform.machine()), *rows]) + "\n")


_HEAD = """# minimalloc's hard instances

`python bench/placement/run.py`, one thread of a shared {} machine, Python and numpy. Capacity
1,048,576; each solution is checked by code that shares nothing with the solver. "Heuristics" is the
best of 18 constructions, above the bound (the live bytes).

| instance | buffers | bound | heuristics | height | result | CPU seconds |
|---|---|---|---|---|---|---|"""


def _solve(path: Path, seconds: float) -> str:
    rows = instances.read(path)
    blocks = instances.blocks(rows)
    quick = fit.height(blocks, fit.construct(blocks))
    solution = solve(blocks, capacity=CAPACITY, seconds=seconds)
    height = instances.check(rows, solution.offsets)
    gap = f"{height / CAPACITY - 1:.1%} above the capacity"
    result = gap if height > CAPACITY else "optimal" if solution.is_optimal else "fits"
    cells = (
        path.name.split(".")[0],
        len(rows),
        f"{solution.bound:,}",
        f"{quick / solution.bound - 1:+.1%}",
        f"{height:,}",
        result,
        f"{solution.seconds:.1f}",
    )
    line = f"| {' | '.join(map(str, cells))} |"
    print(line, flush=True)
    return line


if __name__ == "__main__":
    main()
