"""`tinycc report`: report.html again, from the report.json of a folder."""

from __future__ import annotations

from pathlib import Path

import click

from tinycc.cli.options import AS_JSON
from tinycc.cli.output import print_json, print_summary, say
from tinycc.cli.saving import check_folder, save_bytes
from tinycc.report.page import PAGE, page
from tinycc.report.stored import read_report


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write; by default report.html in the folder, or beside the file.",
)
@AS_JSON
def report(folder: Path, output: Path | None, as_json: bool) -> None:
    """Draw report.html from FOLDER, which `build` wrote, and print its summary.

    FOLDER may also be a file that the output of --json was saved in: `tinycc bench --json` counts
    the instructions of every step.

    Example: tinycc report kws
    """
    found = read_report(folder)
    place = output or (folder / PAGE if folder.is_dir() else folder.with_suffix(".html"))
    check_folder(place)
    save_bytes(place, page(found).encode())
    if as_json:
        print_json(found)
    else:
        print_summary(found)
    say(f"wrote {place}")
