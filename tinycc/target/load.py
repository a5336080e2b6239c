"""Reads targets/*.toml into `Target` records; every mistake is an error that names the key."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from tinycc.errors import UsageError
from tinycc.paths import TARGETS
from tinycc.target.machine import runs_here
from tinycc.target.target import (
    FEATURES,
    MEMORY_KINDS,
    RUNNER_KINDS,
    Compiler,
    CostTable,
    Emulator,
    Memory,
    Runner,
    Target,
)

NATIVE = "native"
_HOSTS = ("host-vnni", "host-avx2", "host")  # the fastest first

Table = dict[str, Any]
Record = TypeVar("Record")


def list_targets() -> tuple[str, ...]:
    """The names of the targets that come with tinycc, sorted."""
    return tuple(sorted(path.stem for path in TARGETS.glob("*.toml")))


def load_target(name_or_path: str | Path) -> Target:
    """The target of a name (`cortex-m4`) or of a TOML file of the user's own.

    `native` is the fastest of the host's targets that runs on this machine.
    Raises UsageError for an unknown name, an unreadable file, and unknown, missing or wrong keys.
    """
    if name_or_path == NATIVE:
        hosts = (load_target(name) for name in _HOSTS)
        return next(target for target in hosts if runs_here(target))
    path = _find(str(name_or_path), Path())
    table = _with_base(path, ())
    return _target(path.stem, table, str(path))


def _find(name: str, folder: Path) -> Path:
    """The file of a target; `folder` is where the path in an `extends` starts."""
    if name.endswith(".toml") or "/" in name:
        path = folder / name
        if not path.is_file():
            raise UsageError(f"there is no target file `{path}`")
        return path
    path = TARGETS / f"{name}.toml"
    if name not in list_targets():
        raise UsageError(f"unknown target `{name}`", hint=_near(name, list_targets()))
    return path


def _near(word: str, known: Sequence[str]) -> str:
    close = get_close_matches(word.lower(), known, n=3, cutoff=0.5)
    if close:
        return "did you mean " + " or ".join(f"`{name}`" for name in close) + "?"
    return "known are " + ", ".join(known)


def _with_base(path: Path, seen: tuple[Path, ...]) -> Table:
    """The file's keys laid over those of the target it extends."""
    if path.resolve() in seen:
        raise UsageError("a target extends itself", where=str(path))
    table = _read(path)
    base = table.pop("extends", None)
    if base is None:
        return table
    if not isinstance(base, str):
        raise UsageError("`extends` must be the name of a target", where=str(path))
    base_path = _find(base, path.parent)
    return _merged(_with_base(base_path, (*seen, path.resolve())), table)


def _read(path: Path) -> Table:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"cannot read the target: {error}", where=str(path)) from error


def _merged(base: Table, over: Table) -> Table:
    """Tables are merged key by key; everything else, arrays too, replaces the base's."""
    result = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = _merged(result[key], value) if both else value
    return result


def _target(name: str, table: Table, where: str) -> Target:
    convert: dict[str, Callable[[Any, str], Any]] = {
        "isa": lambda value, at: frozenset(_strings(value, at)),
        "compiler": lambda value, at: _record(Compiler, value, at),
        "cost": lambda value, at: _record(CostTable, value, at, {"kernels": _kernel_costs}),
        "emulator": lambda value, at: _record(Emulator, value, at),
        "memories": _memories,
        "runners": _runners,
    }
    target = _record(Target, {"name": name, **table}, where, convert)
    _require_known("isa feature", sorted(target.isa), tuple(FEATURES), where)
    if not target.runners:
        raise UsageError("a target needs at least one runner", where=where)
    if not target.is_native and target.emulator is None:
        raise UsageError("a target with an emulated runner needs the table `emulator`", where=where)
    return target


def _memories(value: Any, where: str) -> tuple[Memory, ...]:
    memories = tuple(_record(Memory, item, where) for item in _list(value, where))
    _require_known("memory kind", [memory.kind for memory in memories], MEMORY_KINDS, where)
    for index, memory in enumerate(memories):
        fault = _memory_fault(memory) or _clash(memory, memories[:index])
        if fault:
            raise UsageError(f"memory `{memory.name}`: {fault}", where=where)
    return memories


