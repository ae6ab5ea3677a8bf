"""Several pictures in one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .images import Pixels

GAP_GREY = 96


def contact_sheet(strips: Sequence[Pixels], columns: int, scale: int = 1, gap: int = 1) -> Pixels:
    """Pictures side by side on grey: uint8 (H', W').

    Args:
        strips: say the originals, and several drawings of them: each uint8 (B, H, W), 0 to 255. The pictures of one
            number stand under one another.
        columns: pictures in a line; the next ones go below all strips of the line before.
        scale: pixels become squares of scale x scale.
        gap: pixels between pictures.
    """
    stack = np.stack(strips).repeat(scale, axis=2).repeat(scale, axis=3)
    rows, count, height, width = stack.shape
    columns = min(columns, count)
    lines = -(-count // columns)
    sheet = np.full((lines * rows * (height + gap) + gap, columns * (width + gap) + gap), GAP_GREY, np.uint8)
    for row in range(rows):
        for number in range(count):
            line, column = divmod(number, columns)
            top, left = gap + (line * rows + row) * (height + gap), gap + column * (width + gap)
            sheet[top : top + height, left : left + width] = stack[row, number]
    return sheet
