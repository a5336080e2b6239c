"""Hostile, damaged and unsupported .tflite files: one clear error, never a traceback."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tflite_models import TfliteModel, layer, small_network

from tinycc.errors import TinyccError, UsageError
from tinycc.frontend import read_network
from tinycc.ir.graph import Graph

SEEDS = range(6)
DAMAGES_PER_SEED = 60


def _read(data: bytes, folder: Path) -> Graph:
    path = folder / "model.bin"  # the content counts, not the name
    path.write_bytes(data)
    return read_network(path)


def _edited(change: Callable[[TfliteModel], None]) -> bytes:
    model = small_network()
    change(model)
    return model.bytes()


def _retyped(index: int, **changes: object) -> Callable[[TfliteModel], None]:
    def change(m: TfliteModel) -> None:
        m.tensors[index] = replace(m.tensors[index], **changes)  # type: ignore[arg-type]

    return change


def _custom(m: TfliteModel) -> None:
    m.operators.insert(1, ("CUSTOM", [0], [len(m.tensors)], {}))
    y = m.tensor((1, 8, 8, 2), 0.1, 0)
    kind, inputs, outputs, options = m.operators[0]
    m.operators[0], m.operators[1] = m.operators[1], (kind, [y, *inputs[1:]], outputs, options)


def _loop(m: TfliteModel) -> None:
    kind, inputs, outputs, options = m.operators[0]
    later = m.operators[2][2][0]  # the sum, which depends on this convolution
    m.operators[0] = (kind, [later, *inputs[1:]], outputs, options)


def _made_twice(m: TfliteModel) -> None:
    m.operators.append(m.operators[0])


def _no_producer(m: TfliteModel) -> None:
    m.operators.pop(2)


def _wrong_index(m: TfliteModel) -> None:
    m.outputs = [4711]


def _version(m: TfliteModel) -> None:
    m.version = 7


def _batch(m: TfliteModel) -> None:
    m.tensors[0] = replace(m.tensors[0], shape=(4, 8, 8, 2))


def _other_shape(m: TfliteModel) -> None:
    place = m.operators[0][2][0]
    m.tensors[place] = replace(m.tensors[place], shape=(1, 5, 5, 6))


CASES: dict[str, tuple[Callable[[TfliteModel], None], str]] = {
    "custom operator": (_custom, "custom operator MyOperator is not supported"),
    "loop": (_loop, "the operators form a loop or are out of order"),
    "made twice": (_made_twice, "is made twice"),
    "no producer": (_no_producer, "nothing makes `t7`, which AVERAGE_POOL_2D needs"),
    "wrong index": (_wrong_index, "names tensor 4711 of 15"),
    "schema version": (_version, "schema version 7"),
    "batch": (_batch, "has a batch of 4 (4x8x8x2)"),
    "huge input": (_retyped(0, shape=(1, 2**30, 2**30, 2)), "impossible shape"),
    "negative size": (_retyped(0, shape=(1, -8, 8, 2)), "impossible shape"),
    "huge weights": (_retyped(1, shape=(2**30, 3, 3, 2)), "impossible shape"),
    "weights of another size": (_retyped(1, shape=(6, 3, 3, 1)), "has 108 bytes"),
    "16-bit input": (_retyped(0, element="int16"), "is int16"),
    "no scale": (_retyped(3, scale=()), "is int8 without one scale"),
    "scale of zero": (_retyped(3, scale=(0.0,)), "scale 0; scales must be finite"),
    "declared shape differs": (_other_shape, "is declared as 1x5x5x6, but the operator makes"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_bad_file_gives_one_clear_error(name: str, tmp_path: Path) -> None:
    change, text = CASES[name]
    with pytest.raises(TinyccError) as caught:
        _read(_edited(change), tmp_path)
    assert text in caught.value.render()
    assert len(caught.value.problems) == 1


def test_several_unsupported_operators_are_listed_at_once(tmp_path: Path) -> None:
    m = TfliteModel()
    x = m.input((1, 4), 0.1, 0)
    y, z = m.tensor((1, 4), 0.1, 0), m.tensor((1, 4), 0.1, 0)
    m.operator("LSTM", [x], y)
    m.operator("SVDF", [y], z)
    m.outputs = [z]
    with pytest.raises(TinyccError) as caught:
        _read(m.bytes(), tmp_path)
    assert [p.message.split("(")[1][:4] for p in caught.value.problems] == ["LSTM", "SVDF"]


@pytest.mark.parametrize(
    ("weights", "text"),
    [
        ("float32", "this is a float network"),
        ("float16", "this is a float16 network"),
        ("int8", "this is a dynamic-range (only its weights are int8) network"),
    ],
)
def test_a_network_that_computes_in_float_says_so(weights: str, text: str, tmp_path: Path) -> None:
    m = TfliteModel()
    x = m.input((1, 4), element="float32")
    w = m.constant(np.ones((3, 4)), weights, scale=0.1, zero=0)
    if weights == "float16":
        wide = m.tensor((3, 4), element="float32")
        m.operator("DEQUANTIZE", [w], wide)
        w = wide
    m.outputs = [m.tensor((1, 3), element="float32")]
    m.operator("FULLY_CONNECTED", [x, w, -1], m.outputs[0])
    with pytest.raises(TinyccError, match=re.escape(text)) as caught:
        _read(m.bytes(), tmp_path)
    assert len(caught.value.problems) == 1


def test_a_bias_may_name_the_axis_that_its_weights_have(tmp_path: Path) -> None:
    """Converters of 2020 (person_detect) give the one axis of a bias the number 3."""

    def network(axis: int) -> bytes:
        m = TfliteModel()
        rng = np.random.default_rng(0)
        x = m.input((1, 6, 6, 4), 0.05, 3)
        m.outputs = [layer(m, rng, "DEPTHWISE_CONV_2D", x, (1, 3, 3, 4), (1, 6, 6, 4))]
        bias = m.operators[0][1][2]
        m.tensors[bias] = replace(m.tensors[bias], axis=axis)
        return m.bytes()

    ours, plain = (_read(network(axis), tmp_path) for axis in (3, 0))
    (conv,) = (graph.tensors[name] for graph in (ours,) for name in ours.nodes[1].inputs[2:])
    assert conv.type == plain.tensors[conv.name].type


def test_shapes_are_fixed(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(small_network().bytes())
    assert read_network(path, {"image": (1, 8, 8, 2)}).inputs == ("image",)
    for shapes in ({"image": (1, 4, 4, 2)}, {"picture": (1, 8, 8, 2)}):
        with pytest.raises(UsageError):
            read_network(path, shapes)


def test_a_file_without_its_identifier_is_no_tflite_file(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(small_network().bytes()[8:])
    with pytest.raises(TinyccError, match=r"m\.tflite is not a TensorFlow Lite model"):
        read_network(path)


def test_offsets_that_point_anywhere_are_noticed(tmp_path: Path) -> None:
    """Every 32-bit word of a small file, replaced by values that hostile files use."""
    data = small_network().bytes()
    for place in range(0, len(data) - 4, 4):
        for value in (4, 0x7FFFFFFF, 0xFFFFFFFF):
            changed = bytearray(data)
            struct.pack_into("<I", changed, place, value)
            _outcome(bytes(changed), tmp_path)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_damaged_file_never_gives_a_traceback(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    data = small_network(seed).bytes()
    for _ in range(DAMAGES_PER_SEED):
        changed = bytearray(data[: int(rng.integers(1, len(data) + 1))])
        for _ in range(int(rng.integers(1, 9))):
            changed[int(rng.integers(0, len(changed)))] = int(rng.integers(0, 256))
        _outcome(bytes(changed), tmp_path)


def _outcome(data: bytes, folder: Path) -> None:
    """A graph or an error with a text; anything else fails the test."""
    try:
        _read(data, folder)
    except TinyccError as error:
        assert error.render()
