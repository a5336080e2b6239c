"""Several networks planned together: one arena, of which each one's inference may use all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

from tinycc import __version__
from tinycc.api.network import Network, write_folder
from tinycc.emit.files import Heading
from tinycc.emit.names import network_name
from tinycc.emit.together import clashes, together_files
from tinycc.errors import DoesNotFitError, UsageError
from tinycc.memory.arrange import budget
from tinycc.pipeline import ARCHIVE, Compiled, Options, compile_model, replanned
from tinycc.progress import Progress, silent
from tinycc.report.page import PAGE, page
from tinycc.report.stored import FILE
from tinycc.report.together import measure_together, together_document

_HOW_TO_NAME = "name them: tinycc build left=a/kws.onnx right=b/kws.onnx --share-arena"


class Together:
    """What `tinycc.build_together` returns: `.networks`, `.report`, `.write(folder)`."""

    def __init__(self, name: str, compiled: Sequence[Compiled], options: Options) -> None:
        self.networks = tuple(Network(one) for one in compiled)
        self.options = options
        self.target = compiled[0].target
        heading = Heading(__version__, "", "", self.target.name, self.target.alignment)
        self.code = together_files(name, [one.code for one in compiled], heading)

    @property
    def name(self) -> str:
        """The prefix of what they share in C."""
        return self.code.together.name

    @cached_property
    def report(self) -> dict[str, Any]:
        """The contents of the folder's report.json: the sum of the networks' own."""
        measured = measure_together(self.code, self.target)
        reports = [network.report for network in self.networks]
        return together_document(self.code, self.target, reports, measured)

    def check_budgets(self) -> None:
        """Raises DoesNotFitError when a budget or the target's memory is exceeded."""
        memory, rams = self.report["memory"], self.target.rams
        ram = sum(one.bytes - one.reserved for one in rams) if rams else None
        flash = self.target.flash_bytes
        needs = (
            ("SRAM", memory["sram"]["total"], self.options.ram, ram, "--ram"),
            ("flash", memory["flash"]["total"], self.options.flash, flash, "--flash"),
        )
        sizes = ", ".join(f"`{m['name']}` {m['arena']:,} B" for m in self.report["models"])
        for what, needed, asked, there, option in needs:
            limit, origin = (there, "the target") if asked is None else (asked, option)
            if limit is not None and needed > limit:
                room = f"{limit:,} available ({origin})"
                raise DoesNotFitError(
                    f"does not fit: {needed:,} bytes of {what} needed, {room}",
                    hint=f"arenas: {sizes}; build the largest alone to see what would help",
                )

    def write(self, folder: str | Path) -> None:
        """Writes C, build files and report.json, and a folder with report and model.tnn of each;

        all of it appears or nothing.
        """
        texts = {**self.code.texts, FILE: _json(self.report)}
        binaries = {}
        for network in self.networks:
            own = network.compiled.name
            texts[f"{own}/{FILE}"] = _json(network.report)
            texts[f"{own}/{PAGE}"] = page(network.report)
            binaries[f"{own}/{ARCHIVE}"] = network.compiled.archive
            binaries |= network.compiled.code.binaries
        write_folder(Path(folder), texts, binaries)


def build_models(
    models: Sequence[tuple[str | None, Path]], options: Options, progress: Progress = silent
) -> Together:
    """Networks for one firmware; a pair is the prefix of a model's C names, or None, and its file.

    The largest arena is that of all: networks that would need less are given the fastest schedule
    that fits there. `options.name` is the prefix of what they share.
    """
    if len(models) < 2:
        raise UsageError("one model has no other to share an arena with", hint="name two or more")
    if options.calibration is not None:
        raise UsageError(
            "--calibration is for one model", hint="first `tinycc quantize` each float model"
        )
    planned = [compile_model(path, replace(options, name=name), progress) for name, path in models]
    name = network_name(options.name or "_".join(one.name for one in planned))
    _check_names(name, planned)
    return Together(name, [_within(one, planned) for one in planned], options)


def _within(compiled: Compiled, others: Sequence[Compiled]) -> Compiled:
    """A network with the fastest schedule for an arena that is there anyway."""
    most = max(one.plan.arena_bytes for one in others)
    if compiled.plan.arena_bytes == most or any(one.plan.arenas for one in others):
        return compiled
    goal = replace(compiled.options, ram=budget(most, compiled.target))
    roomy = replanned(compiled, goal, compiled.target)
    if roomy.plan.arena_bytes > most:
        return compiled
    return replace(roomy, options=compiled.options)


def _check_names(name: str, planned: Sequence[Compiled]) -> None:
    for one, other in combinations(planned, 2):
        if one.name == other.name:
            files = f"{one.source.name} and {other.source.name}"
            raise UsageError(f"two models are called `{one.name}`: {files}", hint=_HOW_TO_NAME)
        both = clashes(one.code, other.code)
        if both:
            names = f"`{one.name}` and `{other.name}`"
            raise UsageError(f"the models {names} both define {both[0]}", hint=_HOW_TO_NAME)
    if any(name in (one.name, f"{one.name}_data") for one in planned):
        raise UsageError(
            f"`{name}` is the name of one of the models, and of what they share",
            hint="--name gives what they share another name",
        )


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, sort_keys=False) + "\n"


__all__ = ["Together", "build_models"]
