"""How well outputs fit labels: top-1 accuracy, area under the curve, or mean squared error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinycc.errors import ModelError


@dataclass(frozen=True)
class Score:
    """`metric`: "top-1", "AUC" or "mean squared error"; `samples` were scored."""

    metric: str
    value: float
    samples: int


def score(inputs: np.ndarray, outputs: np.ndarray, labels: np.ndarray) -> Score:
    """The score of real outputs [samples, ...] of a network with one input and one output.

    - labels of the outputs' own shape: mean squared error
    - one class number per sample: top-1
    - 0 or 1, and one output value: AUC of that value
    - 0 or 1, and outputs as large as the inputs (an autoencoder): AUC of the mean squared
      reconstruction error; with fewer labels than samples, each label is for as many samples in
      a row, whose errors are averaged.
    """
    count = len(outputs)
    rows, flat = outputs.reshape(count, -1).astype(np.float64), np.asarray(labels)
    if flat.size == rows.size and (flat.ndim > 1 or np.issubdtype(flat.dtype, np.floating)):
        gaps = rows - flat.reshape(count, -1)
        return Score("mean squared error", float((gaps**2).mean()), count)
    flat = flat.reshape(-1)
    if not flat.size or count % flat.size or not np.array_equal(flat, np.round(flat)):
        raise ModelError(
            f"there are {flat.size} labels ({flat.dtype}) for {count} samples",
            hint="one class number per sample, or an array of the outputs' shape",
        )
    binary = bool(np.isin(flat, (0, 1)).all())
    if rows.size == inputs.size and rows.shape[1] > 1 and binary:
        errors = ((rows - inputs.reshape(count, -1)) ** 2).mean(axis=1)
        return Score("AUC", _auc(errors.reshape(flat.size, -1).mean(axis=1), flat), count)
    if flat.size != count:
        raise ModelError(f"there are {flat.size} labels for {count} samples")
    if rows.shape[1] == 1 and binary:
        return Score("AUC", _auc(rows[:, 0], flat), count)
    if rows.shape[1] == 1 or flat.min() < 0 or flat.max() >= rows.shape[1]:
        raise ModelError(
            f"labels from {flat.min()} to {flat.max()} for {rows.shape[1]} output values",
            hint="classes are numbered from 0",
        )
    return Score("top-1", float((rows.argmax(axis=1) == flat).mean()), count)


def _auc(scores: np.ndarray, labels: np.ndarray) -> float:
    """The share of pairs (1, 0) that the scores put in order; ties count half."""
    ones, zeros = scores[labels == 1], np.sort(scores[labels == 0])
    if not ones.size or not zeros.size:
        raise ModelError("AUC needs labels 0 and labels 1")
    below = np.searchsorted(zeros, ones, "left") + np.searchsorted(zeros, ones, "right")
    return float(below.mean() / (2 * zeros.size))
