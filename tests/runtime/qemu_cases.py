"""Kernels with special instructions, bit for bit on their core under QEMU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from kernel_cases import HARNESS, Case, program_text

from tinycc.emit.runtime import with_parts
from tinycc.errors import ToolError
from tinycc.paths import RUNTIME_C
from tinycc.target import load_target
from tinycc.toolchain.compile import build_image
from tinycc.toolchain.run import execute

# Where emulated memory ends and a read faults: the SSRAM and its alias of mps2-an385 and -an386,
# the 128 MiB that virt has.
MEMORY_END = {"mps2-an385": 0x20800000, "mps2-an386": 0x20800000, "virt": 0x88000000}


def run_cases_on(
    target_name: str,
    cases: Sequence[Case],
    folder: Path,
    optimization: str | None = None,
    *flags: str,
) -> str:
    """What the core says about failures; '' when all is well."""
    target = load_target(target_name)
    source = folder / "cases.c"
    source.write_text(program_text(cases))
    runner = target.runners[-1]  # the one with most memory
    end = MEMORY_END.get(runner.machine, 0)
    kernels = {RUNTIME_C / case.kernel.source for case in cases}
    image = build_image(
        replace(target, runners=(runner,)),
        sorted(with_parts(kernels) | {RUNTIME_C / "tinycc_each_row.c"}),
        [*sorted({path.parent for path in RUNTIME_C.rglob("*.h")}), HARNESS],
        folder / "image",
        harness=[source, HARNESS / "harness_qemu.c"],
        defines=[f"HARNESS_MEMORY_END={end:#x}u"],
        optimization=optimization,
        extra_flags=flags,
    )
    try:
        execute(image, folder, [b"\0"], 1, 1, 120.0)
    except ToolError as error:
        return error.render()
    return ""
