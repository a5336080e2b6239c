"""The command `diff`: two builds side by side, for people, pull requests and scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from tinycc.cli.options import AS_JSON, SIZE_UNITS
from tinycc.cli.output import add_row, new_table, print_json, print_table, say, shortened
from tinycc.emit.names import printable
from tinycc.errors import ModelError
from tinycc.report.diff import (
    METRICS,
    Change,
    Comparison,
    Limit,
    StepChange,
    compare,
    comparison_document,
    shown,
    text,
)

_LARGEST_FILE = 256 << 20
_KNOWN_KEYS = ("memory", "compute", "scores")
_MORE = ("bench.json", "verify.json")
_MOST_STEPS = 5


class Threshold(click.ParamType[tuple[str, Limit]]):
    """NAME=1%, NAME=512 or NAME=2K."""

    name = "limit"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, Limit]:
        """The figure's name and how much worse it may get."""
        name, _, written = str(value).partition("=")
        if name not in METRICS:
            known = ", ".join(METRICS)
            self.fail(f"{value!r} does not begin with one of {known}", param, ctx)
        match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,12})?)\s*(%|[A-Za-z]*)", written)
        unit = 1 if match and match[2] == "%" else SIZE_UNITS.get(match[2].upper()) if match else 0
        if match is None or not unit:
            self.fail(f"{value!r} is not {name}=1%, {name}=512 or {name}=2K", param, ctx)
        return name, Limit(str(value), float(match[1]) * unit, match[2] == "%")


@click.command()
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option(
    "--fail-over",
    "limits",
    type=Threshold(),
    multiple=True,
    metavar="NAME=LIMIT",
    help="Exit code 1 when a figure of B is worse by more: sram=1%, flash=2K, accuracy=0.005. "
    "Repeatable.",
)
@click.option("--markdown", is_flag=True, help="Print Markdown, for a comment on a pull request.")
@AS_JSON
def diff(
    a: Path, b: Path, limits: tuple[tuple[str, Limit], ...], markdown: bool, as_json: bool
) -> None:
    """Compare two builds: SRAM, flash, instructions, accuracy; A is the older one.

    A and B are folders that `build` wrote, or files with what `build`, `analyze`, `bench` or
    `verify` printed with --json. In a folder, what is in bench.json and verify.json counts as well.

    Example: tinycc diff main/kws kws --fail-over sram=1% --fail-over instructions=2%
    """
    comparison = compare(_read(a), _read(b), dict(limits))
    if as_json:
        print_json(comparison_document(comparison, [str(a), str(b)]))
    elif markdown:
        click.echo(_markdown(comparison, _read(b)))
    else:
        _tables(comparison)
    for failure in comparison.failures:
        say(f"error: {failure}")
    if comparison.failures:
        raise SystemExit(1)


def _read(path: Path) -> Mapping[str, Any]:
    """What is known of a build: a document, or those of a folder laid over each other."""
    if not path.is_dir():
        return _document(path)
    report = path / "report.json"
    if not report.is_file():
        raise ModelError(
            f"folder `{path}` holds no report.json", hint="give a folder that `tinycc build` wrote"
        )
    found = dict(_document(report))
    for name in _MORE:
        if (path / name).is_file():
            found |= _document(path / name)
    return found


def _document(path: Path) -> Mapping[str, Any]:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise ModelError(f"`{path}` is larger than 256 MiB: no report")
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise ModelError(f"there is no file `{path}`") from error
    except OSError as error:
        raise ModelError(f"cannot read `{path}`: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise ModelError(
            f"`{path}` is not a report: it is not JSON",
            hint="give a folder that `tinycc build` wrote, or what a command printed with --json",
        ) from error
    if isinstance(found, dict) and isinstance(found.get("errors"), list):
        first = text(next(iter(found["errors"]), None), "message") or "no reason is given"
        raise ModelError(f"`{path}` is of a command that failed: {printable(first)}")
    if not isinstance(found, dict) or not any(key in found for key in _KNOWN_KEYS):
        raise ModelError(
            f"`{path}` is not a report: it has none of {', '.join(_KNOWN_KEYS)}",
            hint="give a folder that `tinycc build` wrote, or what a command printed with --json",
        )
    return found


def _tables(comparison: Comparison) -> None:
    table = new_table("", ">A", ">B", ">change")
    for change in comparison.changes:
        mark = " !" if change.failure else ""
        cells = (change.label, shown(change.before), shown(change.after), _difference(change))
        add_row(table, *cells[:3], cells[3] + mark)
    print_table(table)
    if comparison.steps:
        steps = new_table("step", ">A", ">B", "kernel")
        for step in comparison.steps[:_MOST_STEPS]:
            node = shortened(printable(_name(step)), 30)
            add_row(steps, node, shown(step.before), shown(step.after), _kernel(step))
        print_table(steps)
        rest = len(comparison.steps) - _MOST_STEPS
        if rest > 0:
            click.echo(f"and {rest} more steps")
    for note in comparison.notes:
        say(f"note: {printable(note)}")


def _difference(change: Change) -> str:
    if change.difference is None:
        return "-"
    if not change.difference:
        return "="
    sign = "+" if change.difference > 0 else "-"
    percent = "" if change.percent is None else f" ({change.percent:+.1f} %)"
    return f"{sign}{shown(abs(change.difference))}{percent}"


def _name(step: StepChange) -> str:
    return step.nodes[0] if step.nodes else "(no node)"


def _kernel(step: StepChange) -> str:
    before, after = ((name or "").removeprefix("tinycc_") for name in step.kernels)
    if before == after:
        return after
    return f"{before or 'none'} -> {after or 'none'}"


def _markdown(comparison: Comparison, after: Mapping[str, Any]) -> str:
    """A table that GitHub and GitLab show; text of models cannot leave its cell."""
    name, target = text(after, "model.name"), text(after, "target.name")
    lines = [f"### {_code(name or 'network')}" + (f" for {_code(target)}" if target else ""), ""]
    lines += ["| | before | after | change |", "|---|--:|--:|--:|"]
    for change in comparison.changes:
        bold = "**" if change.failure else ""
        cells = (change.label, shown(change.before), shown(change.after))
        lines.append(f"| {' | '.join(cells)} | {bold}{_difference(change)}{bold} |")
    if comparison.steps:
        count = len(comparison.steps)
        lines += ["", "<details><summary>Steps that changed: " + f"{count}</summary>", ""]
        lines += ["| node | before | after | kernel |", "|---|--:|--:|---|"]
        for step in comparison.steps[:50]:
            name, counts = _code(shortened(_name(step))), (shown(step.before), shown(step.after))
            lines.append(f"| {name} | {' | '.join(counts)} | {_code(_kernel(step))} |")
        lines += ["", "</details>"]
    lines += [f"\n:x: {_code(failure)}" for failure in comparison.failures]
    lines += [f"\nNote: {_code(note)}" for note in comparison.notes]
    return "\n".join(lines)


def _code(words: str) -> str:
    """Text of a model as code: nothing in it is Markdown, HTML or the name of a person."""
    plain = printable(words).replace("`", "'").replace("|", "\\|")
    return f"`{plain or ' '}`"
