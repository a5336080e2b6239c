"""The command line: a thin layer over tinycc.api."""

from __future__ import annotations

import io
import sys
import tempfile
import traceback
from collections.abc import Sequence
from dataclasses import asdict

import click

from tinycc import __version__
from tinycc.cli import commands, lists
from tinycc.cli.completion import completion
from tinycc.cli.diff import diff
from tinycc.cli.output import print_json
from tinycc.cli.quantize import quantize
from tinycc.cli.report import report
from tinycc.errors import InternalError, Problem, TinyccError


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
    report,
    quantize,
    diff,
    lists.targets,
    lists.operators,
    lists.doctor,
    completion,
):
    command_line.add_command(_command)


def main() -> None:
    """The entry point: every known error is a message and an exit code, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may lack letters that names have
            stream.reconfigure(errors="backslashreplace")
    try:
        command_line(prog_name="tinycc", standalone_mode=False)
    except InternalError as error:
        _stop_for_bug(error)
    except TinyccError as error:
        _stop(error.render(), error.problems, error.exit_code)
    except click.Abort:
        _stop("aborted", [Problem("aborted")], 1)
    except click.ClickException as error:
        error.show()
        _print_errors([Problem(error.format_message())], 2)
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
    _stop(f"{error.render()}\nhint: {asking}", error.problems, error.exit_code)


def _stop(text: str, problems: Sequence[Problem], code: int) -> None:
    click.echo(text, err=True)
    _print_errors(problems, code)
    sys.exit(code)


def _print_errors(problems: Sequence[Problem], code: int) -> None:
    """With --json a failed command, too, leaves one document on stdout."""
    if "--json" in sys.argv[1:]:
        print_json({"errors": [asdict(problem) for problem in problems], "exit_code": code})
