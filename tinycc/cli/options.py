"""The options that build, analyze, run, verify and bench share, and their types."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from tinycc.pipeline import OPTIONAL, PASSES, WEIGHTS, Options
from tinycc.quantize.data import RANDOM
from tinycc.quantize.options import AUTO, EFFORTS, OBSERVER_NAMES, QuantizationOptions
from tinycc.quantize.quantizer import RANDOM_WARNING
from tinycc.schedule.inputs import MEMORIES
from tinycc.target import NATIVE, list_targets

Command = TypeVar("Command", bound=Callable[..., Any])

SIZE_UNITS = {"": 1, "K": 1024, "KB": 1000, "KIB": 1024, "M": 1024**2, "MB": 10**6, "MIB": 1024**2}


class Size(click.ParamType[int]):
    """Bytes: 65536, 64K (= 64 KiB), 64kB (= 64,000), 1M."""

    name = "size"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        """The number of bytes; a usage error for anything that is not a positive size."""
        match = re.fullmatch(r"(\d+)\s*([A-Za-z]*)", str(value))
        unit = SIZE_UNITS.get(match[2].upper()) if match else None
        if match is None or unit is None or int(match[1]) == 0:
            self.fail(f"{value!r} is not a size; write 65536, 64K or 64kB", param, ctx)
        return int(match[1]) * unit


class Shape(click.ParamType[tuple[str, tuple[int, ...]]]):
    """NAME=1x49x10x1."""

    name = "shape"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, tuple[int, ...]]:
        """The input's name and its shape."""
        name, _, text = str(value).rpartition("=")
        if not name or not re.fullmatch(r"[1-9]\d{0,8}(x[1-9]\d{0,8})*", text):
            self.fail(f"{value!r} is not NAME=1x49x10x1", param, ctx)
        return name, tuple(int(extent) for extent in text.split("x"))


class InputRange(click.ParamType[tuple[str, tuple[tuple[float, float], ...]]]):
    """NAME=lo:hi, or one lo:hi per channel, separated by commas."""

    name = "range"

    def convert(
        self, value: Any, param: Any, ctx: Any
    ) -> tuple[str, tuple[tuple[float, float], ...]]:
        """The input's name and its ranges."""
        name, _, text = str(value).rpartition("=")
        try:
            pairs = [[float(end) for end in part.split(":")] for part in text.split(",")]
            ranges = tuple((low, high) for low, high in pairs)
        except ValueError:
            self.fail(f"{value!r} is not NAME=lo:hi", param, ctx)
        if not name or any(math.isnan(end) for pair in ranges for end in pair):
            self.fail(f"{value!r} is not NAME=lo:hi", param, ctx)
        return name, ranges


class Factor(click.ParamType[float]):
    """A finite number, 1 or more."""

    name = "factor"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        """The number."""
        try:
            found = float(value)
        except ValueError:
            found = math.nan
        if not 1 <= found < math.inf:
            self.fail(f"{value!r} is not a factor of 1 or more, such as 1.1", param, ctx)
        return found


class Named(click.ParamType[tuple[str | None, Path]]):
    """[NAME=]FILE."""

    name = "file"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str | None, Path]:
        """The name, if given, and the path; a file whose name holds `=` is taken as is."""
        text = str(value)
        if Path(text).exists() or "=" not in text:
            return None, Path(text)
        name, _, path = text.partition("=")
        return name, Path(path)


def _targets(context: click.Context, option: click.Parameter, begun: str) -> list[str]:
    """The targets that a shell may complete to."""
    return [name for name in (*list_targets(), NATIVE) if name.startswith(begun)]


