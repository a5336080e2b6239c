"""Several networks in one firmware: one folder, the kernels once, one arena for all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tinycc.emit.files import CodeFiles, Heading
from tinycc.emit.interface import CArena
from tinycc.emit.model import CModel
from tinycc.emit.render import render
from tinycc.memory.plan import ARENA

BUILD_FILES = ("CMakeLists.txt", "Makefile")


@dataclass(frozen=True)
class CTogether:
    """What the templates need of networks that share `arenas`, one for each memory in use.

    `common`: the memory of those networks that need one only, where others need several.
    """

    name: str
    models: tuple[CModel, ...]
    arenas: tuple[CArena, ...]
    common: str = ARENA

    @property
    def macro(self) -> str:
        """The prefix of the C macros."""
        return self.name.upper()

    @property
    def names(self) -> tuple[str, ...]:
        """Those of the networks."""
        return tuple(model.name for model in self.models)

    def arguments(self, model: CModel) -> list[str]:
        """The arenas that a network's init takes."""
        variable = {arena.region: arena.variable for arena in self.arenas}
        return [variable[self._memory(arena)] for arena in model.arenas]

    def needs(self, shared: CArena) -> Iterator[tuple[CModel, int]]:
        """The bytes that each network takes of an arena."""
        for model in self.models:
            for arena in model.arenas:
                if self._memory(arena) == shared.region:
                    yield model, arena.bytes

    def _memory(self, arena: CArena) -> str:
        return self.common if arena.region == ARENA else arena.region


@dataclass(frozen=True)
class TogetherFiles:
    """File contents by path. `program`: one that uses all networks, for measuring."""

    together: CTogether
    texts: Mapping[str, str]
    program: str

    @property
    def sources(self) -> tuple[str, ...]:
        """The C files to compile."""
        return tuple(path for path in self.texts if path.endswith(".c"))


def together(name: str, models: Sequence[CModel]) -> CTogether:
    """Networks with one arena per memory, each as large as the most that one of them needs."""
    every = [arena for model in models for arena in model.arenas]
    common = _common(every)
    found: dict[str, CArena] = {}
    for arena in sorted(every, key=lambda one: one.place is None):
        region = common if arena.region == ARENA else arena.region
        known = found.get(region, arena)
        found[region] = replace(known, region=region, bytes=max(known.bytes, arena.bytes))
    several, macro = len(found) > 1, name.upper()
    arenas = tuple(
        replace(
            arena,
            variable=f"arena_{region}" if several else "arena",
            macro=f"{macro}_ARENA_{region.upper()}" if several else f"{macro}_ARENA",
            attribute=f"{macro}_IN_{region.upper()}" if arena.place else f"{macro}_ALIGN",
        )
        for region, arena in found.items()
    )
    return CTogether(name, tuple(models), arenas, common)


def _common(arenas: Sequence[CArena]) -> str:
    """The cheapest memory that also holds the arenas of networks that need one memory only."""
    largest = max((arena.bytes for arena in arenas if arena.region == ARENA), default=0)
    places = [arena.place for arena in arenas if arena.place is not None]
    roomy = [place for place in places if place.capacity >= largest]
    return min(roomy, key=lambda place: place.price).memory if roomy else ARENA


def together_files(name: str, codes: Sequence[CodeFiles], heading: Heading) -> TogetherFiles:
    """All C of the networks, the header of what they share, and build files for all."""
    shared = together(name, [code.model for code in codes])
    texts: dict[str, str] = {}
    for code in codes:
        texts |= {path: text for path, text in code.texts.items() if path not in BUILD_FILES}
    kernels = sorted({path.name for code in codes for path in code.runtime.sources})
    context = {
        "m": shared,
        "version": heading.version,
        "target": heading.target,
        "alignment": heading.alignment,
        "units": [f"{model.name}.c" for model in shared.models],
        "sources": kernels,
        "weights": [f"{model.name}_weights.c" for model in shared.models if model.file],
    }
    texts[f"{name}.h"] = render("together.h.j2", context)
    texts |= {path: render(f"{path}.j2", context) for path in BUILD_FILES}
    return TogetherFiles(shared, texts, render("together.c.j2", context))


def clashes(one: CodeFiles, other: CodeFiles) -> list[str]:
    """Files, and names in the headers, that two networks would both have."""
    return sorted(_claimed(one) & _claimed(other))


def _claimed(code: CodeFiles) -> set[str]:
    """In lower case, as for file systems; what all networks have alike is left out."""
    name = code.model.name
    own = {path for path in code.texts if "/" not in path and path not in BUILD_FILES}
    words = re.findall(rf"\b{name}_\w+", code.texts[f"{name}.h"], re.IGNORECASE)
    return {text.lower() for text in (*own, *words)}
