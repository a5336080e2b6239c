"""Calibration data: what is read, how little of it is held, and what is said when it is bad."""

from __future__ import annotations

import re
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from small_models import conv_net, samples

from tinycc import build
from tinycc.errors import ModelError
from tinycc.quantize.data import open_calibration
from tinycc.quantize.options import QuantizationOptions
from tinycc.quantize.quantizer import quantize_model

INPUTS = {"x": (1, 3, 8, 8)}


def _read(data: object) -> np.ndarray:
    calibration = open_calibration(data, INPUTS)  # type: ignore[arg-type]
    array = np.concatenate([batch["x"] for batch in calibration.batches(3)])
    assert len(array) == calibration.count
    return array[:, 0]


def test_files_folders_and_arrays_give_the_same_samples(tmp_path: Path) -> None:
    wanted = samples(7)
    np.save(tmp_path / "a.npy", wanted)
    np.savez(tmp_path / "a.npz", x=wanted, y=np.arange(7))
    np.savez_compressed(tmp_path / "named.npz", x=wanted.astype(np.float64))
    folder = tmp_path / "folder"
    folder.mkdir()
    for index, one in enumerate(wanted[:5]):
        np.save(folder / f"{index}.npy", one)
    np.save(folder / "rest.npy", wanted[5:])
    batches = wanted[:, np.newaxis]
    sources = [tmp_path / "a.npy", tmp_path / "a.npz", str(tmp_path / "named.npz")]
    for source in (*sources, folder, wanted, batches, {"x": wanted}):
        np.testing.assert_array_equal(_read(source), wanted)
    np.testing.assert_array_equal(_read(wanted[0]), wanted[:1])


def test_a_network_with_two_inputs_takes_arrays_by_name(tmp_path: Path) -> None:
    inputs = {"left": (1, 4), "right": (1, 2)}
    left, right = samples(5, (4,)), samples(5, (2,))
    np.savez(tmp_path / "two.npz", left=left, right=right)
    (batch,) = open_calibration(tmp_path / "two.npz", inputs).batches(8)
    np.testing.assert_array_equal(batch["right"][:, 0], right)
    with pytest.raises(ModelError, match="`left` has 5, `right` 3"):
        open_calibration({"left": left, "right": right[:3]}, inputs)
    with pytest.raises(ModelError, match="2 inputs"):
        open_calibration(left, inputs)
    with pytest.raises(ModelError, match="called `left`, `right`, there are `left`"):
        open_calibration({"left": left}, inputs)


def _bad_float() -> np.ndarray:
    array = samples(6)
    array[4, 1, 2, 3] = np.nan
    return array


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (samples(4, (3, 8, 9)), "shape 4x3x8x9, input `x` takes 1x3x8x8"),
        (np.zeros((4, 3, 8, 8), np.uint8), "are uint8: input `x` takes float32"),
        (np.zeros((4, 3, 8, 8), bool), "are bool"),
        (samples(0), "hold no sample"),
        (_bad_float(), "sample 4 holds NaN or infinite values"),
        (np.full((2, 3, 8, 8), 1e200), "sample 0 holds NaN or infinite values"),
    ],
    ids=("shape", "integers", "booleans", "empty", "nan", "beyond_float32"),
)
def test_bad_arrays_are_refused(array: np.ndarray, message: str, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(ModelError, match=re.escape(message)):
        _read(tmp_path / "x.npy")


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", samples(9))
    np.savez_compressed(tmp_path / "x.npz", x=samples(200))
    for name in ("x.npy", "x.npz"):
        data = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(data[: len(data) // 2])
        with pytest.raises(ModelError, match="cannot be read"):
            _read(tmp_path / name)
    (tmp_path / "text.npy").write_text("hello")
    np.save(tmp_path / "objects.npy", np.array([{}], object))
    (tmp_path / "empty").mkdir()
    for name, message in (
        ("text.npy", "cannot be read"),
        ("objects.npy", "cannot be read"),
        ("empty", "holds no .npy or .npz file"),
        ("none.npy", "there are no calibration data"),
    ):
        with pytest.raises(ModelError, match=message):
            _read(tmp_path / name)


def test_damage_in_the_middle_is_found_before_the_work_begins(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez_compressed(path, x=samples(500))
    with zipfile.ZipFile(path) as archive:
        start = archive.infolist()[0].header_offset
    data = bytearray(path.read_bytes())
    middle = start + len(data) // 2
    data[middle : middle + 64] = bytes(64)
    path.write_bytes(bytes(data))
    with pytest.raises(ModelError, match=r"cannot be read: .*(damaged|Error -3)"):
        open_calibration(path, INPUTS)


def test_memory_does_not_grow_with_the_number_of_samples(tmp_path: Path) -> None:
    model = conv_net(tmp_path)
    peaks = []
    for count in (2000, 10_000):
        np.savez(tmp_path / "x.npz", x=samples(count))
        tracemalloc.start()
        quantize_model(model, tmp_path / "x.npz", QuantizationOptions("mse"), {})
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]
    assert peaks[1] < 10_000 * 3 * 8 * 8 * 4  # less than the samples alone


def test_a_float_model_without_data_says_what_to_pass(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"--calibration samples\.npz"):
        build(conv_net(tmp_path))


def test_random_calibration_says_that_accuracy_is_meaningless(tmp_path: Path) -> None:
    network = build(conv_net(tmp_path), calibration="random")
    assert any("accuracy is meaningless" in note for note in network.report["notes"])
