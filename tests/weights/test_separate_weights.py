"""Weights in a file of their own: swapped without new code, refused when they are not right."""

from __future__ import annotations

import struct
import subprocess
import zlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from golden_models import GOLDEN
from onnx import numpy_helper
from random_networks import RandomNetwork

import tinycc
from tinycc.api.network import Network
from tinycc.cli import command_line
from tinycc.errors import ToolError, UsageError
from tinycc.report.measure import random_sample
from tinycc.toolchain.compile import build_image
from tinycc.toolchain.run import OUTPUT, execute

DIGITS = Path(__file__).parents[2] / "examples" / "digits" / "digits.onnx"
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
OK, MISALIGNED, TRUNCATED, FOREIGN, FORMAT, LAYOUT, DAMAGED = range(7)

# A file of weights after the other: how far from an aligned address, how many bytes, the bytes.
# Of each what set_weights says, and what an inference gives then.
PROGRAM = """
#include "{name}.h"
#include "tinycc_port.h"
static uint8_t arena[{NAME}_ARENA_BYTES] {NAME}_ALIGN;
static uint8_t sample[{NAME}_INPUT_BYTES];
static uint8_t room[2][{room}] __attribute__((aligned(8)));
int main(int argc, char **argv)
{{
    const int in = tinycc_port_open(argv[argc - 5], TINYCC_PORT_READ);
    const int out = tinycc_port_open(argv[argc - 4], TINYCC_PORT_WRITE);
    int failed = tinycc_port_read(in, sample, sizeof sample);
    uint32_t header[2];
    int place = 0;
    {name}_t net = {name}_init(arena);
    if ({name}_input_scale() != 0.0f || {name}_output_zero_point() != 0) {{
        return 1;
    }}
    {name}_run(&net); /* without weights: returns */
    while (tinycc_port_read(in, header, sizeof header) == 0 && header[1] != 0xffffffffu) {{
        uint8_t *const file = room[place] + header[0];
        failed |= tinycc_port_read(in, file, header[1]);
        const int32_t code = {name}_set_weights(file, header[1]);
        const float scale = {NAME}_OUTPUT_SCALE;
        const int32_t zero = {NAME}_OUTPUT_ZERO_POINT;
        place ^= code == {NAME}_WEIGHTS_OK; /* those in use stay where they are */
        for (uint32_t i = 0; i < sizeof sample; i++) {{
            ((uint8_t *){name}_input(&net))[i] = sample[i];
        }}
        {name}_run(&net);
        failed |= tinycc_port_write(out, &code, 4) | tinycc_port_write(out, &scale, 4);
        failed |= tinycc_port_write(out, &zero, 4);
        failed |= tinycc_port_write(out, {name}_output(&net), {NAME}_OUTPUT_BYTES);
    }}
    tinycc_port_close(out);
    return failed;
}}
"""


def retrained(path: Path, folder: Path, seed: int = 5) -> Path:
    """The model with other weights, biases and scales, as another training would leave it."""
    rng, model = np.random.default_rng(seed), onnx.load(path)
    kinds = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    factors = {}
    for node in model.graph.node:
        if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            kind = kinds.get(node.input[0]) if node.op_type == "DequantizeLinear" else None
            # A bias counts in steps of input and weight.
            found = {onnx.TensorProto.INT8: 0.93, onnx.TensorProto.INT32: 1.07 * 0.93}
            factors[node.input[1]] = found.get(kind or 0, 1.07)
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.name in factors:
            values = (values * np.float64(factors[tensor.name])).astype(np.float32)
        elif values.dtype in (np.int8, np.int32) and values.size > 1:
            values = rng.permutation(values.reshape(-1)).reshape(values.shape)
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    folder.mkdir(exist_ok=True)
    onnx.save(model, folder / "retrained.onnx")
    return folder / "retrained.onnx"


def _file(network: Network) -> bytes:
    (found,) = network.compiled.code.binaries.values()
    return found


def _tried(
    network: Network, sample: bytes, files: list[tuple[int, bytes]], folder: Path
) -> list[tuple[int, float, int, bytes]]:
    """Of each file at its distance: the code, the output's scale and zero point, the output."""
    name = network.compiled.name
    network.write(folder / "built")
    program = folder / "program.c"
    room = (len(_file(network)) + 64) & -8
    program.write_text(PROGRAM.format(name=name, NAME=name.upper(), room=room))
    sources = [
        folder / "built" / path
        for path in network.compiled.code.sources
        if not path.endswith("_weights.c") or path.startswith("tinycc/")
    ]
    include = [folder / "built", folder / "built" / "tinycc"]
    target = network.compiled.target
    image = build_image(target, sources, include, folder / "image", harness=[program])
    data = sample + b"".join(struct.pack("<II", at, len(file)) + file for at, file in files)
    execute(image, folder, [data + b"\xff" * 8], 1, 1, 120.0)
    size = network.interface.tensors[network.interface.outputs[0]].type.bytes
    written = (folder / OUTPUT).read_bytes()
    assert len(written) == len(files) * (12 + size)
    return [struct.unpack_from(f"<ifi{size}s", written, i * (12 + size)) for i in range(len(files))]