_MODEL = click.argument("model", type=click.Path(path_type=Path))
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
_MODELS = click.argument("models", type=Named(), nargs=-1, required=True, metavar="MODEL...")
_SHAPE = click.option(
    "--shape",
    "shapes",
    type=Shape(),
    multiple=True,
    metavar="NAME=1x49x10x1",
    help="The shape of an input, where the model leaves it open. Repeatable.",
)
_CALIBRATION = (
    click.option(
        "--calibration",
        metavar="D",
        help="Samples for a float model: .npz, .npy, a folder of them, or `random`.",
    ),
    click.option(
        "--preprocess",
        metavar="FORMULA",
        help="What samples become before the network sees them: 'x / 255', '(x - 83) * 0.585'.",
    ),
    click.option(
        "--quantize",
        "effort",
        type=click.Choice(EFFORTS),
        default=EFFORTS[0],
        show_default=True,
        help="How a float model is quantised; `best` also learns the rounding of weights.",
    ),
    click.option(
        "--observer",
        type=click.Choice(OBSERVER_NAMES),
        default=AUTO,
        show_default=True,
        help="How ranges of activations are found; `auto` takes the best for each tensor.",
    ),
)
_COMPILATION = (
    click.option(
        "--target",
        default="host",
        show_default=True,
        shell_complete=_targets,
        help="See `tinycc targets`; `native`: the fastest for this machine.",
    ),
    click.option(
        "--cc",
        metavar="COMMAND",
        help="C compiler with its flags, in place of the target's: 'python -m ziglang cc'.",
    ),
    click.option("--name", help="Prefix of the C names; from the model's file name by default."),
    click.option(
        "--io",
        type=click.Choice(["int", "float"]),
        default="int",
        show_default=True,
        help="The C interface takes the integer tensors, or float where the model does.",
    ),
    _SHAPE,
    *_CALIBRATION,
    click.option(
        "--input-range",
        "input_ranges",
        type=InputRange(),
        multiple=True,
        metavar="NAME=lo:hi[,lo:hi...]",
        help="A promise about an input's values (or each channel's), to prove more. Repeatable.",
    ),
    click.option(
        "--head",
        type=click.Choice(["argmax"]),
        help="Only the largest output matters: a final Softmax is not computed.",
    ),
    click.option(
        "--optimize",
        type=click.Choice(["ram", "balanced", "speed"]),
        default="balanced",
        show_default=True,
        help="The smallest arena; the smallest predicted to cost at most 3 % more; the fastest.",
    ),
    click.option(
        "--input-memory",
        type=click.Choice(MEMORIES),
        help="In the arena (default); handed over row by row; in memory of the caller, only read.",
    ),
    click.option(
        "--weights",
        type=click.Choice(WEIGHTS),
        help="In the code (default); a file of their own, to be swapped without new code.",
    ),
    click.option(
        "--recompute",
        type=Factor(),
        default="1",
        show_default=True,
        help="Multiply-accumulates that may be executed for a smaller arena: 1.1 is 10 % more.",
    ),
    click.option("--ram", type=Size(), metavar="SIZE", help="SRAM budget, such as 64K."),
    click.option(
        "--flash",
        type=Size(),
        metavar="SIZE",
        help="Flash budget, such as 256K; speed spends what is left on wider weights.",
    ),
    click.option(
        "--without",
        type=click.Choice(sorted(OPTIONAL)),
        multiple=True,
        help="Leave out an optimisation. Repeatable.",
    ),
    click.option(
        "--dump-after",
        type=click.Choice(list(dict.fromkeys(one.__name__ for one in PASSES))),
        multiple=True,
        help="Print the network after a pass. Repeatable.",
    ),
    AS_JSON,
)


def compilation(command: Command) -> Command:
    """Adds MODEL and the shared options to a command."""
    return _with((_MODEL, *_COMPILATION), command)


def compilation_of_several(command: Command) -> Command:
    """The same for a command that takes several models, each with a name or without."""
    return _with((_MODELS, *_COMPILATION), command)


def _with(options: Sequence[Callable[[Command], Command]], command: Command) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def quantization_only(command: Command) -> Command:
    """Adds the options of a quantisation alone."""
    return _with((_MODEL, _SHAPE, *_CALIBRATION, AS_JSON), command)


def calibration_of(arguments: dict[str, Any]) -> tuple[str | None, QuantizationOptions]:
    """The calibration data and the quantisation's options, which are taken out."""
    data = arguments.pop("calibration")
    if data == RANDOM:
        click.echo(RANDOM_WARNING, err=True)
    options = (arguments.pop(name) for name in ("observer", "effort", "preprocess"))
    return data, QuantizationOptions(*options)


def options_of(arguments: dict[str, Any]) -> Options:
    """The Options of a command's arguments, which are taken out."""
    calibration, quantization = calibration_of(arguments)
    return Options(
        target=arguments.pop("target"),
        cc=arguments.pop("cc"),
        name=arguments.pop("name"),
        io=arguments.pop("io"),
        shapes=dict(arguments.pop("shapes")),
        without=arguments.pop("without"),
        ram=arguments.pop("ram"),
        flash=arguments.pop("flash"),
        dump_after=arguments.pop("dump_after"),
        optimize=arguments.pop("optimize"),
        input_memory=arguments.pop("input_memory"),
        weights=arguments.pop("weights"),
        recompute=arguments.pop("recompute"),
        head=arguments.pop("head"),
        input_ranges=dict(arguments.pop("input_ranges")),
        calibration=calibration,
        quantization=quantization,
    )
