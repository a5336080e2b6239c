"""Imports point down, every third-party package has one home, and nothing grows too large."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "tinycc"
MODULES = sorted(PACKAGE.rglob("*.py"))

# From the lowest layer up; those in one tuple do not import each other.
LAYERS = (
    ("errors", "paths", "progress"),
    ("ir",),
    ("target",),
    ("ops",),
    ("frontend", "interp", "passes"),
    ("quantize",),
    ("schedule",),
    ("memory",),
    ("emit",),
    ("toolchain",),
    ("pipeline",),
    ("packages", "report"),
    ("api",),
    ("cli", "testing"),
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
TOP = {"__init__", "__main__"}  # the package's face: may import from anywhere

HOMES = {
    "ai_edge_litert": ("interp/lite.py",),
    "click": ("cli/",),
    "flatbuffers": ("frontend/",),
    "jinja2": ("emit/render.py",),
    "networkx": ("ir/view.py",),
    "numpy": ("",),
    "onnx": ("frontend/",),
    "onnxruntime": ("interp/",),
    "pulp": ("memory/", "schedule/"),
    "pytest": ("testing/",),
    "rich": ("cli/", "report/"),
}
LONGEST_FUNCTION, LONGEST_FILE = 60, 400


def _name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def _layer(path: Path) -> str:
    """The module or folder directly below tinycc/."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, also inside functions; dotted names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{_name(path)}: relative import"
            module = node.module or ""
            names = [alias.name for alias in node.names] if module == "tinycc" else [""]
            yield from (f"{module}.{name}".rstrip(".") for name in names)


def _may_import(importer: str, imported: str) -> bool:
    if importer == imported or importer in TOP:
        return True
    return LEVEL[imported] < LEVEL[importer]


def test_imports_point_down() -> None:
    wrong = []
    for path in MODULES:
        layer = _layer(path)
        assert layer in LEVEL or layer in TOP, f"{layer} has no place in the list of layers"
        for name in _imports(path):
            parts = name.split(".")
            inside = parts[0] == "tinycc" and len(parts) > 1 and not parts[1].startswith("__")
            if inside and not _may_import(layer, parts[1]):
                wrong.append(f"{_name(path)} imports {name}")
    assert not wrong


def test_every_third_party_package_has_one_home() -> None:
    wrong = []
    for path in MODULES:
        for name in _imports(path):
            package = name.split(".")[0]
            if package == "tinycc" or package in sys.stdlib_module_names:
                continue
            if not any(_name(path).startswith(home) for home in HOMES.get(package, ())):
                wrong.append(f"{_name(path)} imports {package}")
    assert not wrong


def test_files_stay_small() -> None:
    lines = {_name(path): path.read_text(encoding="utf-8").count("\n") for path in MODULES}
    assert not {name: count for name, count in lines.items() if count > LONGEST_FILE}


def test_functions_stay_small() -> None:
    lines = {f"{_name(path)}: {node.name}": _lines(node) for path, node in _functions()}
    assert not {name: count for name, count in lines.items() if count > LONGEST_FUNCTION}


def _functions() -> Iterator[tuple[Path, ast.FunctionDef]]:
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield path, node


def _lines(node: ast.FunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1
