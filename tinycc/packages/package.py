"""A compiled network as a library of an ecosystem: its files, or the archive that holds them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import PurePosixPath

from tinycc.emit.render import render
from tinycc.errors import UsageError
from tinycc.packages.cores import family
from tinycc.packages.ecosystems import BY_NAME, Ecosystem
from tinycc.paths import TEMPLATES
from tinycc.pipeline import Compiled
from tinycc.target import Target, list_targets, load_target

FIRST_RELEASE = "1.0.0"
CODE_FOLDERS = ("src", "src/tinycc")  # of the header, and of the rest
_PLACE = "packages"
_BUILD_FILES = ("CMakeLists.txt", "Makefile")
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip can hold: no date of the build


def ecosystem_for(name: str, target: Target, release: str) -> Ecosystem:
    """The record of an ecosystem; UsageError where it takes no code for the target."""
    ecosystem = BY_NAME.get(name)
    if ecosystem is None:
        raise UsageError(f"--package {name}: no such package", hint=f"one of {', '.join(BY_NAME)}")
    if not re.fullmatch(r"(0|[1-9]\d{0,4})(\.(0|[1-9]\d{0,4})){2}", release):
        raise UsageError(f"--package-version {release}: not three numbers such as 1.2.0")
    if family(target) not in ecosystem.cores:
        usable = [t for t in list_targets() if family(load_target(t)) in ecosystem.cores]
        raise UsageError(
            f"--package {name}: {ecosystem.title} has no `{target.name}`",
            hint=f"--target {', '.join(usable)}",
        )
    return ecosystem


def package_files(compiled: Compiled, ecosystem: Ecosystem, release: str) -> dict[str, bytes]:
    """What makes up the package, by path in its folder; the one archive where there is one."""
    name = ecosystem.rename(compiled.name)
    code = {_place(path, ecosystem, compiled.name): path for path in compiled.code.texts}
    code.pop("", None)
    texts = {path: compiled.code.texts[origin] for path, origin in code.items()}
    context = {
        **compiled.code.context,
        **ecosystem.context,
        "name": name,
        "release": release,
        "title": ecosystem.title,
        "core": family(compiled.target),
        "target": re.sub(r"[^\w.-]", "_", compiled.target.name, flags=re.ASCII),
        "about": compiled.target,
        "files": sorted(texts),
    }
    if ecosystem.firmware is not None:
        program = ecosystem.firmware(compiled)
        context["firmware"] = program
        texts.update({f"example/support/{path}": text for path, text in program.texts.items()})
    texts.update(_rendered(ecosystem, name, context))
    files = {path: text.encode() for path, text in sorted(texts.items())}
    if not ecosystem.archive:
        return files
    root = ecosystem.root.replace("NAME", name)
    place = ecosystem.archive.replace("NAME", name).replace("RELEASE", release)
    return {place: _zipped({root + path: content for path, content in files.items()})}


def _place(path: str, ecosystem: Ecosystem, name: str) -> str:
    """Where a generated file lies in a package; nowhere ("") for build files of other systems."""
    if not ecosystem.repacked:
        return path
    if path in _BUILD_FILES:
        return ""
    file = PurePosixPath(path).name
    header, rest = CODE_FOLDERS
    return f"{header if file == f'{name}.h' else rest}/{file}"


def _rendered(ecosystem: Ecosystem, name: str, context: Mapping[str, object]) -> dict[str, str]:
    """The ecosystem's templates, filled."""
    top = TEMPLATES / _PLACE / ecosystem.name
    paths = [path.relative_to(top).as_posix() for path in top.rglob("*.j2")]
    return {
        path.removesuffix(".j2").replace("NAME", name): render(
            f"{_PLACE}/{ecosystem.name}/{path}", context
        )
        for path in paths
    }


def _zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip archive that is the same wherever and whenever it is made."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, _ZIP_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # Unix, an ordinary file
            archive.writestr(entry, content)
    return buffer.getvalue()
