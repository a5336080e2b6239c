"""What commands print: results on stdout, talk on stderr."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console, RenderableType
from rich.progress import Progress as RichProgress
from rich.progress import ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tinycc.api.verify import Comparison, Verification
from tinycc.emit.names import printable
from tinycc.progress import Progress, silent
from tinycc.report.bars import FITS, TOO_LARGE, verdict
from tinycc.report.summary import summary
from tinycc.report.text import TECHNIQUES

_COLOURS = {FITS: "green", TOO_LARGE: "red"}


def say(text: str) -> None:
    """Talk, on stderr."""
    click.echo(text, err=True)


def print_json(document: object) -> None:
    """One JSON document on stdout."""
    click.echo(json.dumps(document, indent=1))


def print_summary(report: dict[str, Any], next_step: str = "") -> None:
    """The summary, at most 80 columns wide; on a terminal, its first line in colour."""
    on_screen = sys.stdout.isatty()
    width = min(80, shutil.get_terminal_size().columns) if on_screen else 80
    first, _, rest = summary(report, width, next_step).partition("\n")
    if on_screen and "NO_COLOR" not in os.environ:
        first = click.style(first, bold=True, fg=_COLOURS.get(verdict(report)))
    click.echo(f"{first}\n{rest}")


@contextmanager
def progress() -> Iterator[Progress]:
    """On a terminal's stderr: what is being done, and how far it is; silent elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield silent
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), _FractionColumn())
    with RichProgress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("starting", total=None)

        def told(text: str, fraction: float | None = None, /) -> None:
            bars.update(task, description=text, total=None if fraction is None else 1.0)
            bars.update(task, completed=fraction or 0.0)

        yield told


class _FractionColumn(ProgressColumn):
    """A bar where the end is known."""

    def render(self, task: Task) -> RenderableType:
        """The bar; nothing where only the work's name is known."""
        if task.total is None:
            return ""
        return ProgressBar(total=task.total, completed=task.completed, width=40)


def print_table(table: Table) -> None:
    """A table on stdout, as wide as the terminal; not cut when piped."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)
    console.print(table)
    click.echo()


def new_table(*columns: str) -> Table:
    """An empty table; columns that begin with > are aligned to the right."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        right = column.startswith(">")
        # No digit is left out where the terminal is narrow; names may end in an ellipsis.
        table.add_column(
            column.lstrip(">"),
            justify="right" if right else "left",
            overflow="fold" if right else "ellipsis",
        )
    return table


def shortened(text: str, width: int = 44) -> str:
    """The end of a text that is too long."""
    return text if len(text) <= width else "..." + text[3 - width :]


def add_row(table: Table, *cells: str) -> None:
    """A row of plain text: names in a model may hold markup or control characters."""
    table.add_row(*(Text(printable(cell)) for cell in cells))


def step_table(report: dict[str, Any]) -> None:
    """One line per step."""
    table = new_table(">step", "kernel", ">MACs", ">live B", ">instructions", "node")
    for step in report["steps"]:
        counted = step["instructions"]
        shown = f"{counted:,}" if counted is not None else f"~{step['instructions_predicted']:,}"
        node = shortened(step["nodes"][0]) if step["nodes"] else ""
        macs, live = f"{step['macs']:,}", f"{step['sram_live']:,}"
        add_row(
            table,
            str(step["index"]),
            step["kernel"].removeprefix("tinycc_"),
            macs,
            live,
            shown,
            node,
        )
    print_table(table)


def technique_table(report: dict[str, Any]) -> None:
    """The arena as one technique after the other joins those before it."""
    table = new_table(">arena B", ">saved", "technique")
    for one in report["memory"]["sram"]["techniques"]:
        add_row(table, f"{one['arena']:,}", f"{one['saved']:,}", TECHNIQUES[one["technique"]])
    print_table(table)


def front_table(report: dict[str, Any], most: int = 8) -> None:
    """Arena against extra instructions: the cheapest schedule, the smallest, and some between.

    The factor of multiply-accumulates that are executed, where some schedule repeats any.
    """
    points = report["front"]
    if len(points) < 2:
        return
    base, macs = report["compute"]["instructions_predicted"], report["compute"]["macs"]
    again = any(point["extra_macs"] for point in points)
    table = new_table(">arena B", ">extra instructions", *[">MACs"] * again, "schedule")
    last = len(points) - 1
    shown = sorted({round(i * last / (most - 1)) for i in range(most)})
    for index in shown:
        extra = points[index]["extra_instructions"]
        label = {0: "layer by layer", last: "smallest"}.get(index, "")
        percent = f"{extra:,} ({100 * extra / max(1, base):.1f} %)"
        factor = 1 + points[index]["extra_macs"] / max(1, macs)
        shown_factor = [f"{factor:.3f} x"] if again else []
        add_row(table, f"{points[index]['bytes']:,}", percent, *shown_factor, label)
    print_table(table)


def verification_document(result: Verification) -> dict[str, Any]:
    """The verification as JSON values."""
    first = result.first_difference
    return {
        "samples": result.samples,
        "machine": result.machine,
        "outputs": _counts(result.outputs),
        "first_difference": list(first.node.origin) if first else None,
        "steps": [
            {
                "op": step.node.op,
                "nodes": list(step.node.origin),
                "onnxruntime": _counts(step.original),
                "c": _counts(step.compiled),
            }
            for step in result.steps
        ],
    }


def _counts(comparison: Comparison | None) -> dict[str, int] | None:
    if comparison is None:
        return None
    return {
        "values": comparison.values,
        "different": comparison.different,
        "largest": comparison.largest,
    }


def verification_table(result: Verification) -> None:
    """Per step: values that differ from onnxruntime given equal inputs, and in the C."""
    table = new_table("operator", ">values", ">vs onnxruntime", ">largest", ">C differs", "node")
    for step in result.steps:
        original, compiled = step.original, step.compiled
        add_row(
            table,
            step.node.op,
            f"{(original or compiled or Comparison()).values:,}",
            f"{original.different:,}" if original else "-",
            str(original.largest) if original else "-",
            f"{compiled.different:,}" if compiled else "-",
            shortened(step.node.origin[0]) if step.node.origin else "",
        )
    print_table(table)
    click.echo(_verdict(result))


def _verdict(result: Verification) -> str:
    first = result.first_difference
    where = f"{result.samples} samples on {result.machine}"
    if first is None and result.outputs.different:
        return f"the steps agree, the outputs of the whole schedule do not: {where}"
    if first is None:
        return f"all steps agree: {where}"
    names = ", ".join(f"`{printable(name)}`" for name in first.node.origin or (first.node.name,))
    what = "compiled C" if first.compiled and first.compiled.different else "onnxruntime"
    return f"first difference ({what}): node {names}, {where}"
