"""The commands that list what there is: `targets`, `ops`, `doctor`."""

from __future__ import annotations

from typing import Any

import click

from tinycc import ops
from tinycc.cli.options import AS_JSON
from tinycc.cli.output import add_row, new_table, print_json, print_table
from tinycc.ops.op import Op
from tinycc.target import Memory, Target, list_targets, load_target
from tinycc.toolchain.doctor import advice
from tinycc.toolchain.doctor import doctor as tool_states


@click.command()
@AS_JSON
def targets(as_json: bool) -> None:
    """List the targets: cores and boards, with their memories.

    Example: tinycc targets
    """
    known = [load_target(name) for name in list_targets()]
    if as_json:
        print_json([_target_document(target) for target in known])
        return
    table = new_table("target", "description", "memories", "runs on")
    for target in known:
        memories = ", ".join(f"{one.name} {_size(one.bytes)}" for one in target.memories)
        add_row(table, target.name, target.description, memories, target.runners[0].machine)
    print_table(table)


def _target_document(target: Target) -> dict[str, Any]:
    return {
        "name": target.name,
        "description": target.description,
        "isa": sorted(target.isa),
        "clock_hz": target.clock_hz,
        "machine": target.runners[0].machine,
        "memories": [_memory_document(memory) for memory in target.memories],
    }


def _memory_document(memory: Memory) -> dict[str, Any]:
    return {
        "name": memory.name,
        "kind": memory.kind,
        "address": memory.address,
        "bytes": memory.bytes,
        "reserved": memory.reserved,
        "access_cost": memory.cost,
    }


def _size(count: int) -> str:
    """Bytes in the largest unit that divides them."""
    for unit, factor in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count % factor == 0:
            return f"{count // factor} {unit}"
    return f"{count} B"


@click.command("ops")
@AS_JSON
def operators(as_json: bool) -> None:
    """List the operators and the ONNX nodes that become them.

    Example: tinycc ops
    """
    rows = [_operator_document(op) for op in ops.ALL]
    if as_json:
        print_json(rows)
        return
    table = new_table("operator", "ONNX", "meaning")
    for row in rows:
        add_row(table, row["name"], ", ".join(row["onnx"]), row["summary"])
    print_table(table)


def _operator_document(op: Op) -> dict[str, Any]:
    return {
        "name": op.name,
        "summary": op.summary,
        "onnx": sorted({rule.op_type for rule in op.onnx}),
        "kernels": [kernel.symbol for kernel in op.kernels],
    }


@click.command()
@AS_JSON
def doctor(as_json: bool) -> None:
    """Show which tools are installed, and how to install what is missing.

    Example: tinycc doctor
    """
    states = tool_states()
    if as_json:
        keys = ("name", "purpose", "version", "is_installed", "install")
        print_json([{key: getattr(state, key) for key in keys} for state in states])
        return
    table = new_table("tool", "purpose", "state")
    for state in states:
        found = state.version or "installed" if state.is_installed else "missing"
        add_row(table, state.name, state.purpose, found)
    print_table(table)
    click.echo("\n".join(advice(states)))
