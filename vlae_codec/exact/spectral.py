"""3x3 convolutions of small maps by their Fourier transform, with the integers that `layers.Conv3x3` gives (design D5).

With one row and one column of zeros beside it, a map is a period of a periodic one, and a convolution multiplies each
of its frequencies by a matrix of channels: four products for each complex frequency where nine taps take eighteen, and
no taps to gather. The transforms are products too, first along columns, then along rows.

Results are multiples of 2^-shift, so that those of float64 are exact as soon as they are off by less than half of
that: half of it is added before they are rounded down. `Kernel.most` says up to which activations that is certain.
In float32 they are nearly the same.

Maps are (H, W, C, B). Frequencies of a side of n pixels are those of N = n + 1: the real ones (0, and N / 2 of an even
N), then a row for the real and a row for the imaginary part of each other one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .layers import LIMIT

Floats = NDArray[Any]

ROUNDING = 2.0**-53
TAPS = [(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1)]
SIDE = 24
"""Pixels of the longest side whose convolutions take less time so."""
WAVE_ERROR = 9
"""By how many roundings a cosine or sine of `_wave` is off, at most: 2.4 of an angle below pi, and its own."""


def _wave(numbers: NDArray[np.int64], period: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return cosine and sine of whole numbers of the period's parts."""
    turned = (numbers + period // 2) % period - period // 2  # small angles are the more exact ones
    angles = 2 * math.pi * turned / period
    return np.cos(angles), np.sin(angles)


@dataclass(frozen=True)
class Side:
    """The transform of one side of a map.

    Attributes:
        size: N, the frequencies.
        real: how many of them are real; the others come in pairs of which one is kept.
        analysis: of real numbers, (N, n).
        synthesis: back, (n, N).
        whole: of complex numbers, from n real and n imaginary parts to all N frequencies, (2 N, 2 n).
        back: its inverse, (2 n, 2 N).
    """

    size: int
    real: int
    analysis: Floats
    synthesis: Floats
    whole: Floats
    back: Floats

    @classmethod
    def of(cls, pixels: int, dtype: Any) -> Side:
        """Return the transform of a side of so many pixels."""
        size = pixels + 1
        real, places = 2 - size % 2, np.arange(pixels)
        kept = np.concatenate([[0, size // 2][:real], np.arange(1, (size + 1) // 2)]).astype(np.int64)
        cosine, sine = _wave(kept[:, None] * places, size)
        pairs = np.stack([cosine[real:], -sine[real:]], axis=1).reshape(-1, pixels)
        analysis = np.concatenate([cosine[:real], pairs])
        weights = np.concatenate([np.ones(real), np.full(len(pairs), 2.0)])
        cosine, sine = _wave(np.arange(size)[:, None] * places, size)
        whole = np.stack([np.hstack([cosine, sine]), np.hstack([-sine, cosine])], axis=1).reshape(2 * size, -1)
        matrices = analysis, (weights[:, None] * analysis).T / size, whole, whole.T / size
        return cls(size, real, *(np.ascontiguousarray(matrix, dtype) for matrix in matrices))

    def positive(self) -> Side:
        """Return the side with the absolute values of its matrices."""
        return self._with(np.abs)

    def flat(self) -> Side:
        """Return the side with the largest absolute values of its matrices everywhere."""
        return self._with(lambda matrix: np.full(matrix.shape, np.abs(matrix).max()))

    def _with(self, change: Callable[[Floats], Floats]) -> Side:
        matrices = (self.analysis, self.synthesis, self.whole, self.back)
        return Side(self.size, self.real, *(change(matrix.astype(np.float64)) for matrix in matrices))


class Transform:
    """The transform of maps of one size.

    Args:
        height, width: of the maps.
        dtype: float64 or float32.
        rows, columns: other transforms of the sides.
    """

    def __init__(
        self, height: int, width: int, dtype: Any, rows: Side | None = None, columns: Side | None = None
    ) -> None:
        self.dtype, self.shape = dtype, (height, width)
        self.rows, self.columns = rows or Side.of(height, dtype), columns or Side.of(width, dtype)
        self.frequencies = self.rows.size * self.columns.size
        # Arrays, for numpy would make new ones of numbers in every call.
        self.bounds = tuple(np.array(bound, dtype) for bound in (-LIMIT, 0, LIMIT))

    def frequency_numbers(self) -> NDArray[np.int64]:
        """Return which frequency of columns and of rows each line of a spectrum belongs to, (frequencies, 2)."""

        def kept(side: Side) -> list[int]:
            return [0, side.size // 2][: side.real] + [k for k in range(1, (side.size + 1) // 2) for _ in range(2)]

        real = [(row, column) for row in kept(self.rows)[: self.rows.real] for column in kept(self.columns)]
        others = kept(self.rows)[self.rows.real :: 2]
        return np.array(real + [(row, k) for row in others for k in range(self.columns.size) for _ in range(2)])

    def parts(self, spectrum: Floats) -> tuple[Floats, Floats, Floats]:
        """Return views of a spectrum (frequencies, C, B): real frequencies, and complex ones as (..., 2 C, B)."""
        (_, channels, batch), real = spectrum.shape, self.columns.real
        edge = self.rows.real * self.columns.size
        first = spectrum[:edge].reshape(self.rows.real, self.columns.size, channels, batch)
        pairs = first[:, real:].reshape(self.rows.real, -1, 2 * channels, batch)
        return first[:, :real], pairs, spectrum[edge:].reshape(-1, 2 * channels, batch)

    def analyse(self, maps: Floats, planes: Floats, spectrum: Floats) -> None:
        """Write the spectrum (frequencies, C, B) of maps (H, W, C, B); as many planes (H + 1, W, C, B) serve."""
        (height, width), rows, columns = self.shape, self.rows, self.columns
        planes = planes.reshape(rows.size, -1)
        np.matmul(rows.analysis, maps.reshape(height, -1), out=planes)
        edge, lines = rows.real * columns.size, spectrum.reshape(self.frequencies, -1)
        size = lines.shape[1]
        real, pairs = (
            planes[: rows.real].reshape(rows.real, width, size),
            planes[rows.real :].reshape(-1, 2 * width, size),
        )
        np.matmul(columns.analysis, real, out=lines[:edge].reshape(rows.real, columns.size, size))
        np.matmul(columns.whole, pairs, out=lines[edge:].reshape(-1, 2 * columns.size, size))

    def synthesise(self, spectrum: Floats, planes: Floats, maps: Floats) -> None:
        """Write the maps of a spectrum; as of `analyse`."""
        (height, width), rows, columns = self.shape, self.rows, self.columns
        planes = planes.reshape(rows.size, -1)
        edge, lines = rows.real * columns.size, spectrum.reshape(self.frequencies, -1)
        size = lines.shape[1]
        real, pairs = (
            planes[: rows.real].reshape(rows.real, width, size),
            planes[rows.real :].reshape(-1, 2 * width, size),
        )
        np.matmul(columns.synthesis, lines[:edge].reshape(rows.real, columns.size, size), out=real)
        np.matmul(columns.back, lines[edge:].reshape(-1, 2 * columns.size, size), out=pairs)
        np.matmul(rows.synthesis, planes, out=maps.reshape(height, -1))


@dataclass(frozen=True)
class Kernel:
    """A convolution as what multiplies the spectrum of its input.

    Attributes:
        real: of real frequencies, (..., outputs, inputs).
        pairs, whole: of complex ones, [[Re, -Im], [Im, Re]], (..., 2 outputs, 2 inputs).
        bias: what is added to the spectrum's first line, (outputs, 1): the bias, and what makes rounding down exact.
        most: largest activation of an input with which the result is certainly exact, in float64.
    """

    real: Floats
    pairs: Floats
    whole: Floats
    bias: Floats
    most: float

    @classmethod
    def of(cls, folded: NDArray[np.float64], transform: Transform, shift: int) -> Kernel:
        """Return the kernel of a convolution of `kernels.fold`, whose weights are multiples of 2^-shift."""
        outputs, inputs = len(folded), folded.shape[1] // len(TAPS)
        taps, period = folded[:, :-1].reshape(outputs, len(TAPS), inputs), transform.rows.size * transform.columns.size
        turns = transform.frequency_numbers() * [transform.columns.size, transform.rows.size] @ np.array(TAPS).T
        real, pairs, whole = (
            _matrices(taps, turns[lines[..., 0, 0]], period, lines.shape[-2] == 2).astype(transform.dtype)
            for lines in transform.parts(np.arange(transform.frequencies).reshape(-1, 1, 1))
        )
        half = 2.0 ** -(shift + 1)
        bias = ((folded[:, -1:] + half) * transform.frequencies).astype(transform.dtype)
        weights, offset = float(np.abs(taps).sum(axis=(1, 2)).max()), float(np.abs(folded[:, -1]).max())
        spare = half - _terms(transform, inputs) * ROUNDING * offset
        return cls(real, pairs, whole, bias, spare / _error(transform, weights, inputs))

    def apply(self, transform: Transform, spectrum: Floats, out: Floats) -> None:
        """Write the spectrum (frequencies, outputs, B) of the result for that of an input (frequencies, inputs, B)."""
        matrices = self.real, self.pairs, self.whole
        for matrix, x, y in zip(matrices, transform.parts(spectrum), transform.parts(out), strict=True):
            np.matmul(matrix, x, out=y)
        out[0] += self.bias


def _matrices(taps: Floats, turns: NDArray[np.int64], period: int, complex_ones: bool) -> Floats:
    """Return what taps (outputs, 9, inputs) are at frequencies that turn by so many parts of a period, (..., 9)."""
    outputs, _, inputs = taps.shape
    flat = np.ascontiguousarray(taps.swapaxes(0, 1)).reshape(len(TAPS), -1)
    even, odd = (np.asarray(wave @ flat).reshape(*turns.shape[:-1], outputs, inputs) for wave in _wave(turns, period))
    if not complex_ones:
        return even
    blocks = np.empty((*turns.shape[:-1], 2, outputs, 2, inputs))
    blocks[..., 0, :, 0, :] = blocks[..., 1, :, 1, :] = even
    blocks[..., 1, :, 0, :] = odd
    np.negative(odd, out=blocks[..., 0, :, 1, :])
    return blocks.reshape(*turns.shape[:-1], 2 * outputs, 2 * inputs)


def _terms(transform: Transform, inputs: int) -> int:
    """Return how many roundings a result of so many channels can have gone through."""
    (height, width), rows, columns = transform.shape, transform.rows.size, transform.columns.size
    return height + 2 * width + 2 * inputs + len(TAPS) + 2 * columns + rows + 8


def _error(transform: Transform, weights: float, inputs: int) -> float:
    """Return how far a result can be off for each unit of the largest activation.

    Each number on the way is a sum of products. Were all of them positive, the result would be what each rounding is
    relative to; a number is rounded no more often than it has terms before it. Waves are off by a part of 1.

    Args:
        weights: largest sum of an output's absolute weights.
        inputs: channels.
    """
    bounds = (_largest(transform, Side.positive), _largest(transform, Side.flat))
    return ROUNDING * weights * (_terms(transform, inputs) * bounds[0] + 5 * WAVE_ERROR * bounds[1])


def _largest(transform: Transform, of_side: Callable[[Side], Side]) -> float:
    """Return the largest result of activations of 1 and weights that sum up to 1, with the sides' matrices replaced."""
    sides, (height, width) = map(of_side, (transform.rows, transform.columns)), transform.shape
    changed = Transform(height, width, np.float64, *sides)
    planes, spectrum = np.zeros((changed.rows.size, width, 1, 1)), np.zeros((changed.frequencies, 1, 1))
    maps = np.ones((height, width, 1, 1))
    changed.analyse(maps, planes, spectrum)
    for pairs in changed.parts(spectrum)[1:]:
        pairs[...] = math.sqrt(2) * pairs.max(axis=-2, keepdims=True)  # |cosine| + |sine| is sqrt(2) at most
    changed.synthesise(spectrum, planes, maps)
    return float(maps.max())


def kernels(blocks: Sequence[tuple[Floats, Floats]], transform: Transform, shift: int) -> list[tuple[Kernel, Kernel]]:
    """Return the kernels of residual blocks."""
    return [(Kernel.of(first, transform, shift), Kernel.of(second, transform, shift)) for first, second in blocks]


class Maps:
    """Maps of one resolution (H, W, C, B) with memory for their convolutions.

    Args:
        transform: of their size.
        channels: C.
        most: channels of the result of any convolution, at most.
        batch: B.

    Attributes:
        stream: what residual blocks add to.
        active: its ReLU.
    """

    def __init__(self, transform: Transform, channels: int, most: int, batch: int) -> None:
        shape, dtype = (*transform.shape, channels, batch), transform.dtype
        self.transform, self.exact = transform, dtype == np.float64
        self.stream, self.active, self._update = (np.zeros(shape, dtype) for _ in range(3))
        self._lines = transform.rows.size * transform.shape[1]
        sizes = self._lines, transform.frequencies, transform.frequencies
        self._planes, *self._spectra = (np.zeros(size * most * batch, dtype) for size in sizes)

    def convolve(self, kernel: Kernel, maps: Floats, out: Floats) -> bool:
        """Write a convolution to `out`, rounded; return whether it is certainly exact."""
        transform, batch = self.transform, maps.shape[3]
        certain = not self.exact or bool(maps.max() <= kernel.most)

        def view(memory: Floats, lines: int, channels: int) -> Floats:
            return memory[: lines * channels * batch].reshape(lines, channels, batch)

        inputs, outputs = maps.shape[2], out.shape[2]
        before, after = (
            view(memory, transform.frequencies, channels)
            for memory, channels in zip(self._spectra, (inputs, outputs), strict=True)
        )
        transform.analyse(maps, view(self._planes, self._lines, inputs), before)
        kernel.apply(transform, before, after)
        transform.synthesise(after, view(self._planes, self._lines, outputs), out)
        if self.exact:
            np.floor(out, out=out)
        return certain

    def residuals(self, blocks: list[tuple[Kernel, Kernel]]) -> bool:
        """Do all the blocks, and leave the ReLU of the result active; return whether it is certainly exact."""
        (low, zero, high), stream, update, certain = self.transform.bounds, self.stream, self._update, True
        stream.clip(zero, high, self.active)
        for first, second in blocks:
            certain &= self.convolve(first, self.active, update)
            update.clip(zero, high, update)
            certain &= self.convolve(second, update, update)
            if self.exact:
                update.clip(low, high, update)
            np.add(stream, update, out=stream)
            if self.exact:
                stream.clip(low, high, stream)
            stream.clip(zero, high, self.active)
        return certain
