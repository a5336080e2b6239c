"""docs/reference: operators, targets and commands as the code knows them."""

from __future__ import annotations

import inspect

import click
from pages import table

from tinycc import ops
from tinycc.cli import command_line
from tinycc.ops.op import Alias, Op
from tinycc.target import FEATURES, Target, list_targets, load_target

_MADE = "Made from the code by `pytest tests/docs --update-golden`.\n"
_WIDTH = 100
_OPERATORS = """\
Of ONNX's operators those listed are read (a number: from that operator set on); a node that does
not meet the constraints is refused with its name and the fact found. Of the kernels whose
instructions the target has, and which take the shape, the target's cost table chooses.
"""


def operators_page() -> str:
    """Every operator: what becomes it, what it needs, its kernels."""
    parts = ["# Operators\n\n", _MADE, "\n", _OPERATORS]
    for op in sorted(ops.ALL, key=lambda op: op.name):
        parts.append(_operator(op))
    return "".join(parts)


def _operator(op: Op) -> str:
    lines = [f"\n## {op.name}\n\n{op.summary}\n\n"]
    onnx = sorted({_rule(rule.domain, rule.op_type, rule.since) for rule in op.onnx})
    lines.append(f"- ONNX: {', '.join(onnx) or 'none; made by the compiler'}\n")
    if op.alias is not Alias.NONE:
        what = "may overwrite its input" if op.alias is Alias.IN_PLACE else "is its input's bytes"
        lines.append(f"- memory: its output {what}\n")
    lines += [f"- constraint: {inspect.getdoc(one)}\n" for one in op.requires]
    if op.kernels:
        rows = [
            (f"`{kernel.symbol}`", ", ".join(sorted(kernel.isa)) or "any core", kernel.drive.value)
            for kernel in op.kernels
        ]
        lines.append("\n" + table(("kernel", "needs", "called by"), rows))
    return "".join(lines)


def _rule(domain: str, op_type: str, since: int) -> str:
    name = f"{domain}.{op_type}" if domain else op_type
    return f"{name} {since}" if since > 1 else name


def targets_page() -> str:
    """Every target: what it can do, its memories, how it is compiled and run."""
    parts = [
        "# Targets\n\n",
        _MADE,
        "\nA target is a file in `targets/`; one of your own may extend ",
    ]
    parts.append("one of these: [../how-to/add-a-target.md](../how-to/add-a-target.md).\n")
    parts += [_target(load_target(name)) for name in list_targets()]
    parts.append("\n## Instruction-set features\n\n")
    parts.append(table(("feature", "meaning"), [(f"`{k}`", v) for k, v in FEATURES.items()]))
    return "".join(parts)


def _target(target: Target) -> str:
    compiler = target.compiler
    lines = [f"\n## {target.name}\n\n{target.description}.\n\n"]
    lines.append(f"- features: {', '.join(sorted(target.isa)) or 'none'}\n")
    if target.clock_hz:
        lines.append(f"- clock, for estimates of time: {target.clock_hz / 1e6:g} MHz\n")
    flags = " ".join((compiler.optimization, *compiler.cpu_flags))
    lines.append(f"- compiler: `{compiler.command} {flags}`\n")
    machines = dict.fromkeys(runner.machine for runner in target.runners)
    command = target.emulator.command if target.emulator else "runs directly"
    lines.append(f"- run by: {command} ({', '.join(machines)})\n")
    lines.append(f"- costs of kernels: {target.cost.method}, {target.cost.date}\n")
    if target.memories:
        rows = [
            (one.name, one.kind, f"{one.address:#010x}", f"{one.bytes:,}", f"{one.cost:g}")
            for one in target.memories
        ]
        lines.append("\n" + table(("memory", "kind", "address", "bytes", "access cost"), rows))
    return "".join(lines)


def commands_page() -> str:
    """The help text of every command."""
    parts = [
        "# Commands\n\n",
        _MADE,
        "\nResults on stdout, talk on stderr. With `--json` one JSON ",
    ]
    parts.append(
        "document on stdout, also of a failure. Exit codes: 0 done, 1 the model or the data, "
    )
    parts.append("2 usage, 3 a bug of tinycc.\n")
    for name, command in command_line.commands.items():
        parts.append(f"\n## tinycc {name}\n\n```text\n{_help(command, name)}\n```\n")
    return "".join(parts)


def _help(command: click.Command, name: str) -> str:
    width = {"max_content_width": _WIDTH, "terminal_width": _WIDTH}
    whole = click.Context(command_line, info_name="tinycc", **command_line.context_settings)
    context = click.Context(command, whole, info_name=name, **width)
    return "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
