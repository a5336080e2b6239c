"""A report.html that is open in a headless Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

DESKTOP, PHONE = (1280, 800), (360, 740)


class Opened:
    """A page in the browser; `faults` are what its console and its requests complain about."""

    def __init__(self, browser: Any, place: Path, scheme: str) -> None:
        viewport = {"width": DESKTOP[0], "height": DESKTOP[1]}
        self.context = browser.new_context(color_scheme=scheme, viewport=viewport)
        self.tab = self.context.new_page()
        self.faults: list[str] = []
        self.tab.on("console", lambda message: self.faults.append(message.text))
        self.tab.on("pageerror", lambda error: self.faults.append(str(error)))
        self.tab.on("request", lambda request: self._asked(request.url, place))
        self.tab.on("dialog", lambda dialog: self.faults.append(f"dialog {dialog.message}"))
        self.tab.goto(place.as_uri())

    def _asked(self, url: str, place: Path) -> None:
        if url != place.as_uri():
            self.faults.append(f"asks for {url}")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tab, name)


def serious_findings(tab: Opened, axe: str) -> list[tuple[str, str]]:
    """What axe calls serious or critical: the rule, and the first element that breaks it."""
    tab.evaluate(axe)
    found = tab.evaluate("axe.run().then((result) => result.violations)")
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    return [(one["id"], one["nodes"][0]["html"]) for one in serious]
