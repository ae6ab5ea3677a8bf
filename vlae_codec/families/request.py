"""Options of encoders and decoders; a family that cannot honour an option refuses it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from ..errors import OptionError, marked
from ..latents.payload import CODES, EFFORTS, MAX_BITS
from ..model.info import ModelInfo

DEFAULT_EFFORT = 5


@dataclass(frozen=True)
class Rate:
    """How pictures are coded; of bits, quality and target_bytes at most one is given.

    Attributes:
        bits: of the lossy code, 1 to 56, rounded up to whole bytes.
        quality: 0 to 100.
        target_bytes: the most bytes of the file.
        lossless: keep the exact pixels too.
        effort: 1 (fast) to 9 (fewest bits for what is kept); `DEFAULT_EFFORT` if it is not given.
        code: of `latents.payload.CODES`: "search", the default, for the best of a fixed number of codes, or "sample"
            for a true sample of the posterior.
        fit: resize pictures of another size than the model's.
        binarise: with `lossless`, round grey pixels to black and white first.
        refine: of the highest effort: returns the photo family's search for better latents by a model.

    Raises:
        OptionError: one is out of range, or two exclude one another.
    """

    bits: int | None = None
    quality: float | None = None
    target_bytes: int | None = None
    lossless: bool = False
    effort: int | None = None
    code: str | None = None
    fit: bool = False
    binarise: bool = False
    refine: Callable[[ModelInfo], Any] | None = None

    def __post_init__(self) -> None:
        sizes = [name for name in ("bits", "quality", "target_bytes") if getattr(self, name) is not None]
        if len(sizes) > 1:
            raise OptionError(f"{' and '.join(marked(sizes))} exclude one another")
        if self.bits is not None and not 1 <= self.bits <= MAX_BITS:
            raise OptionError(f"`bits` {self.bits}: a code has 1 to {MAX_BITS}")
        if self.quality is not None and not 0 <= self.quality <= 100:
            raise OptionError(f"`quality` {self.quality}: it goes from 0 to 100")
        if self.code is not None and self.code not in CODES:
            raise OptionError(f"`code` {self.code!r}: it is one of {', '.join(CODES)}")
        if self.steps not in EFFORTS:
            raise OptionError(f"`effort` {self.effort}: it goes from {min(EFFORTS)} to {max(EFFORTS)}")
        if self.lossless and (self.code is not None or self.quality is not None or self.target_bytes is not None):
            raise OptionError(
                "`lossless` chooses its lossy part itself: leave out `code`, `quality` and `target_bytes`"
            )
        if self.binarise and not self.lossless:
            raise OptionError("`binarise` needs `lossless`: lossy files of black and white round pixels anyway")

    @property
    def keeps_pixels(self) -> bool:
        """Whether pixels have to come back as they are given."""
        return self.lossless and not self.binarise

    @property
    def steps(self) -> int:
        """The effort, the default one if none is given."""
        return DEFAULT_EFFORT if self.effort is None else self.effort

    def check(self, options: Collection[str], info: ModelInfo) -> None:
        """Refuse options that are given and that a model does not have.

        Args:
            options: names of those that it has.

        Raises:
            OptionError: names what there is.
        """
        names = ("bits", "quality", "target_bytes", "lossless", "effort", "code", "fit", "binarise")
        given = [name for name in names if getattr(self, name) not in (None, False)]
        _refuse([name for name in given if name not in options], options, info)


DEFAULT = Rate()
"""What a family does where nothing is said."""


@dataclass(frozen=True)
class Draw:
    """How pictures are drawn.

    Attributes:
        seed: of the sampled texture, 0 to 2^63 - 1.
        samples: pictures of each file.
        temperature: of the texture, 0 to 1; by default what the family is best at.
        preview: draw the lossy part of a lossless file, even if the rest is gone.
        max_pixels: refuse files that announce more; by default `limits.MAX_PICTURE`.
        insist: refuse files without texture, whose picture is the same for all seeds.

    Raises:
        OptionError: one is out of range.
    """

    seed: int = 0
    samples: int = 1
    temperature: float | None = None
    preview: bool = False
    max_pixels: int | None = None
    insist: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 1 << 63:
            raise OptionError(f"`seed` {self.seed}: it goes from 0 to 2^63 - 1")
        if self.temperature is not None and not 0 <= self.temperature <= 1:
            raise OptionError(f"`temperature` {self.temperature}: it goes from 0 to 1")

    def warmth(self, several: float) -> float:
        """Return the temperature: that given, or else 0 of one picture and `several` of more."""
        return self.temperature if self.temperature is not None else several if self.samples > 1 else 0.0

    def check(self, options: Collection[str], info: ModelInfo) -> None:
        """Refuse options that are given and that files of a model do not have; as `Rate.check`."""
        given = {
            "seed": self.insist,
            "samples": self.samples > 1,
            "temperature": self.temperature is not None,
            "preview": self.preview,
        }
        _refuse([name for name, used in given.items() if used and name not in options], options, info)


def _refuse(unfit: list[str], options: Collection[str], info: ModelInfo) -> None:
    if unfit:
        has = ", ".join(marked(sorted(options))) or "no options"
        raise OptionError(
            f"{', '.join(marked(unfit))}: not for model {info.name} of the {info.family} family, which has {has}"
        )
