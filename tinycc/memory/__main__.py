"""Solves placement problems from files, so that the placer can be held against others.

    python -m tinycc.memory solve FILE [--capacity N] [--seconds S] [--method M] [-o out.csv]
        [--json]

Exit: 0 solved, 1 not solved or an error in the file, 2 usage.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tinycc.errors import InternalError, TinyccError
from tinycc.memory import instances
from tinycc.memory.solve import METHODS, Solution, solve


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code of a command line."""
    options = _parser().parse_args(arguments)
    try:
        return _solve(options)
    except TinyccError as error:
        print(error.render(), file=sys.stderr)
        if options.json:
            problems = [asdict(problem) for problem in error.problems]
            print(json.dumps({"errors": problems, "exit_code": error.exit_code}, indent=1))
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tinycc.memory", description="Places buffers.")
    command = parser.add_subparsers(required=True, metavar="solve").add_parser(
        "solve", help="solve one problem", description="Places the buffers of a CSV file."
    )
    command.add_argument("file", type=Path, help="CSV: id, lower, upper (exclusive), size")
    command.add_argument(
        "--capacity", type=_positive, metavar="N", help="bytes that are enough; default: the bound"
    )
    command.add_argument(
        "--seconds",
        type=_positive,
        default=300,
        metavar="S",
        help="time for each of the search (of the process) and the MILP; default: 300",
    )
    command.add_argument("--method", choices=METHODS, default="auto", help="default: auto")
    command.add_argument("-o", "--output", type=Path, help="CSV to write, with a column offset")
    command.add_argument("--json", action="store_true", help="print one JSON document")
    return parser


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) <= 18 and int(text)):
        raise argparse.ArgumentTypeError(f"`{text}` is not a whole number above 0")
    return int(text)


def _solve(options: argparse.Namespace) -> int:
    rows = instances.read(options.file)
    blocks = instances.blocks(rows)
    capacity = options.capacity or 0
    solution = solve(blocks, capacity=capacity, seconds=options.seconds, method=options.method)
    if instances.check(rows, solution.offsets) != solution.height:
        raise InternalError("placement: the height is not what it should be")
    if not options.json:
        print(_report(len(rows), solution, options.capacity))
    if options.output is not None:
        instances.write(options.output, rows, solution.offsets)
        print(f"offsets   {options.output}", file=sys.stderr if options.json else sys.stdout)
    if options.json:
        print(json.dumps(_document(solution, options.capacity), indent=1))
    return 0 if solution.meets(capacity) and _within(solution, options.capacity) else 1


def _within(solution: Solution, capacity: int | None) -> bool:
    return capacity is None or solution.height <= capacity


def _document(solution: Solution, capacity: int | None) -> dict[str, Any]:
    return {
        "buffers": len(solution.blocks),
        "height": solution.height,
        "bound": solution.bound,
        "optimal": solution.is_optimal,
        "capacity": capacity,
        "solved": solution.meets(capacity or 0) and _within(solution, capacity),
        "method": solution.method,
        "seconds": solution.seconds,
        "notes": list(solution.notes),
        "offsets": list(solution.offsets),
    }


def _report(buffers: int, solution: Solution, capacity: int | None) -> str:
    lines = [
        f"buffers   {buffers}",
        f"height    {solution.height}",
        f"bound     {solution.bound}",
        f"method    {solution.method}",
        f"seconds   {solution.seconds:.2f}",
        f"result    {_result(solution, capacity)}",
    ]
    return "\n".join([*lines, *(f"note      {note}" for note in solution.notes)])


def _result(solution: Solution, capacity: int | None) -> str:
    above = f"{solution.height / solution.bound - 1:.2%} above the bound"
    optimal = "optimal" if solution.is_optimal else above
    if capacity is None:
        return optimal if not solution.is_optimal else "solved, optimal"
    if solution.height <= capacity:
        return f"solved within {capacity}, {optimal}"
    if solution.bound > capacity:
        return f"does not fit in {capacity}: no placement is below {solution.bound}; {optimal}"
    return f"not solved: {solution.height / capacity - 1:.2%} above {capacity}, {optimal}"


if __name__ == "__main__":
    sys.exit(main())
