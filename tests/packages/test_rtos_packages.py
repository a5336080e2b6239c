"""The Zephyr module and the ESP-IDF component build in stand-ins for those build systems."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from packaged import ANSWER, need, run
from stubs import idf, zephyr

Packager = Callable[..., Path]


def _zephyr_app(sample: Path, tmp_path: Path, *options: str) -> str:
    need("cmake", "cc")
    place = zephyr(tmp_path / "zephyr")
    said = run("cmake", "-S", sample, "-B", tmp_path / "build", f"-DZephyr_DIR={place}", *options)
    run("cmake", "--build", tmp_path / "build")
    return said + run(tmp_path / "build" / "app")


def test_the_zephyr_sample_builds_and_runs(package: Packager, tmp_path: Path) -> None:
    folder = package("zephyr")
    said = _zephyr_app(folder / "samples" / "tinycc_m", tmp_path)
    assert "module tinycc_m: config TINYCC_M" in said
    assert said.endswith(f"m: {ANSWER}\n")
    sample = (folder / "samples" / "tinycc_m" / "sample.yaml").read_text()
    (pattern,) = re.findall(r'- "(.*)"', sample)
    assert re.search(pattern, said)


@pytest.mark.slow
def test_two_zephyr_modules_share_their_kernels(package: Packager, tmp_path: Path) -> None:
    first, second = package("zephyr"), package("zephyr", name="other")
    sample = first / "samples" / "tinycc_m"
    with (sample / "prj.conf").open("a") as settings:
        settings.write("CONFIG_TINYCC_OTHER=y\n")
    said = _zephyr_app(sample, tmp_path, f"-DEXTRA_ZEPHYR_MODULES={second}")
    assert "module tinycc_m" in said
    assert "module tinycc_other" in said
    assert said.endswith(f"m: {ANSWER}\n")


@pytest.mark.slow
def test_a_zephyr_module_that_is_off_builds_nothing(package: Packager, tmp_path: Path) -> None:
    need("cmake", "cc")
    folder = package("zephyr")
    sample = folder / "samples" / "tinycc_m"
    (sample / "prj.conf").write_text("CONFIG_OTHER=y\n")
    place = zephyr(tmp_path / "zephyr")
    run("cmake", "-S", sample, "-B", tmp_path / "build", f"-DZephyr_DIR={place}")
    assert "tinycc_m" not in run("cmake", "--build", tmp_path / "build", "--target", "help")


def _idf_app(folder: Path, tmp_path: Path, example: str) -> str:
    need("cmake", "cc")
    project = folder / "examples" / example
    place = idf(tmp_path / "idf")
    run("cmake", "-S", project, "-B", tmp_path / "build", IDF_PATH=place)
    run("cmake", "--build", tmp_path / "build")
    return run(tmp_path / "build" / "app")


@pytest.mark.parametrize(
    "memory", ["arena", *(pytest.param(m, marks=pytest.mark.slow) for m in ("pushed", "external"))]
)
def test_the_esp_idf_example_builds_and_runs(
    package: Packager, tmp_path: Path, memory: str
) -> None:
    folder = package("esp-idf", "host", memory)
    assert _idf_app(folder, tmp_path, "m_example") == f"m: {ANSWER}\n"


def test_the_esp_idf_component_names_the_chips_that_run_it(package: Packager) -> None:
    manifest = (package("esp-idf", "esp32c3") / "idf_component.yml").read_text()
    assert 'version: "1.2.3"\n' in manifest
    assert re.search(r"^targets: \[.*esp32c3.*\]$", manifest, re.MULTILINE)
    manifest = (package("esp-idf", "host", name="portable") / "idf_component.yml").read_text()
    assert "targets" not in manifest
