"""The command line: a thin layer over tinycc.api."""

from __future__ import annotations

import sys

import click

from tinycc import __version__
from tinycc.cli import commands
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
    commands.targets,
    commands.operators,
    commands.doctor,
):
    command_line.add_command(_command)


def main() -> None:
    """The entry point: every known error is a message and an exit code, never a traceback."""
    try:
        command_line(standalone_mode=False)
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
        bug = InternalError(
            f"{type(error).__name__}: {error}",
            _raised_at(error),
            "this is a bug of tinycc; please report it with the model, if you can share it",
        )
        _stop(bug.render(), bug.exit_code)


def _raised_at(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_qualname}, line {trace.tb_lineno}" if trace else ""


def _stop(text: str, code: int) -> None:
    click.echo(text, err=True)
    sys.exit(code)