def _memory_fault(memory: Memory) -> str | None:
    """What is wrong with a memory alone."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", memory.name):
        return "the name must be letters, digits and `_`: it becomes part of C names"
    if memory.bytes <= 0 or memory.address < 0 or memory.address + memory.bytes > 1 << 64:
        return f"{memory.bytes} bytes at {memory.address:#x} are no place"
    if not 0 <= memory.reserved < memory.bytes:
        return f"{memory.reserved} bytes reserved of {memory.bytes}: nothing would be left"
    if not (memory.cost > 0 and math.isfinite(memory.cost)):
        return f"the cost of an access is {memory.cost}; it must be above 0"
    if memory.section and not re.fullmatch(r"[A-Za-z_.][\w.$-]*", memory.section):
        return f"`{memory.section}` is not the name of a linker section"
    return None


def _clash(memory: Memory, others: Sequence[Memory]) -> str | None:
    """What a memory and one before it cannot both have: name, C name, section, bytes."""
    for other in others:
        if memory.name.upper() == other.name.upper():
            return "there are two of that name"
        if memory.linker_section == other.linker_section:
            return f"it has the section `{memory.section}` of `{other.name}`"
        end = min(memory.address + memory.bytes, other.address + other.bytes)
        if max(memory.address, other.address) < end:
            return f"it overlaps `{other.name}`"
    return None


def _kernel_costs(value: Any, where: str) -> Mapping[str, Mapping[str, float]]:
    """The figures of targets/costs/<name>.toml: instructions per event of each kernel.

    Of several names the later ones' kernels count.
    """
    found: dict[str, Mapping[str, float]] = {}
    for name in value if isinstance(value, list) else [value]:
        path = TARGETS / "costs" / f"{name}.toml"
        if not path.is_file():
            known = sorted(path.stem for path in path.parent.glob("*.toml"))
            hint = _near(str(name), known)
            raise UsageError(f"there are no costs `{name}`", where=where, hint=hint)
        found.update(_read(path))
    return found


def _runners(value: Any, where: str) -> tuple[Runner, ...]:
    convert = {"memories": _memories}
    runners = tuple(_record(Runner, item, where, convert) for item in _list(value, where))
    _require_known("runner kind", [runner.kind for runner in runners], RUNNER_KINDS, where)
    for runner in runners:
        kinds = {memory.kind for memory in runner.memories}
        if runner.kind == "qemu" and not kinds >= {"flash", "sram"}:
            raise UsageError(
                f"the runner `{runner.machine}` needs memories of the kinds `flash` and `sram`",
                where=where,
            )
    return runners


def _require_known(what: str, words: Sequence[str], known: Sequence[str], where: str) -> None:
    for word in words:
        if word not in known:
            raise UsageError(f"unknown {what} `{word}`", where=where, hint=_near(word, known))


def _record(
    kind: Callable[..., Record],
    value: Any,
    where: str,
    convert: Mapping[str, Callable[[Any, str], Any]] | None = None,
) -> Record:
    """A dataclass from a TOML table: its fields are the keys; the rest is an error."""
    if not isinstance(value, dict):
        raise UsageError(f"expected a table, found {value!r}", where=where)
    known: dict[str, Field[Any]] = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for key in value:
        if key not in known:
            raise UsageError(f"unknown key `{key}`", where=where, hint=_near(key, tuple(known)))
    for key, field in known.items():
        if key not in value and field.default is MISSING is field.default_factory:
            raise UsageError(f"missing key `{key}`", where=where)
    converted = {}
    for key, item in value.items():
        special = (convert or {}).get(key)
        at = f"{where}, key `{key}`"
        converted[key] = special(item, at) if special else _plain(str(known[key].type), item, at)
    return kind(**converted)


def _plain(annotation: str, value: Any, where: str) -> Any:
    """A TOML value as the type that a field's annotation names."""
    if annotation == "tuple[str, ...]":
        return _strings(value, where)
    wanted = annotation.removesuffix(" | None")
    if wanted == "float" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value).__name__ != wanted:
        raise UsageError(f"expected {wanted}, found {value!r}", where=where)
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise UsageError(f"expected an array, found {value!r}", where=where)
    return value


def _strings(value: Any, where: str) -> tuple[str, ...]:
    items = _list(value, where)
    for item in items:
        if not isinstance(item, str):
            raise UsageError(f"expected text, found {item!r}", where=where)
    return tuple(items)
