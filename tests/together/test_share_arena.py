"""Several networks in one firmware: one arena, and the bytes that each gives alone."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from golden_models import GOLDEN, HOSTILE, hostile
from random_networks import RandomNetwork

import tinycc
from tinycc.api.network import Network
from tinycc.cli import command_line
from tinycc.errors import DoesNotFitError, TinyccError, ToolError, UsageError
from tinycc.report.measure import random_sample
from tinycc.target import load_target
from tinycc.toolchain.compile import build_image
from tinycc.toolchain.run import OUTPUT, execute

# Each network in turn, on the one arena: inputs from the file, outputs to the file, twice.
PROGRAM = """
#include "{name}.h"
#include "tinycc_port.h"
static uint8_t arena[{NAME}_ARENA_BYTES] {NAME}_ALIGN;
int main(int argc, char **argv)
{{
    const int in = tinycc_port_open(argv[argc - 5], TINYCC_PORT_READ);
    const int out = tinycc_port_open(argv[argc - 4], TINYCC_PORT_WRITE);
    int failed = 0;
    {inits}
    for (int again = 0; again < 2; again++) {{
        failed |= tinycc_port_seek(in, 0);
        {turns}
    }}
    tinycc_port_close(out);
    return failed;
}}
"""


def _saved(folder: Path, *names: str) -> list[Path]:
    found = []
    for name in names:
        (folder / name).mkdir()
        path = GOLDEN[name]().save(folder / name)
        found.append(path.rename(folder / f"{name}.onnx"))
    return found


def _program(built: tinycc.Together) -> str:
    inits, turns = [], []
    for network in built.networks:
        model = network.compiled.code.model
        name = model.name
        inits.append(f"{name}_t {name} = {name}_init(arena);")
        for port in model.ports_in:
            place = f"{port.function}(&{name})"
            turns.append(f"failed |= tinycc_port_read(in, {place}, {port.bytes_macro});")
        turns.append(f"{name}_run(&{name});")
        for port in model.ports_out:
            place = f"{port.function}(&{name})"
            turns.append(f"failed |= tinycc_port_write(out, {place}, {port.bytes_macro});")
    return PROGRAM.format(
        name=built.name,
        NAME=built.name.upper(),
        inits="\n    ".join(inits),
        turns="\n        ".join(turns),
    )


def _alone(network: Network, sample: list[bytes]) -> bytes:
    graph = network.compiled.interface
    inputs = {
        name: np.frombuffer(data, graph.tensors[name].type.dtype.numpy).reshape(
            graph.tensors[name].type.shape
        )
        for name, data in zip(graph.inputs, sample, strict=True)
    }
    return b"".join(array.tobytes() for array in network.run(inputs).values())


def _assert_same_bytes_as_alone(built: tinycc.Together, folder: Path) -> None:
    built.write(folder / "built")
    program = folder / "program.c"
    program.write_text(_program(built))
    sources = [folder / "built" / path for path in built.code.sources]
    include = [folder / "built", folder / "built" / "tinycc"]
    image = build_image(built.target, sources, include, folder / "image", harness=[program])
    samples = [random_sample(network.compiled, 3) for network in built.networks]
    given = b"".join(b"".join(sample) for sample in samples)
    execute(image, folder, [given], 1, 1, 120.0)
    alone = [
        _alone(tinycc.build(m), s) for m, s in zip(_models(built, folder), samples, strict=True)
    ]
    assert (folder / OUTPUT).read_bytes() == 2 * b"".join(alone)


def _models(built: tinycc.Together, folder: Path) -> list[Path]:
    """The networks' own folders, which are models as well."""
    return [folder / "built" / network.compiled.name for network in built.networks]


@pytest.mark.qemu
@pytest.mark.parametrize("target", ["host", "cortex-m4"])
def test_networks_on_one_arena_give_the_bytes_of_each_alone(target: str, tmp_path: Path) -> None:
    built = tinycc.build_together(
        _saved(tmp_path, "audio", "unsigned_bytes", "branches"), target=target
    )
    try:
        _assert_same_bytes_as_alone(built, tmp_path)
    except ToolError as error:
        if "not installed" in error.render():
            pytest.skip(error.render())
        raise


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(900, 920))
def test_random_networks_on_one_arena(seed: int, tmp_path: Path) -> None:
    paths = {}
    for number in range(2):
        (tmp_path / str(number)).mkdir()
        layers = int(np.random.default_rng(seed + number).integers(1, 14))
        network = RandomNetwork(seed + 1000 * number).build(layers)
        paths[f"n{number}"] = network.save(tmp_path / str(number))
    built = tinycc.build_together(paths, optimize=("ram", "balanced")[seed % 2])
    _assert_same_bytes_as_alone(built, tmp_path)


def test_the_arena_is_the_largest_and_the_others_use_it_for_speed(tmp_path: Path) -> None:
    models = _saved(tmp_path, "branches", "classifier")
    alone = [tinycc.build(m, target="cortex-m4", optimize="ram") for m in models]
    built = tinycc.build_together(models, target="cortex-m4", optimize="ram")
    largest = max(one.report["memory"]["sram"]["arena"] for one in alone)
    sram = built.report["memory"]["sram"]
    assert sram["arena"] == largest
    for one, shared in zip(alone, built.report["models"], strict=True):
        assert shared["arena"] <= largest
        fewest = one.report["compute"]["instructions_predicted"]
        assert shared["instructions_predicted"] <= fewest
    stacks = [one.report["memory"]["sram"]["stack"] for one in alone]
    if sram["stack"] is not None:
        assert sram["stack"] <= max(stacks) + 64
        parts = ("arena", "state", "static", "stack")
        assert sram["total"] == sum(sram[part] for part in parts) < sram["apart"]


