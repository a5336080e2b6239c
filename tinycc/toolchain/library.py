"""A network's C as a shared library inside this process: nothing starts, nothing is written."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tinycc.errors import InternalError, ToolError
from tinycc.target import Target
from tinycc.toolchain.compile import Image, build_image
from tinycc.toolchain.run import RunResult, check_machine, failure, gathered, interleaved

_PORT = "host/memory.c"
_REPORT_BYTES = 1024


class Library:
    """A native program with its harness, loaded; one run at a time, from any thread."""

    def __init__(self, image: Image) -> None:
        self._image, self._lock = image, threading.Lock()
        try:
            self._simulate = ctypes.CDLL(str(image.elf)).tinycc_simulate
        except OSError as error:
            raise ToolError(f"cannot load the compiled network: {error}") from error
        data = (ctypes.c_char_p, ctypes.c_size_t)
        self._simulate.argtypes = [*data, *data, *data, ctypes.c_char_p]

    def run(self, inputs: Sequence[bytes], samples: int, output_sizes: Sequence[int]) -> RunResult:
        """As run_image; memory that is written beside an arena is an error, a crash is one too."""
        given = interleaved(inputs, samples)
        output = ctypes.create_string_buffer(max(1, samples * sum(output_sizes)))
        report = ctypes.create_string_buffer(_REPORT_BYTES)
        count = str(samples).encode()
        sizes = len(given), samples * sum(output_sizes), _REPORT_BYTES
        with self._lock:
            code = self._simulate(given, sizes[0], output, sizes[1], report, sizes[2], count)
        if code != 0:
            raise failure(self._image, code, "")
        text = report.value.decode("ascii")
        return gathered(self._image, output.raw[: sizes[1]], text, samples, output_sizes)


def build_library(
    target: Target, sources: Sequence[Path], include: Sequence[Path], out_dir: Path, harness: Path
) -> Library:
    """The library of a native target; ToolError where its compiler is missing or fails."""
    if not target.is_native:
        raise InternalError(f"{target.name} is not this machine")
    check_machine(target)
    # Hidden: the harness's main must not be taken for that of the program that loads it.
    flags = (*target.compiler.flags, "-fPIC", "-fvisibility=hidden")
    links = (*target.compiler.link_flags, "-shared")
    compiler = replace(target.compiler, flags=flags, link_flags=links, support=(_PORT,))
    shared = replace(target, compiler=compiler)
    return Library(build_image(shared, sources, include, out_dir, harness=[harness]))
