"""Measures of how a digit is written, on strokes whose thickness and slant are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from benchmarks.style import breadth, slant, thickness, within_class
from vlae_models.train import style


def stroke(width: int, lean: float = 0.0) -> NDArray[np.uint8]:
    """A bar of 20 rows whose lower end is further to the left by `lean` columns a row, (1, 28, 28)."""
    rows, columns = np.indices((28, 28))
    edge = 14 - lean * (rows - 13.5)
    return ((rows >= 4) & (rows < 24) & (columns >= edge) & (columns < edge + width)).astype(np.uint8)[None]


@pytest.mark.parametrize("width", [2, 4])
def test_thickness_is_that_of_a_bar(width: int) -> None:
    assert thickness(stroke(width))[0] == pytest.approx(2 * 20 * width / (2 * (20 + width)))
    assert thickness(np.zeros((1, 28, 28), np.uint8))[0] == 0


@pytest.mark.parametrize("lean", [-0.5, 0.0, 0.25])
def test_slant_is_that_of_a_bar_wherever_it_is(lean: float) -> None:
    bar = stroke(3, lean)
    assert slant(bar)[0] == pytest.approx(lean, abs=0.05)
    assert slant(np.roll(bar, (2, 3), (1, 2)))[0] == pytest.approx(slant(bar)[0])


def test_a_blurred_stroke_is_as_thick_as_a_sharp_one() -> None:
    sharp = torch.from_numpy(stroke(4)).double()
    blurred = torch.nn.functional.avg_pool2d(sharp, 3, stride=1, padding=1)
    assert style.thickness(blurred).item() == pytest.approx(style.thickness(sharp).item(), rel=0.02)


@pytest.mark.parametrize("width", [1, 6])
def test_breadth_is_that_of_a_bar_wherever_it_is(width: int) -> None:
    assert breadth(stroke(width))[0] == pytest.approx(np.sqrt((width**2 - 1) / 12))
    assert breadth(np.roll(stroke(width), 3, 2))[0] == pytest.approx(breadth(stroke(width))[0])
    assert breadth(np.zeros((1, 28, 28), np.uint8))[0] == 0


def test_what_a_class_has_of_itself_is_taken_out() -> None:
    values, labels = np.array([1.0, 3.0, 101.0, 105.0]), np.array([0, 0, 1, 1])
    np.testing.assert_allclose(within_class(values, labels), [-1, 1, -1, 1])