def test_the_folder_holds_each_kernel_once_and_builds(tmp_path: Path) -> None:
    models = _saved(tmp_path, "audio", "classifier")
    words = ["build", f"left={models[1]}", f"{models[1]}", f"{models[0]}", "--share-arena"]
    done = CliRunner().invoke(
        command_line, [*words, "--name", "all three", "-o", str(tmp_path / "out")]
    )
    assert done.exit_code == 0, done.output
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert [one["name"] for one in report["models"]] == ["left", "classifier", "audio"]
    for one in report["models"]:
        own = json.loads((tmp_path / "out" / one["report"]).read_text())
        assert own["model"]["name"] == one["name"]
    done = subprocess.run(["make", "-C", str(tmp_path / "out")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "liball_three.a").is_file()
    if shutil.which("cmake"):
        build = str(tmp_path / "cmake")
        for step in (["-S", str(tmp_path / "out"), "-B", build], ["--build", build]):
            assert subprocess.run(["cmake", *step], capture_output=True).returncode == 0


def test_the_header_is_a_header_for_c_and_cpp(tmp_path: Path) -> None:
    built = tinycc.build_together(_saved(tmp_path, "audio", "classifier"))
    built.write(tmp_path / "out")
    (tmp_path / "user.c").write_text(f'#include "{built.name}.h"\n')
    for compiler, language in (("gcc", "c"), ("g++", "c++")):
        words = [compiler, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-x", language]
        words += ["-fsyntax-only", f"-I{tmp_path / 'out'}", str(tmp_path / "user.c")]
        done = subprocess.run(words, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_several_memories_are_shared_one_by_one(tmp_path: Path) -> None:
    """A network that one memory holds lies in the memory where the others have an arena."""
    board = tmp_path / "two.toml"
    board.write_text(
        'extends = "cortex-m4"\ndescription = "two memories"\n'
        '[[memories]]\nname = "fast"\nkind = "sram"\naddress = 0x20000000\nbytes = 1700\n'
        '[[memories]]\nname = "slow"\nkind = "sram"\naddress = 0x21000000\nbytes = 65536\n'
        "cost = 3.0\n"
        '[[memories]]\nname = "flash"\nkind = "flash"\naddress = 0\nbytes = 1048576\n'
    )
    target = load_target(str(board))
    models = _saved(tmp_path, "audio", "branches")
    built = tinycc.build_together(models, target=str(board))
    used = {one.compiled.name: one.compiled.plan.sizes for one in built.networks}
    assert len(used["branches"]) == 2 and len(used["audio"]) == 1, used
    arenas = {arena.region: arena.bytes for arena in built.code.together.arenas}
    assert set(arenas) == {ram.name for ram in target.rams}
    assert arenas["fast"] == max(used["branches"]["fast"], *used["audio"].values())
    assert "audio_init(arena_fast)" in built.code.texts[f"{built.name}.h"]


@pytest.mark.parametrize("name", list(HOSTILE)[:2])
def test_hostile_models_share_an_arena(name: str, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    paths = {"one": hostile(name).save(tmp_path / "one"), "two": hostile(name).save(tmp_path)}
    _assert_same_bytes_as_alone(tinycc.build_together(paths), tmp_path)


def test_equal_names_are_refused_with_what_to_pass(tmp_path: Path) -> None:
    model = _saved(tmp_path, "classifier")[0]
    with pytest.raises(UsageError, match=r"two models are called `classifier`") as found:
        tinycc.build_together([model, model])
    assert "left=a/kws.onnx" in found.value.render()
    for pair in ({"same": model, "Same": model}, {"a b": model, "a-b": model}):
        with pytest.raises(UsageError, match="two models are called"):
            tinycc.build_together(pair)


def test_names_that_meet_in_files_or_in_c_are_refused(tmp_path: Path) -> None:
    model = _saved(tmp_path, "classifier")[0]
    with pytest.raises(UsageError, match=r"both define kws_data\.h"):
        tinycc.build_together({"kws": model, "kws_data": model})
    with pytest.raises(UsageError, match="name of one of the models"):
        tinycc.build_together({"kws": model, "vww": model}, name="kws")
    tinycc.build_together({"kws": model, "kws_small": model})


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["{0}", "{1}"], "--share-arena"),
        (["{0}", "--share-arena"], "no other to share"),
        (["{0}", "{1}", "--share-arena", "--calibration", "random"], "tinycc quantize"),
        (["{0}", "none.onnx", "--share-arena"], "none.onnx"),
        (["{0}", "=none.onnx", "--share-arena"], "none.onnx"),
        (["{0}", "{1}", "--share-arena", "-o", "{0}"], "not a folder"),
    ],
)
def test_bad_command_lines_say_what_to_do(words: list[str], text: str, tmp_path: Path) -> None:
    models = _saved(tmp_path, "audio", "classifier")
    before = sorted(tmp_path.iterdir())
    given = [word.format(*models) for word in words]
    done = CliRunner().invoke(command_line, ["build", *given])
    assert isinstance(done.exception, TinyccError), done.output
    assert text in done.exception.render()
    assert sorted(tmp_path.iterdir()) == before


def test_a_budget_is_for_all_together(tmp_path: Path) -> None:
    models = _saved(tmp_path, "audio", "classifier")
    with pytest.raises(DoesNotFitError, match=r"of flash needed, 1,000 available \(--flash\)"):
        tinycc.build_together(models, target="cortex-m4", flash=1000)
