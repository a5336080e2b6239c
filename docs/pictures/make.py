"""Makes the pictures of report.html in this folder: light, dark, and on a phone.

    python docs/pictures/make.py MODEL [TARGET]

Needs the packages of the extra `dev` and Chromium (apt-get install chromium).
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tinycc.api.network import Network
from tinycc.pipeline import Options, compile_model
from tinycc.report.document import report_document
from tinycc.report.measure import measure_instructions, random_sample
from tinycc.report.page import PAGE, page

FOLDER = Path(__file__).parent
STILL = "html { scroll-behavior: auto !important }"


def draw(model: Path, target: str, place: Path) -> None:
    """Writes the page of a model, with the instructions that QEMU counts."""
    network = Network(compile_model(model, Options(target)))
    with tempfile.TemporaryDirectory() as folder:
        sample = random_sample(network.compiled)
        measured = measure_instructions(network.compiled, Path(folder), sample)
    place.write_text(page(report_document(network.compiled, measured)), encoding="utf-8")


def take(tab: Page, name: str, top: str) -> None:
    """A picture of what is on the screen when a section is at its top."""
    tab.add_style_tag(content=STILL)
    tab.evaluate(f"document.querySelector('{top}').scrollIntoView()")
    tab.wait_for_timeout(200)
    tab.screenshot(path=FOLDER / f"{name}.png")


def main() -> None:
    """The pictures of the model and the target that are named."""
    model, target = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "stm32f405"
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        place = Path(folder) / PAGE
        draw(model, target, place)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        for name, scheme, width, height, top, step in (
            ("report-light", "light", 1120, 860, "body", ""),
            ("report-dark", "dark", 1120, 860, "#timeline", "#step-10"),
            ("report-phone", "light", 360, 720, "#timeline", ""),
        ):
            tab = browser.new_page(
                color_scheme="dark" if scheme == "dark" else "light",
                viewport={"width": width, "height": height},
            )
            tab.goto(place.as_uri() + step)
            take(tab, name, top)
        browser.close()


if __name__ == "__main__":
    main()
