"""What only a compiler or an emulator can tell: flash, static memory, stack, instructions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from tinycc.emit.harness import harness_text
from tinycc.emit.model import CModel
from tinycc.errors import DoesNotFitError, ToolError
from tinycc.ir.graph import Graph
from tinycc.pipeline import Compiled
from tinycc.toolchain.accesses import count_accesses
from tinycc.toolchain.compile import Image, build_image
from tinycc.toolchain.count import PROFILE_DEFINE, Count, count_instructions
from tinycc.toolchain.elf import read_elf
from tinycc.toolchain.sizes import image_sizes
from tinycc.toolchain.stack import stack_bound

_NO_MAP = "flash and stack are not measured: that takes GNU ld's map, and --cc is not a gcc"
GUARD_BYTES = 32  # what templates/harness.c.j2 puts before and behind each arena


@dataclass(frozen=True)
class Measured:
    """Figures of the built image; None where the target or the machine cannot tell.

    `flash_bytes` is everything the model adds to an empty image; `static_bytes` its .data and .bss.
    `traffic`: bytes read and written in the arena of each memory, by its name.
    """

    flash_bytes: int | None = None
    static_bytes: int | None = None
    stack_bytes: int | None = None
    instructions: int | None = None
    cycles: int | None = None
    by_step: Mapping[int, Count] = field(default_factory=dict)
    traffic: Mapping[str, int] = field(default_factory=dict)
    machine: str = ""
    notes: tuple[str, ...] = ()


def write_sources(texts: Mapping[str, str], folder: Path) -> tuple[Path, ...]:
    """Writes generated files below a folder; the C files to compile."""
    for path, text in texts.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return tuple(folder / path for path in texts if path.endswith(".c"))


def build_firmware(
    compiled: Compiled,
    folder: Path,
    *,
    profile: bool = False,
    trace: bool = False,
    stepped: bool = False,
) -> Image:
    """The network with the test harness around it, as an image for its target."""
    harness = harness_text(compiled.code.model, trace=trace, stepped=stepped)
    defines = [PROFILE_DEFINE] if profile or trace else []
    place = folder / ("profile" if profile or trace else "image")
    return build_image(
        compiled.target,
        *sources_and_includes(compiled.code.texts, folder),
        place,
        harness=[harness_file(harness, folder)],
        defines=defines,
    )


def sources_and_includes(
    texts: Mapping[str, str], folder: Path
) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Writes generated files; what to compile, and where their headers are."""
    sources = write_sources(texts, folder / "src")
    return sources, (folder / "src", folder / "src" / "tinycc")


def harness_file(text: str, folder: Path) -> Path:
    """The harness, written."""
    path = folder / "harness.c"
    path.write_text(text)
    return path


def entry(model: CModel) -> str:
    """The function whose stack is the network's."""
    return f"{model.name}_{'push_row' if model.pushed else 'run'}"


def measure_image(compiled: Compiled, folder: Path) -> Measured:
    """Flash, static memory and stack from the ELF; all None on native targets."""
    image, model = build_firmware(compiled, folder), compiled.code.model
    sizes = image_sizes(image)
    if sizes is None:
        if compiled.target.is_native:
            return Measured()
        return Measured(notes=(_NO_MAP,), machine=image.runner.machine)
    stack = stack_bound(image, entry(model))
    notes = [note for note in (image.note, stack.reason) if note]
    return Measured(
        flash_bytes=sizes.model.flash,
        static_bytes=sizes.model.static,
        stack_bytes=stack.bytes,
        machine=image.runner.machine,
        notes=tuple(notes),
    )


def measure_instructions(compiled: Compiled, folder: Path, sample: Sequence[bytes]) -> Measured:
    """All figures, instructions per inference and per step included."""
    sizes = measure_image(compiled, folder)
    image = build_firmware(compiled, folder)
    plain, moved = count_instructions(image, sample), _traffic(compiled, image, sample)
    steps = count_instructions(build_firmware(compiled, folder, profile=True), sample)
    return replace(
        sizes,
        instructions=plain.instructions,
        cycles=plain.cycles,
        by_step=steps.by_step,
        traffic=moved,
        machine=plain.machine,
        notes=tuple(dict.fromkeys((*sizes.notes, *((plain.note,) if plain.note else ())))),
    )


def _traffic(compiled: Compiled, image: Image, sample: Sequence[bytes]) -> dict[str, int]:
    """Bytes read and written in each arena, where there are several memories; by memory."""
    rams = compiled.target.rams
    if len(rams) < 2:
        return {}
    elf, arenas = read_elf(image.elf), compiled.code.model.arenas
    places = [elf.symbol(arena.variable) for arena in arenas]
    ranges = [
        (place.address + GUARD_BYTES, arena.bytes)
        for place, arena in zip(places, arenas, strict=True)
        if place is not None
    ]
    counted = count_accesses(image, sample, ranges)
    found = dict(zip((arena.region for arena in arenas), counted, strict=True))
    return {ram.name: found.get(ram.name, 0) for ram in rams}


def measure_where_possible(compiled: Compiled, folder: Path) -> Measured:
    """The image's figures; without the cross compiler, or where not even the emulated machines

    have room for network and harness, a note that says so.
    """
    try:
        return measure_image(compiled, folder)
    except (ToolError, DoesNotFitError) as error:
        return Measured(notes=(error.render().replace("error: ", "not measured: "),))


def random_sample(compiled: Compiled, seed: int = 0) -> list[bytes]:
    """One input over the full range of every input tensor, the same for the same seed."""
    return random_inputs(compiled.graph, seed)


def random_inputs(graph: Graph, seed: int = 0) -> list[bytes]:
    """The same for the inputs of a graph."""
    rng = np.random.default_rng(seed)
    sample = []
    for name in graph.inputs:
        type_ = graph.tensors[name].type
        if type_.is_float:
            sample.append(rng.normal(0, 1, type_.shape).astype(np.float32).tobytes())
            continue
        info = np.iinfo(np.dtype(type_.dtype.value))
        values = rng.integers(info.min, info.max, type_.shape, endpoint=True)
        sample.append(values.astype(type_.dtype.numpy).tobytes())
    return sample
