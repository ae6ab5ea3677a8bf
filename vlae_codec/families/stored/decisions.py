"""What a walk through a picture needs: decisions of 0 and 1, which are pushed or popped with their probabilities."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ...coding.binary_coder import FEW, Reader, Writer
from ...coding.precision import Integers

Decide = Callable[[NDArray[np.bool_], Integers], NDArray[np.bool_]]
"""Returns decisions, from what they are if the picture is known, and P(1) in units of 2^-24."""


def new_writer() -> Writer:
    """Return a writer of words, however few decisions there will be."""
    return Writer(FEW + 1)


def new_reader(data: bytes) -> Reader:
    """Return a reader of what such a writer wrote.

    Raises:
        FormatError: the bytes are not whole words.
    """
    return Reader(data, FEW + 1)


def pushing(writer: Writer) -> Decide:
    """Return what pushes decisions that are known."""

    def push(bits: NDArray[np.bool_], ones: Integers) -> NDArray[np.bool_]:
        writer.push(bits.astype(np.int64), ones)
        return bits

    return push


def popping(reader: Reader) -> Decide:
    """Return what pops decisions; it raises FormatError if no encoder wrote them."""

    def pop(_: NDArray[np.bool_], ones: Integers) -> NDArray[np.bool_]:
        return reader.pop(ones).astype(bool)

    return pop
