"""The program around a network that `run`, `verify` and `bench` execute."""

from __future__ import annotations

from tinycc.emit.interface import Port
from tinycc.emit.model import CModel
from tinycc.emit.render import render


def harness_text(model: CModel, *, trace: bool = False, stepped: bool = False) -> str:
    """The harness's C; with `trace` it writes every step's output to a file.

    `stepped`: every inference runs slice by slice, where no rows are pushed.
    """
    graph, plan = model.plan.schedule.graph, model.plan
    variable = {arena.region: arena.variable for arena in model.arenas}
    outputs = [step.node.output for step in plan.schedule.steps]
    steps = [
        (variable[plan.home[name].region], plan.offsets[name], graph.tensors[name].type.bytes)
        for name in outputs
    ]
    return render(
        "harness.c.j2",
        {
            "name": model.name,
            "NAME": model.macro,
            "arenas": model.arenas,
            "file": model.file is not None,
            "given": model.given,
            "pushed": model.pushed,
            "stepped": stepped,
            "inputs": model.ports_in,
            "before": _before_pushed(model),
            "outputs": model.ports_out,
            "trace": steps if trace else [],
        },
    )


def _before_pushed(model: CModel) -> list[Port]:
    """The inputs whose bytes come before the pushed ones in a sample."""
    ports = list(model.ports_in)
    return ports[: ports.index(model.pushed.port)] if model.pushed else []
