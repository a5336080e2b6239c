"""The report of several networks in one firmware: what they share, and what is each one's own."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tinycc import __version__
from tinycc.emit.together import TogetherFiles
from tinycc.errors import DoesNotFitError, ToolError
from tinycc.report.document import SCHEMA
from tinycc.report.measure import Measured, entry, harness_file, sources_and_includes
from tinycc.target import Target
from tinycc.toolchain.compile import build_image
from tinycc.toolchain.sizes import image_sizes
from tinycc.toolchain.stack import stack_bound


def measure_together(files: TogetherFiles, target: Target) -> Measured:
    """Flash and static memory of a firmware with all networks, and the largest stack of one;

    without the cross compiler, or where it does not fit, a note that says so.
    """
    with tempfile.TemporaryDirectory(prefix="tinycc-") as name:
        folder = Path(name)
        code = sources_and_includes(files.texts, folder)
        program = harness_file(files.program, folder)
        try:
            image = build_image(target, *code, folder / "image", harness=[program])
        except (ToolError, DoesNotFitError) as error:
            return Measured(notes=(error.render().replace("error: ", "not measured: "),))
        sizes = image_sizes(image)
        if sizes is None:
            return Measured()
        stacks = [stack_bound(image, entry(model)) for model in files.together.models]
    known = [stack.bytes for stack in stacks if stack.bytes is not None]
    return Measured(
        flash_bytes=sizes.model.flash,
        static_bytes=sizes.model.static,
        stack_bytes=max(known) if len(known) == len(stacks) else None,
        machine=image.runner.machine,
        notes=tuple(stack.reason for stack in stacks if stack.reason),
    )


def together_document(
    files: TogetherFiles, target: Target, reports: Sequence[dict[str, Any]], measured: Measured
) -> dict[str, Any]:
    """The sum as JSON values; `reports` are those of the networks, each as if it were alone."""
    memory = [report["memory"] for report in reports]
    arena = sum(shared.bytes for shared in files.together.arenas)
    state = sum(one["sram"]["state"] for one in memory)
    parts = (arena, state, measured.static_bytes, measured.stack_bytes)
    weights = sum(one["flash"]["weights"] for one in memory)
    code = None if measured.flash_bytes is None else measured.flash_bytes - weights
    estimate = sum(one["flash"]["code_estimate"] for one in memory)
    return {
        "schema": SCHEMA,
        "tool_version": __version__,
        "together": files.together.name,
        "target": {"name": target.name, "isa": sorted(target.isa)},
        "memory": {
            "sram": {
                "arena": arena,
                "state": state,
                "static": measured.static_bytes,
                "stack": measured.stack_bytes,
                "total": sum(part for part in parts if part is not None),
                "apart": sum(one["sram"]["arena"] for one in memory)
                + sum(part for part in parts[1:] if part is not None),
            },
            "flash": {
                "weights": weights,
                "code": code,
                "code_estimate": estimate,
                "total": weights + (estimate if code is None else code),
            },
        },
        "models": [
            {
                "name": report["model"]["name"],
                "file": report["model"]["file"],
                "report": f"{report['model']['name']}/report.json",
                "arena": report["memory"]["sram"]["arena"],
                "instructions_predicted": report["compute"]["instructions_predicted"],
            }
            for report in reports
        ],
        "machine": measured.machine or None,
        "notes": list(measured.notes),
    }


def together_summary(report: dict[str, Any]) -> str:
    """The sum as a text of at most 80 columns."""
    sram, flash = report["memory"]["sram"], report["memory"]["flash"]
    code = flash["code_estimate"] if flash["code"] is None else flash["code"]
    how = "estimated" if flash["code"] is None else "measured"
    stack = "not measured" if sram["stack"] is None else f"{sram['stack']:,}"
    arena, state = f"arena {sram['arena']:,}", f"state {sram['state']:,}"
    lines = [
        f"{len(report['models'])} networks for {report['target']['name']}, one at a time",
        f"  SRAM   {sram['total']:>9,} B  {arena}, {state}, stack {stack}",
        f"                      with an arena each: {sram['apart']:,}",
        f"  flash  {flash['total']:>9,} B  weights {flash['weights']:,}, code {code:,} ({how})",
    ]
    for one in report["models"]:
        steps = f"about {one['instructions_predicted']:,} instructions (predicted)"
        lines.append(f"  {one['name'][:40]}: arena {one['arena']:,}, {steps}")
    lines += [f"  note   {line}" for note in report["notes"] for line in note.splitlines()]
    return "\n".join(lines)
