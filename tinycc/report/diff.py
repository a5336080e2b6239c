"""Two builds side by side: which figures changed, by how much, and whether that is too much."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Pair = tuple[float | None, float | None]
Document = Mapping[str, Any]
_LARGEST = 1e18  # beyond it a number in a report is damage
_SLACK = 1e-9  # of decimal fractions: 0.9 - 0.895 is a little more than 0.005


@dataclass(frozen=True)
class Limit:
    """How much worse a figure may get: in its own unit, or in percent of what it was."""

    text: str
    amount: float
    is_percent: bool

    def allows(self, worse: float, before: float) -> bool:
        """True where `worse` (what it got worse by) is not more than this."""
        most = abs(before) * self.amount / 100 if self.is_percent else self.amount
        return worse <= most + _SLACK * max(1.0, abs(before))


@dataclass(frozen=True)
class Change:
    """One figure of both builds; None where a build does not tell it."""

    name: str
    label: str
    before: float | None
    after: float | None
    more_is_better: bool = False
    limit: Limit | None = None

    @property
    def difference(self) -> float | None:
        if self.before is None or self.after is None:
            return None
        return self.after - self.before

    @property
    def percent(self) -> float | None:
        """The difference in percent of what it was; None where that was 0."""
        if self.difference is None or not self.before:
            return None
        return 100 * self.difference / abs(self.before)

    @property
    def worse(self) -> bool:
        """True where the difference is to the worse."""
        difference = self.difference or 0.0
        return difference < 0 if self.more_is_better else difference > 0

    @property
    def failure(self) -> str | None:
        """Why a limit is not kept; None without a limit, or where it is kept."""
        if self.limit is None:
            return None
        if self.before is None or self.after is None:
            lacking = [name for name, one in (("A", self.before), ("B", self.after)) if one is None]
            return f"{self.limit.text}: the {self.name} is not known of {' and '.join(lacking)}"
        worse = abs(self.after - self.before) if self.worse else 0.0
        if self.limit.allows(worse, self.before):
            return None
        return f"{self.limit.text} is not kept: {shown(self.before)} -> {shown(self.after)}"


@dataclass(frozen=True)
class StepChange:
    """A step whose instructions changed; None where the build has no such step."""

    nodes: tuple[str, ...]
    kernels: tuple[str | None, str | None]
    before: float | None
    after: float | None

    @property
    def difference(self) -> float:
        return (self.after or 0.0) - (self.before or 0.0)


@dataclass(frozen=True)
class Comparison:
    """What `tinycc diff` prints."""

    changes: tuple[Change, ...]
    steps: tuple[StepChange, ...]
    notes: tuple[str, ...]

    @property
    def failures(self) -> tuple[str, ...]:
        """One sentence for each limit that is not kept."""
        return tuple(change.failure for change in self.changes if change.failure)


def compare(a: Document, b: Document, limits: Mapping[str, Limit]) -> Comparison:
    """Figures of two reports, of any version; what one of them lacks is None.

    Like is compared with like: a figure that only one build measured is compared as predicted.
    """
    changes = []
    for name, (label, read, more_is_better) in METRICS.items():
        (before, after), kind = read(a, b)
        shown_label = f"{label} ({kind})" if kind else label
        lower = kind == _SQUARED_ERROR
        change = Change(
            name, shown_label, before, after, more_is_better and not lower, limits.get(name)
        )
        if (before, after) != (None, None) or name in limits:
            changes.append(change)
    return Comparison(tuple(changes), _steps(a, b), tuple(_notes(a, b)))


def shown(value: float | None) -> str:
    """A figure for people: 5,104 or 0.8765; a dash for what is not known."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"


def number(document: object, path: str) -> float | None:
    """The finite number at a path of keys; None for anything else."""
    for key in path.split("."):
        if not isinstance(document, Mapping):
            return None
        document = document.get(key)
    if isinstance(document, bool) or not isinstance(document, int | float):
        return None
    return document if abs(document) < _LARGEST and math.isfinite(document) else None


def text(document: object, path: str) -> str | None:
    """The text at a path of keys."""
    for key in path.split("."):
        if not isinstance(document, Mapping):
            return None
        document = document.get(key)
    return document if isinstance(document, str) else None


Read = Callable[[Document, Document], tuple[Pair, str]]


def _plain(path: str) -> Read:
    return lambda a, b: ((number(a, path), number(b, path)), "")


def _first(*named: tuple[str, str]) -> Read:
    """The first path that both have; else the first that either has."""

    def read(a: Document, b: Document) -> tuple[Pair, str]:
        pairs = [((number(a, path), number(b, path)), kind) for path, kind in named]
        both = (one for one in pairs if None not in one[0])
        either = (one for one in pairs if one[0] != (None, None))
        return next(both, next(either, ((None, None), "")))

    return read


_PARTS = ("arena", "state", "static", "stack")
_SQUARED_ERROR = "mean squared error"


def _sram(a: Document, b: Document) -> tuple[Pair, str]:
    """The parts that both know, or both totals where reports have no such parts."""
    found = [[number(one, f"memory.sram.{part}") for part in _PARTS] for one in (a, b)]
    if found[0][0] is None or found[1][0] is None:
        return _plain("memory.sram.total")(a, b)
    pairs = zip(*found, strict=True)
    known = [(left, right) for left, right in pairs if left is not None and right is not None]
    measured = [[part is not None for part in parts] for parts in found]
    kind = "" if measured[0] == measured[1] else "without stack, static"
    return (sum(left for left, _ in known), sum(right for _, right in known)), kind


