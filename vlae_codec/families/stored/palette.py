"""Pictures of at most 256 colours to bytes and back: the palette, then the pixels by `ranking`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...coding.binary_coder import Reader
from ...coding.precision import PRECISION
from ...coding.wavefront import Wavefront
from ...container.varint import read_number, write_number
from ...errors import FormatError
from ...io.images import Pixels
from ..result import Progress
from .contexts import ABOVE, SLANT
from .decisions import new_reader, new_writer, popping, pushing
from .ranking import MOST_COLOURS, Numbers, bordered, walk

PROBED = 13
"""Distance of the pixels by which most pictures of more colours are recognised."""
ENCODING, DECODING = 40, 8
"""Bytes of memory that a pixel takes while it is coded, and while it is read and shown."""
WORK = 64 << 20
"""Bytes of cells, weights and candidates."""
ORDER = {1: (0,), 2: (0, 1), 3: (1, 0, 2), 4: (1, 0, 2, 3)}
"""Channels in the order by which colours are sorted: green first, which is nearest to brightness."""

Colours = NDArray[np.uint8]


def memory(height: int, width: int, channels: int) -> int:
    """Return the bytes that reading a picture takes."""
    return WORK + DECODING * height * width


def seem_few(samples: Pixels) -> bool:
    """Return whether `split` may take samples (H, W, C), by some of them."""
    height, width, _ = samples.shape
    if Wavefront(height, width, SLANT).is_long:
        return False
    return len(np.unique(_keys(samples[::PROBED, ::PROBED]))) <= MOST_COLOURS


def split(samples: Pixels) -> tuple[Numbers, Colours] | None:
    """Return the numbers of the colours of samples (H, W, C), (H, W), and these, sorted, (N, C); None if they are many.

    None too for a picture so thin that the walk through it would take long.
    """
    if not seem_few(samples):
        return None
    keys = _keys(samples)
    colours, first, numbers = np.unique(keys, return_index=True, return_inverse=True)
    if len(colours) > MOST_COLOURS:
        return None
    found: Colours = samples.reshape(-1, samples.shape[2])[first]
    return numbers.reshape(keys.shape).astype(np.uint16), found


def _keys(samples: Pixels) -> NDArray[np.uint32]:
    """Return a number for each pixel, (H, W), by which colours are sorted."""
    keys = np.zeros(samples.shape[:2], np.uint32)
    for channel in ORDER[samples.shape[2]]:
        keys = keys << np.uint32(8) | samples[:, :, channel]
    return keys


def encode(numbers: Numbers, colours: Colours, progress: Progress | None = None) -> tuple[bytes, float]:
    """Return the bytes of a picture that was `split`, and their ideal length in bits.

    Args:
        progress: Callback with rows.
    """
    writer = new_writer()
    push = pushing(writer)
    bits = np.array(_bits_of(colours), bool)
    push(bits, np.full(len(bits), 1 << PRECISION - 1))
    height, width = numbers.shape
    picture = bordered(height, width)
    picture[ABOVE:, :width] = numbers
    walk(picture, len(colours), push, progress)
    count = write_number(len(colours) - 1)
    least = Wavefront(height, width, SLANT).least_bytes
    return count + writer.to_bytes().ljust(least, b"\0"), 8 * len(count) + writer.spent


def decode(data: bytes, height: int, width: int, channels: int, progress: Progress | None = None) -> Pixels:
    """Return the samples (H, W, C) of the bytes of a picture.

    Args:
        progress: Callback with rows.

    Raises:
        FormatError: no encoder wrote them, or they are too few for such work.
    """
    front = Wavefront(height, width, SLANT)
    if front.is_long:
        raise FormatError(f"it codes {width} x {height} pixels of few colours, too thin for that: damaged")
    count, start = read_number(data, 0)
    if count >= MOST_COLOURS:
        raise FormatError(f"a palette of {count + 1} colours is too long: damaged")
    if len(data) < start + front.least_bytes:
        raise FormatError(f"{len(data)} bytes are too few for {width} x {height} pixels: damaged")
    reader = new_reader(data[start:])
    colours = _read_colours(reader, count + 1, channels)
    picture = bordered(height, width)
    walk(picture, len(colours), popping(reader), progress)
    numbers = picture[ABOVE:, :width]
    if numbers.max() >= len(colours):
        raise FormatError("it has colours that are not in its palette: damaged")
    return colours[numbers]


def _bits_of(colours: Colours) -> list[int]:
    """Return bits of sorted colours: a 0 for each level of the first channel, a 1 and the other channels for each."""
    first, *others = ORDER[colours.shape[1]]
    out, level = list[int](), 0
    for colour in colours.tolist():
        out += [0] * (colour[first] - level) + [1]
        level = colour[first]
        out += [colour[channel] >> place & 1 for channel in others for place in range(7, -1, -1)]
    return out


def _read_colours(reader: Reader, count: int, channels: int) -> Colours:
    """Return as many colours.

    Raises:
        FormatError: there is one beyond the highest level.
    """

    def bit() -> int:
        return int(reader.pop(np.array([1 << PRECISION - 1]))[0])

    first, *others = ORDER[channels]
    colours, level = np.zeros((count, channels), np.uint8), 0
    for colour in colours:
        while not bit():
            level += 1
            if level > 255:
                raise FormatError("its palette goes beyond the highest level: damaged")
        colour[first] = level
        for channel in others:
            colour[channel] = sum(bit() << place for place in range(7, -1, -1))
    return colours
