"""A network written by hand (adder/), its harness, and builders of images from them."""

import shutil
from collections.abc import Callable
from pathlib import Path

import jinja2
import numpy as np
import pytest

from tinycc.paths import TEMPLATES
from tinycc.target import load_target
from tinycc.toolchain.compile import Image, build_image

ADDER = Path(__file__).parent / "adder"
STRICT_C = ("-Wpedantic", "-Wconversion", "-Wshadow", "-Werror")


@pytest.fixture(scope="session")
def harness(tmp_path_factory) -> Path:
    """The harness for the adder."""
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((TEMPLATES / "harness.c.j2").read_text(encoding="utf-8"))
    inputs = [
        {"function": f"adder_input_{side}", "bytes_macro": f"ADDER_INPUT_{side.upper()}_BYTES"}
        for side in ("left", "right")
    ]
    outputs = [{"function": "adder_output", "bytes_macro": "ADDER_OUTPUT_BYTES"}]
    names = {"name": "adder", "NAME": "ADDER", "inputs": inputs, "outputs": outputs}
    arenas = [{"variable": "arena", "bytes_macro": "ADDER_ARENA_BYTES"}]
    path = tmp_path_factory.mktemp("harness") / "harness.c"
    path.write_text(template.render(names, arenas=arenas, held=inputs, passed=[]))
    return path


@pytest.fixture
def build(harness, tmp_path) -> Callable[..., Image]:
    """Builds the adder: `build(target, *defines)`; skips when the cross compiler is missing."""

    def build_adder(name: str, *defines: str, flags: tuple[str, ...] = STRICT_C) -> Image:
        target = load_target(name)
        needed = [] if target.is_native else [target.compiler.command, target.emulator.command]
        if not all(shutil.which(command) for command in needed):
            pytest.skip(f"{needed} are not installed")
        folder = tmp_path / "-".join((name, *defines))
        return build_image(
            target,
            [ADDER / "adder.c"],
            [ADDER],
            folder,
            harness=[harness],
            defines=defines,
            extra_flags=flags,
        )

    return build_adder


@pytest.fixture(scope="session")
def samples() -> tuple[list[bytes], bytes]:
    """Five samples of both inputs, and the output that is right for them."""
    random = np.random.default_rng(1)
    left, right = random.integers(-20, 20, (2, 5, 64), dtype=np.int8)
    wanted = ((left.astype(np.int64) + right) * 3 >> 1).astype(np.int8)
    return [left.tobytes(), right.tobytes()], wanted.tobytes()
