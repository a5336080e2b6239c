"""The pytest plugin: the fixture `tinycc_model` builds a network once per test session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tinycc.testing.checks import CheckedNetwork


@pytest.fixture(scope="session")
def tinycc_model() -> Callable[..., CheckedNetwork]:
    """`tinycc_model(path, target=..., ...)`: a network with assertions, built on first use.

    `path`: a model file, compiled with the options of `tinycc.build`; or, without options, a
    folder that `tinycc build` wrote, whose C is taken as it is.
    """
    from tinycc.api import build, load
    from tinycc.testing.checks import CheckedNetwork

    found: dict[tuple[Path, str], CheckedNetwork] = {}

    def model(path: str | Path, **options: Any) -> CheckedNetwork:
        place = Path(path).resolve()
        key = place, repr(sorted(options.items()))
        if key not in found:
            stored = place.is_dir() and not options
            found[key] = CheckedNetwork(load(place) if stored else build(place, **options))
        return found[key]

    return model
