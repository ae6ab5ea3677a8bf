"""Pictures of many colours to the bytes of their samples, by `prediction`, and back."""

from __future__ import annotations

import numpy as np

from ...coding.wavefront import Wavefront
from ...errors import FormatError
from ...io.images import Pixels
from ..result import Progress
from .decisions import new_reader, new_writer, popping, pushing
from .palette import ORDER
from .planes import COST, SLANT, Planes
from .prediction import walk

WORK, SAMPLE_BYTES, ROW_BYTES = 64 << 20, 12, 3200
"""Bytes of memory of cells and weights, of a sample, and of a row of a plane."""
FEW_STEPS, PIXELS_A_STEP = 2048, 16
"""Steps that take seconds at the most, and pixels of one from which on its work is theirs rather than its own."""


def memory(height: int, width: int, channels: int) -> int:
    """Return the bytes that coding a picture takes, and reading it."""
    return WORK + channels * height * (SAMPLE_BYTES * width + ROW_BYTES)


def is_long(height: int, width: int) -> bool:
    """Return whether a picture is too thin to be predicted."""
    return Wavefront(height, width, SLANT, COST).is_long


def is_slow(height: int, width: int) -> bool:
    """Return whether a picture is so thin that a sender leaves it to WebP: many steps of a few pixels each."""
    steps = Wavefront(height, width, SLANT).steps
    return steps > FEW_STEPS and height * width < PIXELS_A_STEP * steps


def encode(samples: Pixels, progress: Progress | None = None) -> tuple[bytes, float]:
    """Return the bytes of samples (H, W, C), and their ideal length in bits.

    Args:
        progress: Callback with rows.
    """
    height, width, channels = samples.shape
    writer = new_writer()
    known = Planes(channels, height, width)
    known.inside[:] = samples.transpose(2, 0, 1)[list(ORDER[channels])]
    walk(Planes(channels, height, width), pushing(writer), known, progress)
    return writer.to_bytes().ljust(known.front.least_bytes, b"\0"), writer.spent


def decode(data: bytes, height: int, width: int, channels: int, progress: Progress | None = None) -> Pixels:
    """Return the samples (H, W, C) of the bytes of a picture.

    Args:
        progress: Callback with rows.

    Raises:
        FormatError: no encoder wrote them, or they are too few for such work.
    """
    if is_long(height, width):
        raise FormatError(f"it predicts {width} x {height} pixels, too thin for that: damaged")
    planes = Planes(channels, height, width)
    if len(data) < planes.front.least_bytes:
        raise FormatError(f"{len(data)} bytes are too few for {width} x {height} pixels: damaged")
    walk(planes, popping(new_reader(data)), planes, progress)
    return np.ascontiguousarray(planes.inside.transpose(1, 2, 0)[:, :, np.argsort(ORDER[channels])])
