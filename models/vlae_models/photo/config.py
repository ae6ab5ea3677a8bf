"""The recipe of a photo model: the shapes of its networks and how they are trained."""

from __future__ import annotations

import math
from dataclasses import dataclass

from vlae_codec.errors import ModelError

from ..recipe import Kind, Recipe, Schedule

SCALES = (4, 8, 16)
"""Pixels of the picture's side to one position of the maps of analysis and synthesis, finest first."""


@dataclass(frozen=True)
class PhotoConfig:
    """Shapes of the networks of a photo model.

    Attributes:
        widths: channels at 1/4, 1/8 and 1/16 of the picture's side.
        analysis_blocks: residual blocks of the analysis transform at these scales.
        synthesis_blocks: the same of the synthesis transform, which every receiver runs.
        slices: channels of the latents, slice by slice, in the order in which the prior codes them.
        hyper: channels of the hyper-latents, at 1/64 of the side.
        middle: channels of the networks between latents and hyper-latents.
        head: hidden channels of the prior's heads.
    """

    widths: tuple[int, ...] = (64, 128, 192)
    analysis_blocks: tuple[int, ...] = (2, 3, 3)
    synthesis_blocks: tuple[int, ...] = (2, 2, 3)
    slices: tuple[int, ...] = (32, 48, 64, 176)
    hyper: int = 64
    middle: int = 128
    head: int = 160

    def __post_init__(self) -> None:
        for key in ("widths", "analysis_blocks", "synthesis_blocks", "slices"):
            value = getattr(self, key)
            if not isinstance(value, (list, tuple)) or not all(type(entry) is int and entry > 0 for entry in value):
                raise ModelError(f"recipe: {key} = {value!r} should be a list of positive integers")
            object.__setattr__(self, key, tuple(value))  # TOML and checkpoints give lists
            if key != "slices" and len(value) != len(SCALES):
                raise ModelError(f"recipe: {key} = {list(value)} should have {len(SCALES)} entries")

    @property
    def latent(self) -> int:
        """Channels of the latents."""
        return sum(self.slices)


@dataclass(frozen=True)
class PhotoTraining(Schedule):
    """How a photo model is trained.

    Attributes:
        crop: side of a crop, pixels; a multiple of 64, 192 at least (MS-SSIM looks at four scales of half of it).
        gain_rate: factor of the learning rate for the gain units.
        muon: learning rate of the matrices of hidden layers by Muon, which fades with the other one; 0 for Adam.
        muon_decay: weight decay of those matrices, as a factor of their learning rate.
        coarsest: lambda at quality 0, bits a pixel for one unit of distortion (squared error of 0 ... 255).
        finest: the same at quality 1; between the two it rises exponentially.
        balance: exponent of lambda by which a crop's loss is divided, so that coarse crops count, too.
        structure: share of 1 - MS-SSIM in the distortion; the rest is the squared error.
        hyper_floor: bits a pixel of hyper-latents that cost nothing until the learning rate fades.
        drawn: share of crops from drawn pictures (text, charts, screenshots).
        grey: share of crops without colour.
        halved: share of crops cut twice as large and reduced.
        init: run whose averaged weights training starts from, a folder beside the run's own; "" for none.
        restore: released model, by name or fingerprint, that training starts from, its dead units anew; "" for none.
    """

    updates: int = 100000
    crop: int = 256
    gain_rate: float = 3.0
    muon: float = 0.015
    muon_decay: float = 0.5
    hold: float = 0.4
    coarsest: float = 6e-5
    finest: float = 0.04
    balance: float = 0.4
    structure: float = 0.6
    hyper_floor: float = 0.004
    drawn: float = 0.25
    grey: float = 0.05
    halved: float = 0.25
    init: str = ""
    restore: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.crop < 192 or self.crop % 64:
            raise ModelError("recipe: a crop's side is a multiple of 64, 192 at least")
        if not 0 < self.coarsest < self.finest or not 0 <= self.structure <= 1:
            raise ModelError("recipe: 0 < coarsest < finest, and structure lies in 0 ... 1")

        if self.init and self.restore:
            raise ModelError(
                "recipe: training starts from a run (init) or from a released model (restore), not from both"
            )

    @property
    def log_range(self) -> float:
        """Natural logarithm of finest over coarsest."""
        return math.log(self.finest / self.coarsest)


PhotoRecipe = Recipe[PhotoConfig, PhotoTraining]
PHOTO = Kind("photo", PhotoConfig, PhotoTraining)
