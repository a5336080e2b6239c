"""Ranges of activations from their histograms: what of a tensor's tails is worth keeping.

min-max     everything that was seen
percentile  all but 0.01 % of the values
entropy     least Kullback-Leibler divergence between the values and what 256 levels keep of them
            (Migacz, 8-bit inference with TensorRT, 2017)
mse         least mean squared error after rounding and clipping
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

BINS = 2048
_KEPT = 0.9999
_LEVELS = 256
_FRACTIONS = np.linspace(0.2, 1.0, 81)


@dataclass(frozen=True)
class Histogram:
    """Counts of values in BINS bins of equal width from `low` to `high`."""

    low: float
    high: float
    counts: np.ndarray

    @property
    def centers(self) -> np.ndarray:
        """The middle of each bin."""
        return self.low + (np.arange(BINS) + 0.5) * (self.high - self.low) / BINS

    def plus(self, values: np.ndarray) -> Histogram:
        """With more values counted; those outside count in the first or last bin."""
        width = (self.high - self.low) / BINS
        if not width > 0.0:
            return self
        bins = ((values.reshape(-1) - self.low) * (1.0 / width)).astype(np.int32)
        np.clip(bins, 0, BINS - 1, out=bins)
        return Histogram(self.low, self.high, self.counts + np.bincount(bins, minlength=BINS))


Range = tuple[float, float]


def min_max(histogram: Histogram) -> Range:
    """All values."""
    return histogram.low, histogram.high


def percentile(histogram: Histogram) -> Range:
    """The range that leaves out half of 0.01 % on each side (all of it on one that ends at 0)."""
    total = histogram.counts.sum()
    share = np.cumsum(histogram.counts) / max(1, total)
    sides = 2 if histogram.low < 0.0 < histogram.high else 1
    left = (1.0 - _KEPT) / sides
    edges = np.linspace(histogram.low, histogram.high, BINS + 1)
    low = edges[int(np.searchsorted(share, left, side="right"))]
    high = edges[min(BINS, int(np.searchsorted(share, 1.0 - left)) + 1)]
    return min(float(low), 0.0), max(float(high), 0.0)


def entropy(histogram: Histogram) -> Range:
    """The range of least divergence; both ends move in one proportion.

    The zeros that rectifiers make are left out: they are exact in every range.
    """
    counts = histogram.counts.copy()
    zero = int(np.argmin(np.abs(histogram.centers)))
    beside = [counts[bin_] for bin_ in (zero - 1, zero + 1) if 0 <= bin_ < BINS]
    counts[zero] = min(counts[zero], max(beside))
    histogram = Histogram(histogram.low, histogram.high, counts)
    ranges = [(histogram.low * f, histogram.high * f) for f in _FRACTIONS]
    return min(ranges, key=lambda ends: _divergence(histogram, *ends))


def mse(histogram: Histogram) -> Range:
    """The range of least squared error: both ends together, then each of them alone."""
    low, high = histogram.low, histogram.high
    best = _least(((low * f, high * f) for f in _FRACTIONS), histogram)
    if low < 0.0 < high:
        best = _least(((low * f, best[1]) for f in _FRACTIONS), histogram)
        best = _least(((best[0], high * f) for f in _FRACTIONS), histogram)
    return best


def _least(ranges: Iterable[Range], histogram: Histogram) -> Range:
    return min(ranges, key=lambda ends: squared_error(histogram, *ends))


def squared_error(histogram: Histogram, low: float, high: float) -> float:
    """Sum of squared errors of values rounded to 256 levels between low and high."""
    step = max(high - low, 1e-30) / (_LEVELS - 1)
    centers = histogram.centers
    outside = centers - np.clip(centers, low, high)
    error = np.where(outside == 0.0, step * step / 12.0, outside**2)
    return float(error @ histogram.counts)


def _divergence(histogram: Histogram, low: float, high: float) -> float:
    """KL(values clipped to the range || the same seen through 256 levels)."""
    width = (histogram.high - histogram.low) / BINS
    first = round((low - histogram.low) / width)
    last = max(first + 1, round((high - histogram.low) / width))
    inside = histogram.counts[first:last].astype(np.float64)
    clipped = inside.copy()
    clipped[0] += histogram.counts[:first].sum()
    clipped[-1] += histogram.counts[last:].sum()
    level = np.arange(len(inside)) * _LEVELS // len(inside)
    sums = np.bincount(level, inside, _LEVELS)
    used = np.bincount(level, inside > 0, _LEVELS)
    seen = np.where(inside > 0, (sums / np.maximum(used, 1))[level], 0.0)
    p, q = clipped / max(1.0, clipped.sum()), seen / max(1.0, seen.sum())
    both = (p > 0) & (q > 0)
    lost = float(p[(p > 0) & (q == 0)].sum())
    return float((p[both] * np.log(p[both] / q[both])).sum()) + lost * 20.0


def observed(observer: str, histogram: Histogram) -> Range:
    """The range that an observer proposes; that of a tensor with one value is what it is."""
    if histogram.high <= histogram.low:
        return histogram.low, histogram.high
    return OBSERVERS[observer](histogram)


OBSERVERS: Mapping[str, Callable[[Histogram], Range]] = {
    "min-max": min_max,
    "percentile": percentile,
    "entropy": entropy,
    "mse": mse,
}
