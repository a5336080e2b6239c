"""The command line: a thin layer over tinycc.api."""

from __future__ import annotations

import sys
import tempfile
import traceback

import click

from tinycc import __version__
from tinycc.cli import commands
from tinycc.cli.quantize import quantize
from tinycc.errors import InternalError, TinyccError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tinycc")
def command_line() -> None:
    """Compile quantised neural networks into plain C for microcontrollers.

    Exit codes: 0 done, 1 the model or the data, 2 usage, 3 a bug of tinycc.
    """


for _command in (
    commands.build,
    commands.analyze,
    commands.run,
    commands.verify,
    commands.bench,
    quantize,
    commands.targets,
    commands.operators,
    commands.doctor,
):
    command_line.add_command(_command)


def main() -> None:
    """The entry point: every known error is a message and an exit code, never a traceback."""
    try:
        command_line(prog_name="tinycc", standalone_mode=False)
    except InternalError as error:
        _stop_for_bug(error)
    except TinyccError as error:
        _stop(error.render(), error.exit_code)
    except click.Abort:
        _stop("aborted", 1)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(1)
    except Exception as error:
        trace = "".join(traceback.format_exception(error))
        _stop_for_bug(InternalError(f"{type(error).__name__}: {error}", dump=trace))


def _stop_for_bug(error: InternalError) -> None:
    """Saves what we need to look at, and asks for it."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="tinycc-bug-", suffix=".txt", delete=False
    ) as file:
        call = f"tinycc {__version__}: {' '.join(sys.argv[1:])}"
        file.write(f"{call}\n{error.render()}\n{error.dump}")
    asking = f"this is a bug of tinycc; please report it with the file {file.name}"
    _stop(f"{error.render()}\nhint: {asking}", error.exit_code)


def _stop(text: str, code: int) -> None:
    click.echo(text, err=True)
    sys.exit(code)
