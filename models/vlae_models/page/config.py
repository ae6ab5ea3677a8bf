"""The recipe of a page model: templates of contexts, sizes of the network, and how it is trained."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vlae_codec.errors import ModelError
from vlae_codec.families.page.contexts import FLAT, MOST, REACH, ROWS, SLANT
from vlae_codec.families.page.model import MAX_UNITS, ONE, WINDOW_COLUMNS, WINDOW_ROWS, PageModel

from ..recipe import Kind, Recipe, Schedule

Template = tuple[tuple[int, ...], ...]
"""Columns, counted from the pixel's own, of each row from the pixel's own upwards."""


def _run(first: int, last: int) -> tuple[int, ...]:
    return tuple(range(first, last + 1))


TEMPLATES: tuple[Template, ...] = (
    (_run(-4, -1), _run(-2, 3), _run(-1, 1)),
    (_run(-6, -1), _run(-4, 3), _run(-3, 4), _run(-1, 2)),
    (_run(-9, -1), _run(-7, 3), _run(-6, 6), _run(-4, 5), _run(-3, 4), _run(-2, 3)),
    ((-16, -8, -4, -2, -1), (-4, 0, 3), (-4, 0, 4), (0,), (-8, -4, 0, 4), (), (), (), (-8, 0)),
    ((-12, -10, -6, -5, -3, -2, -1), (-1, 0, 1), (0,), (0,), (), (0,), (0,)),
)
"""A small one that learns fast, larger ones for glyphs that come again, sparse ones for halftones."""
COUNTS = 2 * len(TEMPLATES)
WINDOW = WINDOW_ROWS * WINDOW_COLUMNS


@dataclass(frozen=True)
class PageConfig:
    """Shapes of the network.

    Attributes:
        enter: units of the layer that reads window and counts.
        hidden: units of the layer behind it.
    """

    enter: int = 32
    hidden: int = 16

    def __post_init__(self) -> None:
        if not (1 <= self.enter <= MAX_UNITS and 1 <= self.hidden <= MAX_UNITS):
            raise ModelError(f"recipe: a layer has 1 to {MAX_UNITS} units")


@dataclass(frozen=True)
class PageTraining(Schedule):
    """How a page model is trained.

    Attributes:
        pages: drawn and recorded of each kind.
        rows: the most rows of each that are recorded.
        most: pixels of each that the network may see, at most.
    """

    pages: int = 3
    rows: int = 900
    most: int = 120000
    updates: int = 4000
    batch: int = 4096
    rate: float = 0.004
    hold: float = 0.0
    average: float = 0.99

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.pages, self.rows, self.most) < 1:
            raise ModelError("recipe: pages, rows and most start at 1")


PAGE = Kind("page", PageConfig, PageTraining)
PageRecipe = Recipe[PageConfig, PageTraining]


def template_bits() -> NDArray[np.int64]:
    """Return the bits of each row that the templates have, (T, ROWS)."""
    found = np.zeros((len(TEMPLATES), ROWS), np.int64)
    for number, template in enumerate(TEMPLATES):
        for row, columns in enumerate(template):
            newest = min(SLANT * row - 1, REACH)
            found[number, row] = sum(1 << newest - column for column in columns)
    return found


def count_logs() -> NDArray[np.int64]:
    """Return the network's inputs for counts 0 ... MOST, log2(1 + 5/2 n) / 4 in units of 1 / ONE."""
    return np.array([round(ONE / 4 * math.log2(1 + 2.5 * count)) for count in range(MOST + 1)], np.int64)


def blank_model() -> PageModel:
    """Return a model of these templates whose weights are 0."""
    arrays = {
        "templates": template_bits(), "logs": count_logs(), "flat": np.zeros((FLAT, 2), np.int64),
        "enter.weight": np.zeros((WINDOW + COUNTS, 1), np.int64), "enter.bias": np.zeros(1, np.int64),
        "hidden.weight": np.zeros((1, 1), np.int64), "hidden.bias": np.zeros(1, np.int64),
        "head": np.zeros(1 + COUNTS + 1, np.int64),
    }  # fmt: skip
    return PageModel({"fingerprint": "00" * 32, "shifts": {"enter": 1, "hidden": 1}}, arrays)
