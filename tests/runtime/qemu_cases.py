"""Kernels with special instructions, bit for bit on their core under QEMU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from kernel_cases import HARNESS, Case, program_text

from tinycc.emit.runtime import with_parts
from tinycc.errors import ToolError
from tinycc.paths import RUNTIME_C
from tinycc.target import load_target
from tinycc.toolchain.compile import build_image
from tinycc.toolchain.doctor import missing_tools
from tinycc.toolchain.run import execute

# Where emulated memory begins and ends, so that a read beyond faults. On the mps2 boards the
# harness fences off a part of the PSRAM with the memory protection unit; virt has 128 MiB.
MEMORY_EDGES = {
    "mps2-an385": (0x21001000, 0x21400000),
    "mps2-an386": (0x21001000, 0x21400000),
    "mps2-an500": (0x60001000, 0x60400000),
    "virt": (0, 0x88000000),
}
FENCED = ("mps2-an385", "mps2-an386", "mps2-an500")


def run_cases_on(
    target_name: str,
    cases: Sequence[Case],
    folder: Path,
    optimization: str | None = None,
    *flags: str,
    compiler: str | None = None,
) -> str:
    """What the core says about failures; '' when all is well. `compiler`: not the target's.

    Skips the test where the target's tools are missing.
    """
    target = load_target(target_name)
    missing = [tool.name for tool in missing_tools(target)]
    if missing:
        pytest.skip(f"{', '.join(missing)}: not installed; `make test` installs them")
    if compiler is not None:
        target = replace(target, compiler=replace(target.compiler, command=compiler))
    source = folder / "cases.c"
    source.write_text(program_text(cases))
    runner = target.runners[-1]  # the one with most memory
    start, end = MEMORY_EDGES.get(runner.machine, (0, 0))
    kernels = {RUNTIME_C / case.kernel.source for case in cases}
    image = build_image(
        replace(target, runners=(runner,)),
        sorted(with_parts(kernels) | {RUNTIME_C / "tinycc_each_row.c"}),
        [*sorted({path.parent for path in RUNTIME_C.rglob("*.h")}), HARNESS],
        folder / "image",
        harness=[source, HARNESS / "harness_qemu.c"],
        defines=[
            f"HARNESS_MEMORY_START={start:#x}u",
            f"HARNESS_MEMORY_END={end:#x}u",
            f"HARNESS_FENCED={int(runner.machine in FENCED)}",
        ],
        optimization=optimization,
        extra_flags=flags,
    )
    try:
        execute(image, folder, [b"\0"], 1, 1, 120.0)
    except ToolError as error:
        return error.render()
    return ""
