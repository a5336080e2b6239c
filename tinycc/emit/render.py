"""Fills the templates; the only place that knows Jinja."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import jinja2

from tinycc.emit.names import cmake_target, comment, literal, printable
from tinycc.paths import TEMPLATES


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # C, not HTML; names pass through `comment` or `identifier`
    )
    environment.filters["cmake_target"] = cmake_target
    environment.filters["comment"] = comment
    environment.filters["literal"] = literal
    environment.filters["thousands"] = lambda number: f"{number:,}"
    return environment


@lru_cache(maxsize=1)
def _page_environment() -> jinja2.Environment:
    """For HTML and SVG: values are escaped, and marks of direction in them are spelt out."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    environment.filters["thousands"] = lambda number: f"{number:,}"
    environment.globals["file"] = lambda path: (TEMPLATES / path).read_text("utf-8")
    return environment


def render(template: str, context: Mapping[str, object]) -> str:
    """The text of a template; a missing variable is an error."""
    return _environment().get_template(template).render(context)


def render_page(template: str, context: Mapping[str, object]) -> str:
    """The text of a template for HTML, with all values escaped."""
    return _page_environment().get_template(template).render(context)