def _expected(path: Path, sample: bytes) -> tuple[float, int, bytes]:
    """What the network gives whose weights lie in the code."""
    network = tinycc.build(path)
    (name,), (out,) = network.interface.inputs, network.interface.outputs
    source, type_ = network.interface.tensors[name].type, network.interface.tensors[out].type
    given = np.frombuffer(sample, source.dtype.numpy).reshape(source.shape)
    scale = float(np.float32(float(type_.scale)))
    return scale, type_.zero_point, network.run(given)[out].tobytes()


def _with_crc(file: bytes) -> bytes:
    return file[:12] + struct.pack("<I", zlib.crc32(file[16:])) + file[16:]


@pytest.mark.qemu
@pytest.mark.parametrize(
    ("target", "optimize"), [("host", "ram"), ("cortex-m4", "balanced"), ("cortex-m0", "ram")]
)
def test_weights_of_another_training_are_swapped_in_and_wrong_ones_refused(
    target: str, optimize: str, tmp_path: Path
) -> None:
    other = retrained(DIGITS, tmp_path / "other")
    first = tinycc.build(DIGITS, target=target, optimize=optimize, weights="separate")
    second = tinycc.build(other, target=target, optimize=optimize, weights="separate")
    one, two = _file(first), _file(second)
    assert len(one) == len(two) and one[32:] != two[32:] and one[16:24] == two[16:24]
    flipped = bytearray(two)
    flipped[len(two) // 2] ^= 4
    files = [
        (OK, 0, one),
        (OK, 8, two),
        (DAMAGED, 0, bytes(flipped)),
        (DAMAGED, 0, two[:40] + b"\xff" * (len(two) - 40)),  # half a file, then erased flash
        (DAMAGED, 0, two[:8] + struct.pack("<I", 1 << 31) + two[12:]),
        (TRUNCATED, 0, two[:-4]),
        (TRUNCATED, 0, two[:31]),
        (TRUNCATED, 0, b""),
        (MISALIGNED, 4, two),
        (MISALIGNED, 1, two),
        (FOREIGN, 0, b"\x7fELF" + two[4:]),
        (FOREIGN, 0, b"\xff" * len(two)),
        (FORMAT, 0, two[:4] + struct.pack("<I", 2) + two[8:]),
        (LAYOUT, 0, _with_crc(two[:16] + b"\x01" + two[17:])),
        (OK, 0, one + b"behind"),
        (OK, 16, two),
    ]
    sample = random_sample(first.compiled, 2)[0]
    try:
        results = _tried(first, sample, [(at, file) for _, at, file in files], tmp_path)
    except ToolError as error:
        if "not installed" in error.render():
            pytest.skip(error.render())
        raise
    results_one, results_two = _expected(DIGITS, sample), _expected(other, sample)
    assert results_one != results_two
    in_use = None
    for (code, _, file), (found, *values) in zip(files, results, strict=True):
        assert found == code, file[:32]
        if code == OK:
            in_use = results_two if file[32:] == two[32:] else results_one
        assert tuple(values) == in_use


def _networks(folder: Path) -> list[Path]:
    found = []
    for seed in range(2):
        (folder / str(seed)).mkdir()
        layers = int(np.random.default_rng(seed).integers(2, 14))
        found.append(RandomNetwork(700 + seed).build(layers).save(folder / str(seed)))
    return found


@pytest.mark.parametrize("optimize", ["ram", "speed"])
def test_separate_weights_give_the_same_bytes(optimize: str, tmp_path: Path) -> None:
    models = _networks(tmp_path)
    for name in ("audio", "branches"):
        (tmp_path / name).mkdir()
        models.append(GOLDEN[name]().save(tmp_path / name))
    for number, path in enumerate(models):
        memory = ("arena", "pushed", "external")[number % 3]
        options = {"optimize": optimize, "input_memory": memory}
        plain = tinycc.build(path, **options)  # type: ignore[arg-type]
        apart = tinycc.build(path, **options, weights="separate")  # type: ignore[arg-type]
        types = [plain.interface.tensors[name].type for name in plain.interface.inputs]
        inputs = {
            name: np.frombuffer(data, type_.dtype.numpy).reshape(type_.shape)
            for name, type_, data in zip(
                plain.interface.inputs, types, random_sample(plain.compiled), strict=True
            )
        }
        wanted, found = plain.run(inputs), apart.run(inputs)
        for name, values in wanted.items():
            np.testing.assert_array_equal(found[name], values, err_msg=str(path))
        whole = tinycc.build(path, **options, without=("reduce",))  # type: ignore[arg-type]
        assert apart.compiled.plan.arena_bytes == whole.compiled.plan.arena_bytes
        _compiles_without_warnings(apart, tmp_path / f"strict{number}")


def _compiles_without_warnings(network: Network, folder: Path) -> None:
    network.write(folder)
    name = network.compiled.name
    for file in (f"{name}.c", f"{name}_weights.c", "tinycc/tinycc_weights.c"):
        words = ["gcc", "-std=c99", "-fsyntax-only", *STRICT, f"-I{folder}", f"-I{folder}/tinycc"]
        done = subprocess.run([*words, str(folder / file)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1100, 1140))
def test_separate_weights_of_random_networks(seed: int, tmp_path: Path) -> None:
    layers = int(np.random.default_rng(seed).integers(1, 16))
    path = RandomNetwork(seed).build(layers).save(tmp_path)
    plain = tinycc.build(path, optimize=("ram", "speed")[seed % 2])
    apart = tinycc.build(path, optimize=("ram", "speed")[seed % 2], weights="separate")
    inputs = {
        name: np.frombuffer(data, type_.dtype.numpy).reshape(type_.shape)
        for name, data in zip(plain.interface.inputs, random_sample(plain.compiled), strict=True)
        for type_ in (plain.interface.tensors[name].type,)
    }
    wanted = plain.run(inputs)
    for name, values in apart.run(inputs).items():
        np.testing.assert_array_equal(values, wanted[name], err_msg=f"seed {seed}")


def test_names_do_not_make_another_layout_but_shapes_do(tmp_path: Path) -> None:
    def mark(path: Path, **options: object) -> bytes:
        return _file(tinycc.build(path, weights="separate", **options))[16:24]  # type: ignore[arg-type]

    renamed = onnx.load(DIGITS)
    for node in renamed.graph.node:
        node.name = f"another {node.name} */"
        node.input[:] = [f"t.{name}" for name in node.input]
        node.output[:] = [f"t.{name}" for name in node.output]
    for tensor in (*renamed.graph.initializer, *renamed.graph.input, *renamed.graph.output):
        tensor.name = f"t.{tensor.name}"
    for value in renamed.graph.value_info:
        value.name = f"t.{value.name}"
    onnx.save(renamed, tmp_path / "renamed.onnx")
    assert mark(tmp_path / "renamed.onnx") == mark(DIGITS)
    assert mark(DIGITS, name="kws") == mark(DIGITS)
    assert mark(DIGITS, target="cortex-m4") != mark(DIGITS)
    assert mark(DIGITS, optimize="ram") != mark(DIGITS, optimize="speed")
    assert mark(DIGITS, input_memory="pushed") != mark(DIGITS)


def test_the_folder_has_both_forms_and_opens_again(tmp_path: Path) -> None:
    words = ["build", str(DIGITS), "--weights", "separate", "-o", str(tmp_path / "out")]
    done = CliRunner().invoke(command_line, words)
    assert done.exit_code == 0, done.output
    file = (tmp_path / "out" / "digits_weights.bin").read_bytes()
    image = (tmp_path / "out" / "digits_weights.c").read_text()
    assert image.count("0x") == len(file) // 4
    loaded, again = tinycc.load(tmp_path / "out"), tinycc.build(tmp_path / "out")
    assert _file(again) == file
    sample = np.zeros((1, 1, 8, 8), np.int8)
    assert (loaded.run(sample)["scores"] == again.run(sample)["scores"]).all()


def test_networks_that_share_an_arena_may_have_files_each(tmp_path: Path) -> None:
    built = tinycc.build_together(
        {"one": DIGITS, "two": DIGITS}, weights="separate", target="cortex-m4"
    )
    built.write(tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").glob("*.bin")} == {
        "one_weights.bin",
        "two_weights.bin",
    }
    assert built.report["memory"]["flash"]["weights"] > 14_000


def test_weights_of_constant_channels_leave_the_layers_as_they_are(tmp_path: Path) -> None:
    """What one training leaves at 0 another does not: nothing is proved away."""
    model = onnx.load(DIGITS)
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor).copy()
        if values.dtype == np.int8 and values.ndim == 4:
            values[: len(values) // 2] = 0
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    onnx.save(model, tmp_path / "dead.onnx")
    dead = tinycc.build(tmp_path / "dead.onnx", weights="separate")
    assert _file(dead)[16:24] == _file(tinycc.build(DIGITS, weights="separate"))[16:24]
    tinycc.build(DIGITS).write(tmp_path / "out")
    with pytest.raises(UsageError, match="reduced by its weights"):
        tinycc.build(tmp_path / "out", weights="separate")


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(UsageError, match="--weights elsewhere: weights cannot lie there"):
        tinycc.build(DIGITS, weights="elsewhere")
    with pytest.raises(UsageError, match="a package's weights lie in its code"):
        tinycc.build(DIGITS, weights="separate").write("/nowhere", package="cmake")
