"""The program around a network that `run`, `verify` and `bench` execute."""

from __future__ import annotations

from tinycc.emit.model import CModel
from tinycc.emit.render import render


def harness_text(model: CModel, *, trace: bool = False) -> str:
    """The harness's C; with `trace` it writes every step's output to a file."""
    graph, plan = model.plan.schedule.graph, model.plan
    steps = [
        (plan.offsets[step.node.output], graph.tensors[step.node.output].type.bytes)
        for step in plan.schedule.steps
    ]
    return render(
        "harness.c.j2",
        {
            "name": model.name,
            "NAME": model.macro,
            "inputs": model.ports_in,
            "held": model.held,
            "passed": model.passed,
            "outputs": model.ports_out,
            "trace": steps if trace else [],
        },
    )
