"""A compiled network as an object: its report, running it, writing its folder."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from tinycc.api.program import Runnable, program_of
from tinycc.errors import ModelError, UsageError
from tinycc.packages.package import FIRST_RELEASE, ecosystem_for, package_files
from tinycc.pipeline import ARCHIVE, Compiled, replanned
from tinycc.report.document import report_document
from tinycc.report.fit import check_budgets
from tinycc.report.measure import Measured, measure_where_possible
from tinycc.report.page import PAGE, page
from tinycc.report.stored import FILE
from tinycc.target import load_target


class Network(Runnable):
    """What `tinycc.build` returns."""

    def __init__(self, compiled: Compiled) -> None:
        super().__init__(program_of(compiled))
        self.compiled = compiled

    @cached_property
    def measured(self) -> Measured:
        """Figures of the image where its compiler is installed."""
        with tempfile.TemporaryDirectory(prefix="tinycc-") as folder:
            return measure_where_possible(self.compiled, Path(folder))

    @cached_property
    def report(self) -> dict[str, Any]:
        """The contents of report.json."""
        return report_document(self.compiled, self.measured)

    def check_budgets(self) -> None:
        """Raises DoesNotFitError when a budget or the target's memory is exceeded."""
        check_budgets(self.compiled, self.report)

    def on_host(self) -> Runnable:
        """The same network for this machine."""
        options = replace(self.compiled.options, optimize="speed", ram=None, flash=None)
        return Runnable(program_of(replanned(self.compiled, options, load_target("host"))))

    def write(
        self, folder: str | Path, package: str | None = None, release: str = FIRST_RELEASE
    ) -> None:
        """Writes C, build files, the report and model.tnn; the folder appears complete or not.

        `package`: instead of the plain C, a library for "cmake", "zephyr", "esp-idf", "arduino",
        "platformio" or "cmsis-pack", whose version is `release`.
        """
        report = json.dumps(self.report, indent=1, sort_keys=False) + "\n"
        texts = {"report.json": report, PAGE: page(self.report)}
        binaries = {ARCHIVE: self.compiled.archive}
        if package is None:
            texts |= self.compiled.code.texts
            binaries |= self.compiled.code.binaries
        else:
            if self.compiled.code.binaries:
                raise UsageError(
                    f"--package {package}: a package's weights lie in its code",
                    hint="--weights separate without --package",
                )
            ecosystem = ecosystem_for(package, self.compiled.target, release)
            binaries |= package_files(self.compiled, ecosystem, release)
        write_folder(Path(folder), texts, binaries)


def write_folder(folder: Path, texts: Mapping[str, str], binaries: Mapping[str, bytes]) -> None:
    """Replaces `folder` by one with these files; one that exists must be ours or empty."""
    folder = folder.absolute()
    _check_replaceable(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        staged = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        contents = {path: text.encode() for path, text in texts.items()}
        for path, content in {**contents, **binaries}.items():
            place = staged / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        staged.chmod(0o777 & ~_umask())
        _swap(staged, folder)
    except OSError as error:
        raise _unwritable(folder, error) from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _check_replaceable(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise ModelError(f"`{folder}` exists and is not a folder", hint="choose another -o DIR")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / FILE).is_file():
        raise ModelError(
            f"folder `{folder}` holds files that tinycc did not write",
            hint="choose another -o DIR, or empty this one",
        )


def _swap(staged: Path, folder: Path) -> None:
    if not folder.exists():
        staged.rename(folder)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
    folder.rename(old / "folder")
    try:
        staged.rename(folder)
    except OSError:
        (old / "folder").rename(folder)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _unwritable(folder: Path, error: OSError) -> ModelError:
    reason = error.strerror or str(error)
    return ModelError(f"cannot write folder `{folder}`: {reason}", hint="choose another -o DIR")
