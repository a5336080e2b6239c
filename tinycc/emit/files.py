"""The generated folder as texts: the network, the kernels it needs, build files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

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
    binaries: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def sources(self) -> tuple[str, ...]:
        """The C files to compile."""
        return tuple(path for path in self.texts if path.endswith(".c"))


def code_files(
    plan: Plan, name: str, interface: Graph, heading: Heading, separate: bool = False
) -> CodeFiles:
    """All C of a compiled network; `interface` names its inputs and outputs.

    `separate`: its weights are a file of their own, and a C file that holds the same.
    """
    model = c_model(plan, name, interface, separate)
    runtime = runtime_files(plan.schedule, separate)
    kernels = {
        f"tinycc/{path.name}": path.read_text() for path in (*runtime.sources, *runtime.all_headers)
    }
    context = {**_context(model, runtime, heading), "layout": (0, 0)}
    binaries, weights = {}, {}
    if model.file is not None:
        code = _code_mark(model, context, kernels)
        context["layout"] = tuple(int.from_bytes(half, "little") for half in (code[:4], code[4:]))
        file = model.file.file(code, heading.model_sha256)
        binaries[f"{name}_weights.bin"] = file
        context["words"] = [
            int.from_bytes(file[i : i + 4], "little") for i in range(0, len(file), 4)
        ]
        weights[f"{name}_weights.c"] = render("model_weights.c.j2", context)
    texts = {
        f"{name}.h": render("model.h.j2", context),
        f"{name}.c": render("model.c.j2", context),
        f"{name}_data.h": render("model_data.h.j2", context),
        **weights,
        "CMakeLists.txt": render("CMakeLists.txt.j2", context),
        "Makefile": render("Makefile.j2", context),
        **kernels,
    }
    return CodeFiles(model, runtime, texts, context, binaries)


def _code_mark(model: CModel, context: Mapping[str, object], kernels: Mapping[str, str]) -> bytes:
    """8 bytes that are equal for networks whose C is equal but for comments and names.

    Then all that the weights are read by is equal: kernels, shapes, the arena, and what lies where.
    """
    assert model.file is not None
    text = "".join(render(f"{file}.j2", context) for file in ("model.c", "model_data.h"))
    text = re.sub(r"/\*.*?\*/|\"(?:[^\"\\\n]|\\.)*\"", "", text, flags=re.DOTALL)
    own = [variable for variable, _ in model.pointers]
    own += [port.variable for port in model.passed]
    own += [port.function for port in (*model.ports_in, *model.ports_out)]
    own += [port.macro for port in (*model.ports_in, *model.ports_out)]
    for number, word in enumerate(own):
        text = re.sub(rf"\b{word}(?=\b|_)", f"v{number}", text)
    text = re.sub(rf"\b({model.name}|{model.macro})(?=\b|_)", "net", text)
    arenas = [(arena.region, arena.bytes) for arena in model.arenas]
    ports = [(port.type.shape, port.type.dtype) for port in (*model.ports_in, *model.ports_out)]
    whole = "\n".join([text, repr(arenas), repr(ports), model.file.layout, *kernels.values()])
    return hashlib.sha256(whole.encode()).digest()[:8]


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
        "weights": [f"{model.name}_weights.c"] if model.file else [],
    }


def _argmax(model: CModel) -> int:
    """Classes of a single integer vector output; 0 where an argmax makes no sense."""
    if len(model.ports_out) != 1:
        return 0
    type_ = model.ports_out[0].type
    scores = type_.dtype in (DType.INT8, DType.UINT8) and type_.elements == type_.shape[-1]
    return type_.elements if scores and type_.elements > 1 else 0
