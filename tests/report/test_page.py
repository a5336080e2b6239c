"""report.html in a headless Chromium, opened from file:// as a user would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opened import DESKTOP, PHONE, Opened, serious_findings
from reports import REPORTS

from tinycc.report.page import page
from tinycc.report.stored import read_report


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages of all reports, drawn from their JSON text."""
    folder, found = tmp_path_factory.mktemp("pages"), {}
    for name, make in REPORTS.items():
        stored = folder / f"{name}.json"
        stored.write_text(json.dumps(make()))
        found[name] = folder / f"{name}.html"
        found[name].write_text(page(read_report(stored)), encoding="utf-8")
    return found


@pytest.fixture
def opened(chromium: Any, pages: dict[str, Path]) -> Iterator[Any]:
    """Opens a page; all of them are closed behind the test, and had no fault."""
    found: list[Opened] = []

    def open_page(name: str, scheme: str = "light") -> Opened:
        found.append(Opened(chromium, pages[name], scheme))
        return found[-1]

    yield open_page
    for one in found:
        assert one.faults == []
        one.context.close()


@pytest.mark.parametrize("name", REPORTS)
def test_a_page_opens_and_never_scrolls_sideways(name: str, opened: Any) -> None:
    tab = opened(name)
    assert tab.evaluate("window.broken") is None
    if name != "empty":
        tab.locator("#table tbody tr").first.click(position={"x": 5, "y": 5})
        assert tab.locator("#inspector").is_visible()
    for width, height in (DESKTOP, PHONE):
        tab.set_viewport_size({"width": width, "height": height})
        assert tab.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "name",
    ["branches", *(pytest.param(one, marks=pytest.mark.slow) for one in ("hostile", "empty"))],
)
def test_nothing_serious_is_found_by_axe(name: str, scheme: str, opened: Any, axe: str) -> None:
    tab = opened(name, scheme)
    if name != "empty":
        tab.locator("#network [data-s='1']").press("Enter")
    assert serious_findings(tab, axe) == []


def test_both_colour_schemes_are_readable(opened: Any) -> None:
    def shades(scheme: str) -> tuple[int, int]:
        """The lightness of paper and ink."""
        tab = opened("classifier", scheme)
        style = "getComputedStyle(document.body)"
        texts = [tab.evaluate(f"{style}.{key}") for key in ("backgroundColor", "color")]
        first, second = (sum(map(int, text[4:-1].split(","))) // 3 for text in texts)
        return first, second

    light, dark = shades("light"), shades("dark")
    assert light[0] - light[1] > 150
    assert dark[1] - dark[0] > 150


def _column(tab: Any, number: int) -> list[str]:
    rows = tab.locator(f"#table tbody tr:visible > :nth-child({number})")
    texts: list[str] = rows.all_inner_texts()
    return texts


def test_headings_sort(opened: Any) -> None:
    tab = opened("classifier")
    steps = _column(tab, 1)
    heading = tab.get_by_role("columnheader", name="Instructions")
    heading.get_by_role("button").click()
    falling = [int(text.replace(",", "")) for text in _column(tab, 6)]
    assert falling == sorted(falling, reverse=True)
    assert heading.get_attribute("aria-sort") == "descending"
    heading.get_by_role("button").press("Enter")
    assert [int(text.replace(",", "")) for text in _column(tab, 6)] == falling[::-1]
    tab.get_by_role("columnheader", name="Kernel").get_by_role("button").click()
    kernels = _column(tab, 3)
    assert kernels == sorted(kernels)
    tab.get_by_role("columnheader", name="Step").get_by_role("button").click()
    assert _column(tab, 1) == steps


def test_words_filter_the_table(opened: Any) -> None:
    tab = opened("many")
    search = tab.get_by_label("Filter")
    search.fill("t123x")
    assert _column(tab, 1) == ["123"]
    assert tab.locator("#matches").inner_text() == "1 of 500 steps"
    search.fill("no such step")
    assert tab.locator("#nothing").is_visible()
    search.fill("")
    assert len(_column(tab, 1)) == 500


def test_hovering_a_buffer_tells_what_it_is(opened: Any) -> None:
    tab = opened("classifier")
    report = REPORTS["classifier"]()
    steps = {step["tensor"]: step for step in report["steps"]}
    index, buffer = next(
        (i, one) for i, one in enumerate(report["buffers"]) if one["tensor"] in steps
    )
    tab.locator(f"[data-b='{index}']").hover(force=True)
    tip = tab.locator("#tip").inner_text()
    assert buffer["name"] in tip
    assert f"{buffer['bytes']:,} B" in tip
    assert f"step {buffer['first_step']}" in tip or f"steps {buffer['first_step']} to" in tip
    assert steps[buffer["tensor"]]["nodes"][0] in tip


@pytest.mark.parametrize("drawing", [".map", ".bars", "#network svg[data-rove]"])
def test_the_keyboard_reaches_everything(drawing: str, opened: Any) -> None:
    tab = opened("classifier")
    assert tab.locator(f"{drawing} [tabindex='0']").count() == 1
    tab.locator(f"{drawing} [tabindex='0']").focus()
    first = tab.locator("#tip").inner_text()
    tab.keyboard.press("ArrowRight")
    assert tab.locator("#tip").inner_text() != first
    assert tab.locator(f"{drawing} [tabindex='0']").count() == 1
    tab.keyboard.press("Enter")
    assert tab.locator("#inspector").is_visible()
    tab.keyboard.press("Escape")
    assert not tab.locator("#tip").is_visible()
    tab.keyboard.press("Escape")
    assert not tab.locator("#inspector").is_visible()


def test_a_chosen_step_is_marked_everywhere(opened: Any) -> None:
    tab = opened("branches")
    tab.locator("#network [data-s='2']").click()
    for place in ("#network .n", "#table tr", ".bars .i"):
        assert tab.locator(f"{place}.on").get_attribute("data-s") == "2"
    assert tab.locator(".map .b.on").count() >= 1
    assert tab.locator("#network .edges path.on").count() >= 1
    tab.get_by_label("Next step").click()
    assert tab.locator("#table tr.on").get_attribute("data-s") == "3"
    tab.reload()  # the address names the step
    assert tab.locator("#table tr.on").get_attribute("data-s") == "3"
    tab.get_by_label("Close").click()
    assert tab.locator(".on").count() == 0


def test_hostile_names_stay_text(opened: Any) -> None:
    tab = opened("hostile")
    assert tab.locator("img").count() == 0
    tab.locator("#network [data-s='0']").click()
    said = tab.locator("#inspector").inner_text()
    assert "</script><script>window.broken = 1</script>" in said
    assert "<img src=x onerror" in said
    assert "<U+0000>" in said
    tab.get_by_label("Next step").click()
    assert "<U+202E>" in tab.locator("#inspector").inner_text()
    assert "\u202e" not in tab.locator("body").inner_text()


def test_many_steps_stay_small(pages: dict[str, Path]) -> None:
    assert pages["many"].stat().st_size <= 1_500_000
    assert pages["classifier"].stat().st_size < 100_000
