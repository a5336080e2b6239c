"""The C that comes out: kept word by word, reproducible, clean under warnings, safe from names.

`pytest tests/golden --update-golden` writes the kept files again; review the difference.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from golden_models import GOLDEN, HOSTILE, hostile
from onnx_models import OnnxModel

import tinycc
from tinycc.api.network import Network
from tinycc.interp.interpreter import run
from tinycc.report.measure import random_sample

CASES = Path(__file__).with_name("cases")
WORDS = ["int", "int8", "uint8", "NULL", "size", "main", "memcpy"]
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
STRICT = ["-std=c99", *WARNINGS]
# The least that a header owes to C++: it compiles there, and its functions link.
CPP = ["-x", "c++", "-std=c++98", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def _network(model: OnnxModel, folder: Path, **options: str) -> Network:
    folder.mkdir(parents=True, exist_ok=True)
    return tinycc.build(model.save(folder), **options)  # type: ignore[arg-type]


def _own_texts(network: Network) -> dict[str, str]:
    """The generated files without the copies of the kernel library."""
    texts = network.compiled.code.texts
    return {path: text for path, text in texts.items() if not path.startswith("tinycc/")}


def _bytes(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize("name", GOLDEN)
def test_generated_files_are_the_kept_ones(
    name: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    texts = _own_texts(_network(GOLDEN[name](), tmp_path, target="cortex-m4", name=name))
    folder = CASES / name
    if pytestconfig.getoption("update_golden"):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for path, text in texts.items():
            (folder / path).write_text(text, encoding="utf-8")
    kept = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert texts.keys() == kept.keys()
    for path, text in texts.items():
        assert text == kept[path], f"{name}/{path} differs"


@pytest.mark.parametrize("name", GOLDEN)
def test_the_same_model_gives_the_same_bytes_anywhere(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _network(GOLDEN[name](), tmp_path / "one").write(tmp_path / "first")
    monkeypatch.chdir(tmp_path / "one")
    _network(GOLDEN[name](), tmp_path / "a" / "deeper").write("second")
    assert _bytes(tmp_path / "first") == _bytes(tmp_path / "one" / "second")


def test_the_same_bytes_under_another_hash_seed(tmp_path: Path) -> None:
    """Sets and dictionaries of a fresh process do not show in the output."""
    GOLDEN["branches"]().save(tmp_path)
    folders = []
    for seed in ("1", "2"):
        folders.append(tmp_path / seed)
        words = [sys.executable, "-m", "tinycc", "build", "m.onnx", "-o", str(folders[-1])]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        root = str(Path(tinycc.__file__).parents[1])
        environment["PYTHONPATH"] = root
        subprocess.run(words, cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert _bytes(folders[0]) == _bytes(folders[1])


@pytest.mark.parametrize("name", GOLDEN)
def test_a_written_folder_gives_the_same_c_again(name: str, tmp_path: Path) -> None:
    network = _network(GOLDEN[name](), tmp_path)
    network.write(tmp_path / "out")
    again = tinycc.build(tmp_path / "out")
    assert again.compiled.code.texts == network.compiled.code.texts


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("name", GOLDEN)
def test_generated_c_compiles_without_warnings(name: str, compiler: str, tmp_path: Path) -> None:
    network = _network(GOLDEN[name](), tmp_path)
    network.write(tmp_path / "out")
    _compile(compiler, [*STRICT, "-O2"], tmp_path / "out", network)


@pytest.mark.parametrize("compiler", ["g++", "clang++", "arm-none-eabi-g++"])
def test_generated_headers_are_headers_for_cpp(compiler: str, tmp_path: Path) -> None:
    _require(compiler)
    for name in GOLDEN:
        network = _network(GOLDEN[name](), tmp_path / name, name=name)
        network.write(tmp_path / name / "out")
        user = tmp_path / name / "main.cpp"
        user.write_text(f'#include "{name}.h"\n#include "{name}.h"\n')
        for define in ("-UTINYCC_PROFILE", "-DTINYCC_PROFILE=on_step"):
            done = _run([compiler, *CPP, define, f"-I{tmp_path / name / 'out'}", str(user)])
            assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", GOLDEN)
def test_the_written_makefile_makes_a_library(name: str, tmp_path: Path) -> None:
    _require("make")
    network = _network(GOLDEN[name](), tmp_path, name="net_of_mine")
    network.write(tmp_path / "out")
    done = _run(["make", "-C", str(tmp_path / "out")])
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "libnet_of_mine.a").is_file()


def test_the_written_cmake_file_makes_a_library(tmp_path: Path) -> None:
    _require("cmake")
    network = _network(GOLDEN["classifier"](), tmp_path)
    network.write(tmp_path / "out")
    build = str(tmp_path / "build")
    assert _run(["cmake", "-S", str(tmp_path / "out"), "-B", build]).returncode == 0
    done = _run(["cmake", "--build", build])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_the_c(name: str, tmp_path: Path) -> None:
    network = _network(hostile(name), tmp_path)
    network.write(tmp_path / "out")
    _compile("gcc", [*STRICT, "-Wtrigraphs"], tmp_path / "out", network)
    _compile("gcc", [*STRICT, "-Wtrigraphs", "-DTINYCC_PROFILE=f"], tmp_path / "out", network)
    for path, text in _own_texts(network).items():
        assert text.isascii(), path
        assert all(c.isprintable() or c in "\n\t" for c in text), path
    _assert_runs_as_interpreted(network)


@pytest.mark.parametrize("name", GOLDEN)
def test_kept_models_run_as_interpreted(name: str, tmp_path: Path) -> None:
    _assert_runs_as_interpreted(_network(GOLDEN[name](), tmp_path))


@pytest.mark.parametrize("name", [*WORDS, "1", "a b", "../x", "数", "x" * 99, "tinycc"])
def test_any_name_option_gives_a_c_prefix(name: str, tmp_path: Path) -> None:
    network = _network(GOLDEN["classifier"](), tmp_path, name=name)
    network.write(tmp_path / "out")
    _compile("gcc", STRICT, tmp_path / "out", network)


def _assert_runs_as_interpreted(network: Network) -> None:
    compiled = network.compiled
    types = [compiled.interface.tensors[name].type for name in compiled.interface.inputs]
    values = [
        np.frombuffer(data, type_.dtype.numpy).reshape(type_.shape)
        for data, type_ in zip(random_sample(compiled, 7), types, strict=True)
    ]
    wanted = run(compiled.graph, dict(zip(compiled.graph.inputs, values, strict=True)))
    outputs = network.run(dict(zip(compiled.interface.inputs, values, strict=True)))
    for ours, name in zip(outputs.values(), compiled.graph.outputs, strict=True):
        np.testing.assert_array_equal(ours.reshape(-1), wanted[name].reshape(-1))


def _compile(compiler: str, flags: list[str], folder: Path, network: Network) -> None:
    _require(compiler)
    includes = [f"-I{folder}", f"-I{folder / 'tinycc'}"]
    sources = [str(folder / source) for source in network.compiled.code.sources]
    done = _run([compiler, *flags, *includes, "-c", *sources], folder.parent)
    assert done.returncode == 0, done.stderr


def _run(words: list[str], folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=folder, capture_output=True, text=True)


def _require(tool: str) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
