"""Running a network's C: on this machine as a shared library, else under QEMU."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from tinycc.api.samples import Samples, samples_of, stacked_outputs
from tinycc.emit.harness import harness_text
from tinycc.errors import ModelError, UsageError
from tinycc.interp.interpreter import evaluate
from tinycc.ir.graph import Graph, Node
from tinycc.pipeline import Compiled
from tinycc.report.measure import (
    build_firmware,
    harness_file,
    random_inputs,
    sources_and_includes,
)
from tinycc.target import Target
from tinycc.toolchain.compile import Image, build_image
from tinycc.toolchain.count import count_instructions
from tinycc.toolchain.library import Library, build_library
from tinycc.toolchain.run import RunResult, run_image


@dataclass(frozen=True)
class Program:
    """All that runs a network: its C and the harness as texts.

    `interface` names inputs and outputs; the C takes what `taken` of `graph` holds, which is an
    input in another layout where it is pushed row by row.
    """

    target: Target
    texts: Mapping[str, str]
    harness: str
    interface: Graph
    graph: Graph
    taken: tuple[str, ...]


def program_of(compiled: Compiled) -> Program:
    """The program of a compiled network."""
    code, taken = compiled.code, compiled.plan.schedule.graph.inputs
    harness = harness_text(code.model)
    graph, interface = compiled.graph, compiled.interface
    return Program(compiled.target, code.texts, harness, interface, graph, tuple(taken))


class Runnable:
    """A program that is compiled when it first runs, and kept as long as this object is."""

    def __init__(self, program: Program) -> None:
        self._program = program

    @property
    def interface(self) -> Graph:
        """Names and types of inputs and outputs."""
        return self._program.interface

    def run(
        self,
        inputs: np.ndarray | Mapping[str, np.ndarray],
        on: Literal["target", "host"] = "target",
    ) -> dict[str, np.ndarray]:
        """The outputs by name, as stored, computed by the compiled C.

        `inputs`: an array for a network with one input, else one by name; see samples_of. `on`:
        the target (under QEMU, or this machine), or always this machine: the same bytes, sooner.
        """
        if on not in ("target", "host"):
            raise UsageError(f"on={on!r}: a network runs on the target or on the host")
        if on == "host" and not self._program.target.is_native:
            return self._host.run(inputs)
        interface = self._program.interface
        samples = samples_of(interface, _by_name(interface, inputs))
        given = as_given(self._program, samples)
        sizes = [interface.tensors[name].type.bytes for name in interface.outputs]
        if isinstance(self._built, Library):
            result = self._built.run(given, samples.count, sizes)
        else:
            result = run_image(self._built, given, samples.count, sizes)
        return stacked_outputs(interface, samples, _outputs(interface, samples, result))

    def on_host(self) -> Runnable:
        """The same network for this machine."""
        raise NotImplementedError

    @cached_property
    def instructions(self) -> int:
        """Executed instructions of one inference under QEMU, as `bench` counts them."""
        sample = random_inputs(self._program.graph)
        with tempfile.TemporaryDirectory(prefix="tinycc-") as folder:
            return count_instructions(self._image(Path(folder)), sample).instructions

    @cached_property
    def _host(self) -> Runnable:
        return self.on_host()

    @cached_property
    def _folder(self) -> tempfile.TemporaryDirectory[str]:
        """Goes with this object."""
        return tempfile.TemporaryDirectory(prefix="tinycc-", ignore_cleanup_errors=True)

    @cached_property
    def _built(self) -> Image | Library:
        program, folder = self._program, Path(self._folder.name)
        if not program.target.is_native:
            return self._image(folder)
        code = sources_and_includes(program.texts, folder)
        harness = harness_file(program.harness, folder)
        return build_library(program.target, *code, folder / "library", harness)

    def _image(self, folder: Path) -> Image:
        program = self._program
        code = sources_and_includes(program.texts, folder)
        harness = harness_file(program.harness, folder)
        return build_image(program.target, *code, folder / "image", harness=[harness])


def run_samples(
    compiled: Compiled, samples: Samples, stepped: bool = False
) -> tuple[dict[str, np.ndarray], RunResult]:
    """The outputs [count, *shape] by interface name, as stored, of a process of their own.

    `stepped`: each inference slice by slice.
    """
    graph = compiled.interface
    sizes = [graph.tensors[name].type.bytes for name in graph.outputs]
    given = as_given(program_of(compiled), samples)
    with tempfile.TemporaryDirectory(prefix="tinycc-") as folder:
        image = build_firmware(compiled, Path(folder), stepped=stepped)
        result = run_image(image, given, samples.count, sizes)
    return _outputs(graph, samples, result), result


def _outputs(graph: Graph, samples: Samples, result: RunResult) -> dict[str, np.ndarray]:
    types = {name: graph.tensors[name].type for name in graph.outputs}
    return {
        name: np.frombuffer(data, type_.dtype.numpy).reshape(samples.count, *type_.shape)
        for (name, type_), data in zip(types.items(), result.outputs, strict=True)
    }


def _by_name(
    interface: Graph, inputs: np.ndarray | Mapping[str, np.ndarray]
) -> Mapping[str, np.ndarray]:
    if isinstance(inputs, Mapping):
        return inputs
    names = interface.inputs
    if len(names) != 1:
        raise ModelError(f"the model has {len(names)} inputs: {', '.join(names)}")
    return {names[0]: inputs}


def as_given(program: Program, samples: Samples) -> list[bytes]:
    """All samples of each input as the C takes them: a pushed one in the layout of its rows."""
    given = samples.bytes()
    names = list(program.interface.inputs)
    for index, (own, taken) in enumerate(zip(program.graph.inputs, program.taken, strict=True)):
        if own != taken:
            rows = [_moved(program.graph, own, taken, x) for x in samples.values[names[index]]]
            given[index] = b"".join(rows)
    return given


def _moved(graph: Graph, own: str, taken: str, value: np.ndarray) -> bytes:
    """An input after the transposes and reshapes that the C leaves to its caller."""
    path: list[Node] = []
    while taken != own:
        path.append(graph.producer[taken])
        taken = path[-1].inputs[0]
    for node in reversed(path):
        value = evaluate(graph.instance(node), [value])
    return value.tobytes()