def _flash(a: Document, b: Document) -> tuple[Pair, str]:
    """Totals with measured code, or of weights and estimated code where one has no other."""
    measured = [number(one, "memory.flash.code") is not None for one in (a, b)]
    if measured[0] == measured[1]:
        return _plain("memory.flash.total")(a, b)
    sums = [_estimated_flash(one) for one in (a, b)]
    return (sums[0], sums[1]), "estimated"


def _estimated_flash(one: Document) -> float | None:
    weights, code = (number(one, f"memory.flash.{key}") for key in ("weights", "code_estimate"))
    return None if weights is None or code is None else weights + code


def _score(a: Document, b: Document) -> tuple[Pair, str]:
    """What `verify --labels` found for the C; nothing where the metrics differ."""
    metrics = [text(one, "scores.C.metric") for one in (a, b)]
    kind = metrics[0] or metrics[1] or ""
    if None not in metrics and metrics[0] != metrics[1]:
        return (None, None), ""
    return _plain("scores.C.value")(a, b)[0], kind


def _noise(a: Document, b: Document) -> tuple[Pair, str]:
    """The least signal-to-noise ratio of a tensor that was quantised, end to end."""
    least = []
    for one in (a, b):
        layers = _list(one.get("quantization"), "layers") or _list(one, "layers")
        ratios = [number(layer, "end_to_end_db") for layer in layers]
        least.append(min((ratio for ratio in ratios if ratio is not None), default=None))
    return (least[0], least[1]), ""


METRICS: Mapping[str, tuple[str, Read, bool]] = {
    "sram": ("SRAM B", _sram, False),
    "arena": ("arena B", _plain("memory.sram.arena"), False),
    "stack": ("stack B", _plain("memory.sram.stack"), False),
    "flash": ("flash B", _flash, False),
    "weights": ("weights B", _plain("memory.flash.weights"), False),
    "code": (
        "code B",
        _first(("memory.flash.code", ""), ("memory.flash.code_estimate", "estimated")),
        False,
    ),
    "instructions": (
        "instructions",
        _first(
            ("compute.instructions", "executed"), ("compute.instructions_predicted", "predicted")
        ),
        False,
    ),
    "cycles": ("cycles, estimate", _plain("compute.cycles_estimate"), False),
    "macs": ("multiply-accumulates", _plain("compute.macs"), False),
    "accuracy": ("accuracy", _score, True),
    "noise": ("least SNR dB", _noise, True),
}
"""Every figure: its label, how it is found, and whether more of it is better."""


def _list(document: object, key: str) -> list[Any]:
    found = document.get(key) if isinstance(document, Mapping) else None
    return found if isinstance(found, list) else []


def _steps(a: Document, b: Document) -> tuple[StepChange, ...]:
    """Steps whose instructions changed, by their nodes, the largest change first."""
    before, after = _by_nodes(a), _by_nodes(b)
    if not before or not after:
        return ()
    every = [*before.values(), *after.values()]
    counted = all(number(step, "instructions") is not None for step in every)
    key = "instructions" if counted else "instructions_predicted"
    found = []
    for nodes in dict.fromkeys((*before, *after)):
        left, right = before.get(nodes), after.get(nodes)
        kernels = (text(left, "kernel"), text(right, "kernel"))
        found.append(StepChange(nodes, kernels, number(left, key), number(right, key)))
    changed = [step for step in found if step.difference]
    return tuple(sorted(changed, key=lambda step: -abs(step.difference)))


def _by_nodes(document: Document) -> dict[tuple[str, ...], Any]:
    """Steps by the nodes that they are; those of the same nodes are told apart by number."""
    found: dict[tuple[str, ...], Any] = {}
    for step in _list(document, "steps"):
        names = tuple(name for name in _list(step, "nodes") if isinstance(name, str))
        key, count = names, 1
        while key in found:
            count += 1
            key = (*names, str(count))
        found[key] = step
    return found


def _notes(a: Document, b: Document) -> Iterable[str]:
    """What makes two builds hard to compare."""
    for what, path in (
        ("model", "model.name"),
        ("target", "target.name"),
        ("input memory", "memory.sram.input_memory"),
        ("metric of accuracy", "scores.C.metric"),
    ):
        left, right = text(a, path), text(b, path)
        if left is not None and right is not None and left != right:
            yield f"the {what} differs: {left} against {right}"
    left, right = text(a, "tool_version"), text(b, "tool_version")
    if left != right and None not in (left, right):
        yield f"made by tinycc {left} and {right}"
    counts = [number(one, "compute.instructions") is not None for one in (a, b)]
    if counts[0] != counts[1]:
        yield f"only {'A' if counts[0] else 'B'} was benched: instructions are as predicted"


def change_document(change: Change) -> dict[str, Any]:
    """A figure as JSON values."""
    return {
        "name": change.name,
        "label": change.label,
        "before": change.before,
        "after": change.after,
        "difference": change.difference,
        "percent": change.percent,
        "limit": change.limit.text if change.limit else None,
        "failed": change.failure is not None,
    }


def comparison_document(comparison: Comparison, names: Sequence[str]) -> dict[str, Any]:
    """The comparison as JSON values; `names` are what A and B were called."""
    return {
        "before": names[0],
        "after": names[1],
        "figures": [change_document(change) for change in comparison.changes],
        "steps": [
            {
                "nodes": list(step.nodes),
                "kernel_before": step.kernels[0],
                "kernel_after": step.kernels[1],
                "before": step.before,
                "after": step.after,
            }
            for step in comparison.steps
        ],
        "notes": list(comparison.notes),
        "failures": list(comparison.failures),
    }
