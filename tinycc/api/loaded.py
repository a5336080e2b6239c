"""An earlier build as an object again: its C as it is in the folder, its report as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tinycc import __version__
from tinycc.api.network import Network
from tinycc.api.program import Program, Runnable
from tinycc.errors import ModelError
from tinycc.packages.package import CODE_FOLDERS
from tinycc.passes.input_rows import as_pushed
from tinycc.pipeline import Options, compile_model, read_archive
from tinycc.report.stored import read_report
from tinycc.target import load_target
from tinycc.toolchain.compiler import with_compiler

_AGAIN = "build it again from the model"


class LoadedNetwork(Runnable):
    """What `tinycc.load` returns: `.report` and `.run(inputs)` of a folder that `build` wrote."""

    def __init__(self, folder: Path, report: dict[str, Any], program: Program) -> None:
        super().__init__(program)
        self.folder, self.report = folder, report

    def on_host(self) -> Runnable:
        """The same network for this machine, compiled from model.tnn."""
        return Network(compile_model(self.folder, Options("host", optimize="speed")))


def load(folder: str | Path, *, cc: str | None = None) -> LoadedNetwork:
    """The network in a folder that this version of tinycc wrote; compiles when it first runs.

    `cc`: a compiler with its flags in place of the target's.
    Raises ModelError for what is no such folder, or not whole.
    """
    folder = Path(folder)
    report = _report(folder)
    graphs, extra = read_archive(folder)
    try:
        options, program = extra["options"], extra["program"]
        graph, interface = graphs["graph"], graphs["interface"]
        fed = as_pushed(graph) if options["input_memory"] == "pushed" else graph
        texts = {str(path): _text(folder, str(path)) for path in program["files"] if _is_c(path)}
        target = with_compiler(load_target(str(options["target"])), cc)
        harness = str(program["harness"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"model.tnn is damaged ({error})", str(folder), _AGAIN) from error
    found = Program(target, texts, harness, interface, graph, tuple(fed.inputs))
    return LoadedNetwork(folder, report, found)


def _report(folder: Path) -> dict[str, Any]:
    """The report of a folder whose other files this version understands as well."""
    if folder.exists() and not folder.is_dir():
        raise ModelError(f"`{folder}` is no folder", hint="tinycc.build takes a model file")
    report = read_report(folder)
    if report["tool_version"] != __version__:
        wrote = report["tool_version"]
        raise ModelError(
            f"the folder was written by tinycc {wrote}, this is {__version__}",
            str(folder),
            f"{_AGAIN}, or install tinycc-nn=={wrote}",
        )
    return report


def _is_c(path: str) -> bool:
    if Path(path).is_absolute() or ".." in Path(path).parts:
        raise ValueError(f"`{path}` is not in the folder")
    return Path(path).suffix in (".c", ".h")


def _text(folder: Path, path: str) -> str:
    """A generated file; those of networks that share an arena lie beside the network's folder."""
    name = Path(path).name
    packaged = (folder / inside / name for inside in CODE_FOLDERS)
    for place in (folder / path, folder.parent / path, *packaged):
        if place.is_file():
            return place.read_text(encoding="utf-8")
    archives = [*folder.glob("*.zip"), *folder.glob("*.pack")]
    hint = f"`{archives[0].name}` holds it: build without --package" if archives else _AGAIN
    raise ModelError(f"`{path}` is missing in the folder", str(folder), hint)
