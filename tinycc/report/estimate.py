"""Figures without a compiler or a board: code bytes, instructions, time, from coefficients.

Measured 2026-11 with arm-none-eabi-gcc 12.2 -O2 on cortex-m4: the library is close to
proportional to its statements, a generated call and its parameter structs to their members.
"""

from __future__ import annotations

from tinycc.emit.files import CodeFiles
from tinycc.pipeline import Compiled
from tinycc.schedule.cost import step_costs
from tinycc.target import Target

_BYTES_PER_STATEMENT = 14  # Thumb-2, unrolled loops included
_BYTES_PER_MEMBER = 4  # every struct member is an int32_t or a pointer
_BYTES_PER_CALL = 28
_CYCLES_PER_INSTRUCTION = 1.4  # kws on a Cortex-M0 to M7, as `bench` estimates cycles: 1.36 to 1.45


def code_bytes(code: CodeFiles) -> int:
    """Predicted text and rodata of the runtime and the generated calls, weights excluded."""
    kernels = sum(path.read_text().count(";") for path in code.runtime.sources)
    structs = [struct for step in code.model.steps for struct in step.structs]
    members = sum(struct.count("\n    .") for struct in structs)
    calls = len(code.model.steps) * _BYTES_PER_CALL
    return kernels * _BYTES_PER_STATEMENT + members * _BYTES_PER_MEMBER + calls


def step_instructions(compiled: Compiled) -> list[int]:
    """Predicted executed instructions of every step."""
    return [round(cost) for cost in step_costs(compiled.plan.schedule, compiled.target.cost)]


def seconds(target: Target, instructions: int, cycles: int | None) -> float | None:
    """The time of an inference at the target's clock, a rough estimate; None without a clock.

    `cycles`: the estimate of counted instructions; else `instructions`, as predicted, are taken.
    Neither knows wait states of the memories nor a core that issues two instructions at once.
    """
    if target.clock_hz is None:
        return None
    taken = instructions * _CYCLES_PER_INSTRUCTION if cycles is None else cycles
    return round(taken / target.clock_hz, 6)
