"""Numbers and names as a reader wants them."""

from __future__ import annotations

from tinycc.emit.names import printable

TECHNIQUES = {
    "layers": "layer by layer",
    "overlap": "+ outputs over dying inputs",
    "regions": "+ steps that take turns, rows in rings",
    "kernels": "+ kernels of less scratch, fewer rows per call",
    "recompute": "+ strips of columns, blocks that run twice",
}
"""What makes an arena small, one joining the other; the names are those of report.json."""


def short(name: str, width: int = 40) -> str:
    """The telling end of a name: of several that a converter joined the last, of paths the end."""
    tail = printable(name.rstrip(";/").rsplit(";", 1)[-1].strip())
    return tail if len(tail) <= width else f"…{tail[1 - width :]}"


def shape_text(extents: list[int]) -> str:
    """1×49×10×1."""
    return "×".join(map(str, extents))


def percent(part: float, whole: float) -> float:
    """A share in per cent, with as many digits as a style needs."""
    return round(100 * part / whole, 3) if whole else 0.0


def duration(seconds: float) -> tuple[str, str]:
    """Number and unit: 25.9 ms."""
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
        if seconds * factor >= 1 or unit == "µs":
            return f"{seconds * factor:.3g}", unit
    raise AssertionError


def large(count: int) -> tuple[str, str]:
    """Number and unit of a count of instructions: 3.17 million."""
    for factor, unit in ((10**9, "billion"), (10**6, "million"), (10**3, "thousand")):
        if count >= factor:
            return (
                f"{count / factor:.3g}" if count < 1000 * factor else f"{count / factor:,.0f}",
                unit,
            )
    return str(count), ""


def ticks(top: float, most: int = 5) -> list[int]:
    """Round numbers from 0 to at most `top`, about `most` of them."""
    if top < 1:
        return [0]
    step = 1.0
    while top / step > most:
        for factor in (2, 5, 10):
            if top / (step * factor) <= most or factor == 10:
                step *= factor
                break
    return [round(i * step) for i in range(int(top / step) + 1)]
