"""The pages of docs/ that are made from the code are current, and no link leads nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from comparison import comparison_page
from pages import DOCS, ROOT, check_page
from reference import commands_page, operators_page, targets_page
from tour import tour_page

PAGES = [*sorted(DOCS.rglob("*.md")), *sorted(ROOT.glob("*.md"))]


@pytest.mark.parametrize(
    ("name", "page"),
    [("operators", operators_page), ("targets", targets_page), ("commands", commands_page)],
)
def test_the_reference_is_current(
    name: str, page: Callable[[], str], pytestconfig: pytest.Config
) -> None:
    check_page(f"reference/{name}.md", page(), pytestconfig)


def test_the_tour_is_current(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    check_page("tour.md", tour_page(tmp_path), pytestconfig)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    links = re.findall(r"\]\(([^)\s#]+)[^)]*\)", text)
    local = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert not [link for link in local if not (page.parent / link).exists()]


def test_the_comparison_has_the_figures_of_the_benchmark(pytestconfig: pytest.Config) -> None:
    check_page("comparison.md", comparison_page(), pytestconfig)
