"""Scores of outputs against labels."""

from __future__ import annotations

import numpy as np
import pytest

from tinycc.api.score import score
from tinycc.errors import ModelError

X = np.zeros((4, 3), np.float32)


def test_classes_give_top_1() -> None:
    outputs = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.6, 0.4]])
    found = score(X, outputs, np.array([0, 1, 1, 0]))
    assert (found.metric, found.value) == ("top-1", 0.75)


def test_one_value_gives_the_area_under_the_curve() -> None:
    found = score(X, np.array([[0.1], [0.4], [0.35], [0.8]]), np.array([0, 0, 1, 1]))
    assert (found.metric, found.value) == ("AUC", 0.75)


def test_an_autoencoder_is_scored_by_its_reconstruction() -> None:
    outputs = X + np.array([[0.1], [0.2], [3.0], [0.1]])
    assert score(X, outputs, np.array([0, 0, 1, 0])).value == 1.0
    assert score(X, outputs, np.array([0, 1])).value == 1.0  # two samples per label


def test_values_give_the_mean_squared_error() -> None:
    found = score(X, X + 2, X)
    assert (found.metric, found.value) == ("mean squared error", 4.0)


@pytest.mark.parametrize("labels", [np.arange(3), np.array([0, 1, 2, 7]), np.full(4, 0.5)])
def test_labels_that_do_not_fit_are_refused(labels: np.ndarray) -> None:
    with pytest.raises(ModelError):
        score(np.zeros((4, 5)), np.zeros((4, 3)), labels)
