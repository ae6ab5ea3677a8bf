from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmarks.plain_drawing import Canvas, draw, raster_steps, wavefront_steps
from vlae_codec.autoregressive.order import Diagonal, Step, Window
from vlae_models.recipe import WINDOWS

sizes = st.integers(1, 12)
windows = st.builds(Window, st.integers(0, 3), st.integers(0, 4), st.integers(0, 4))


def arrivals(height: int, width: int, window: Window) -> NDArray[np.int64]:
    """At which step each pixel is drawn; -1 for never. A pixel drawn twice is an error."""
    when = np.full((height, width), -1)
    for time, step in enumerate(wavefront_steps(height, width, window)):
        assert (when[step.rows, step.columns] == -1).all()
        assert len(set(zip(step.rows.tolist(), step.columns.tolist(), strict=True))) == len(step.rows)
        when[step.rows, step.columns] = time
    return when


@settings(max_examples=200)
@given(sizes, sizes, windows)
def test_every_pixel_once_and_after_its_window(height: int, width: int, window: Window) -> None:
    when = arrivals(height, width, window)
    assert when.min() >= 0
    for row in range(height):
        for column in range(width):
            for down, right in window.offsets():
                r, c = row + down, column + right
                if r >= 0 and 0 <= c < width:
                    assert when[r, c] < when[row, column]


@pytest.mark.parametrize(
    ("name", "height", "width", "steps"),
    [("7x4", 28, 28, 136), ("13x7", 28, 28, 217), ("4x2", 28, 28, 82), ("7x4", 512, 768, 2812), ("none", 28, 28, 28)],
)
def test_number_of_steps(name: str, height: int, width: int, steps: int) -> None:
    found = list(wavefront_steps(height, width, WINDOWS[name]))
    assert len(found) == steps
    assert sum(len(step.rows) for step in found) == height * width


@given(st.integers(0, 9), st.integers(1, 40), st.integers(1, 12))
def test_a_line_is_the_sum_of_its_parts(first: int, count: int, most: int) -> None:
    line = Diagonal(time=200, first=first, count=count, slant=4)
    parts = list(line.parts(most))
    assert max(part.count for part in parts) <= most
    assert max(part.count for part in parts) - min(part.count for part in parts) <= 1
    for whole, pieces in zip(line.pixels(), zip(*(part.pixels() for part in parts), strict=True), strict=True):
        np.testing.assert_array_equal(np.concatenate(pieces), whole)


@given(windows)
def test_windows_lie_behind_in_raster_order(window: Window) -> None:
    offsets = window.offsets()
    assert offsets == sorted(offsets)
    assert all(offset < (0, 0) for offset in offsets)
    assert len(set(offsets)) == len(offsets) == window.above * (window.left + 1 + window.right) + window.left


def test_the_shipped_windows_are_those_of_the_paper() -> None:
    """Columns x rows, the row of the pixel itself counted in."""
    for name in set(WINDOWS) - {"none"}:
        columns, rows = map(int, name.split("x"))
        above, left, right = WINDOWS[name]
        assert (above + 1, left + 1 + right) == (rows, columns)


def surroundings(picture: NDArray[np.float64], row: int, column: int, window: Window) -> list[float]:
    """The window of one pixel, read off the picture pixel by pixel."""
    height, width = picture.shape
    places = [(row + r, column + c) for r, c in window.offsets()]
    return [float(picture[r, c]) if 0 <= r < height and 0 <= c < width else 0.0 for r, c in places]


@settings(max_examples=100)
@given(sizes, sizes, windows)
def test_drawing_depends_on_the_window_alone(height: int, width: int, window: Window) -> None:
    """Each pixel is a hash of its place and its window; both orders have to draw the same picture."""
    weights = np.arange(1, len(window.offsets()) + 1) * 37.0

    def value(step: Step, seen: Any) -> Any:
        return (seen @ weights + step.rows * 5 + step.columns * 3 + np.arange(2)[:, None]) % 11

    pictures = [
        draw(Canvas(2, height, width, window, np.zeros(1)), order(height, width, window), value)
        for order in (wavefront_steps, raster_steps)
    ]
    np.testing.assert_array_equal(*pictures)
    row, column = height // 2, width - 1
    for index, picture in enumerate(pictures[0]):
        seen = np.array(surroundings(picture, row, column, window))
        assert picture[row, column] == (seen @ weights + row * 5 + column * 3 + index) % 11
