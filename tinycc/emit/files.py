"""The generated folder as texts: the network, the kernels it needs, build files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tinycc.emit.model import CModel, c_model
from tinycc.emit.render import render
from tinycc.emit.runtime import RuntimeFiles, runtime_abi, runtime_files
from tinycc.ir.graph import Graph
from tinycc.ir.types import DType
from tinycc.memory.plan import Plan


@dataclass(frozen=True)
class Heading:
    """What the generated files say about themselves."""

    version: str
    model_file: str
    model_sha256: str
    target: str
    alignment: int


@dataclass(frozen=True)
class CodeFiles:
    """File contents by path relative to the folder, and the model they were printed from.

    `context`: what the templates were filled with.
    """

    model: CModel
    runtime: RuntimeFiles
    texts: Mapping[str, str]
    context: Mapping[str, object]

    @property
    def sources(self) -> tuple[str, ...]:
        """The C files to compile."""
        return tuple(path for path in self.texts if path.endswith(".c"))


def code_files(plan: Plan, name: str, interface: Graph, heading: Heading) -> CodeFiles:
    """All C of a compiled network; `interface` names its inputs and outputs."""
    model = c_model(plan, name, interface)
    runtime = runtime_files(plan.schedule)
    context = _context(model, runtime, heading)
    texts = {
        f"{name}.h": render("model.h.j2", context),
        f"{name}.c": render("model.c.j2", context),
        f"{name}_data.h": render("model_data.h.j2", context),
        "CMakeLists.txt": render("CMakeLists.txt.j2", context),
        "Makefile": render("Makefile.j2", context),
    }
    for path in (*runtime.sources, *runtime.all_headers):
        texts[f"tinycc/{path.name}"] = path.read_text()
    return CodeFiles(model, runtime, texts, context)


def _context(model: CModel, runtime: RuntimeFiles, heading: Heading) -> dict[str, object]:
    return {
        "m": model,
        "version": heading.version,
        "model_file": heading.model_file,
        "model_sha256": heading.model_sha256,
        "target": heading.target,
        "alignment": heading.alignment,
        "steps": model.steps,
        "units": [f"{model.name}.c"],
        "headers": runtime.headers,
        "sources": [path.name for path in runtime.sources],
        "abi": runtime_abi(),
        "argmax": _argmax(model),
    }


def _argmax(model: CModel) -> int:
    """Classes of a single integer vector output; 0 where an argmax makes no sense."""
    if len(model.ports_out) != 1:
        return 0
    type_ = model.ports_out[0].type
    scores = type_.dtype in (DType.INT8, DType.UINT8) and type_.elements == type_.shape[-1]
    return type_.elements if scores and type_.elements > 1 else 0
