"""What comes of coding, of reading and of decoding a file, whatever its family."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ..model.info import ModelInfo

Progress = Callable[[int, int], None]
"""Callback with pictures, or rows of one, done since the last call, and the number of all."""
Section = dict[str, "str | int"]
"""Name, offset and length in bytes of a part of a file."""


@dataclass(frozen=True)
class Encoded:
    """A file's bytes, the model that they name, and what they cost.

    Attributes:
        data: the file.
        model: its model.
        size: of the picture, (H, W).
        coded_size: of the picture that is coded, which the windowed family makes smaller at low qualities.
        kl_bits: ideal length of the latents' code: -log2 p of rounded latents, or KL(q(z|x) || p(z)).
        lossy_bits: that as written.
        neg_elbo_bits: -ELBO, what the exact picture costs by bits-back; None where it was not computed.
        naive_bits: what a two-part code of the exact picture would cost, z on a grid of known width; likewise.
        residual_bits: of a lossless file, the exact pixels as written, else None.
        exact: the pixels that a lossless file gives back, if they are not those of the picture.
        notices: what happened to the picture before.
    """

    data: bytes
    model: ModelInfo
    size: tuple[int, int]
    coded_size: tuple[int, int]
    kl_bits: float
    lossy_bits: int
    neg_elbo_bits: float | None = None
    naive_bits: float | None = None
    residual_bits: int | None = None
    exact: NDArray[Any] | None = None
    notices: tuple[str, ...] = ()

    @property
    def payload_bits(self) -> int:
        """Bits of both parts as written."""
        return self.lossy_bits + (self.residual_bits or 0)


@dataclass(frozen=True)
class FileInfo:
    """What a file says of itself before its model is known.

    Attributes:
        prefix: first bytes of the model's fingerprint.
        mode: what kind of file it is, for people.
        lossless: whether it holds exact pixels.
        size: of the picture, (H, W); None if the model fixes it.
        coded_size: of the picture that is coded; None likewise.
        channels: 1 (grey) to 4 (RGB with alpha).
        depth: bits of a sample, 1, 8 or 16.
        payload: bytes of codes, lossy and exact.
        sections: all parts of the file, in order; none if only its beginning was read.
    """

    prefix: bytes
    mode: str
    lossless: bool
    size: tuple[int, int] | None = None
    coded_size: tuple[int, int] | None = None
    channels: int = 1
    depth: int = 1
    payload: int = 0
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True)
class Decoded:
    """The pictures of a file.

    Attributes:
        pictures: as many as samples were requested: bool (H, W) of the bilevel family; else uint8 or uint16,
            (H, W) grey, (H, W, 3) RGB, with alpha 2 or 4 channels.
        model: that of the file.
        lost: what is gone of the file, for people; empty if it is whole.
    """

    pictures: tuple[NDArray[Any], ...]
    model: ModelInfo
    lost: str = ""
