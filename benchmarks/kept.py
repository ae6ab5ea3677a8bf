"""Compress and decompress images with one setting, and count what is left of them."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.classifier import classify
from benchmarks.judged import Judged
from vlae_codec.latents.payload import decode, encode
from vlae_codec.latents.posterior import grid, posterior_of, rates
from vlae_codec.model.networks import IntegerModel

OTHER_SEED = 1
"""A second picture of each code; the sender looked only at the one of seed 0."""
CEILING_DRAWS = 16
"""Pictures of an uncoded z; as many as the sender draws at effort 5."""


@dataclass(frozen=True)
class Setting:
    """How to compress.

    Attributes:
        code: "search" or "sample".
        bits: payload bits, met to the bit by a search; None is the default quality (exponent 1 of a sample).
        effort: 1 ... 9.
    """

    code: str = "search"
    bits: int | None = None
    effort: int = 5


@dataclass(frozen=True)
class Kept:
    """Means over the images: lengths in bits, shares of 1, seconds an image."""

    images: int
    payload_bits: float
    kl_bits: float
    distortion_bits: float
    class_kept: float
    class_kept_other_seed: float
    pixel_errors: float
    encode_seconds: float
    decode_seconds: float


def measure(model: IntegerModel, judged: Judged, setting: Setting, note: str = "") -> Kept:
    """Measure the bits that a setting spends on the images and the classes that it keeps."""
    images, labels = judged.images, judged.labels
    started = time.monotonic()
    title = f"{note or model.name} {setting.code} {setting.bits or 'default'} bits effort {setting.effort}"
    with tqdm(total=len(images), desc=title, unit="image", leave=False, disable=None) as bar:

        def advance(done: int) -> None:
            bar.update(done)

        codes = encode(
            model,
            images,
            bits=setting.bits,
            effort=setting.effort,
            code=setting.code,
            exact_bits=True,
            progress=advance,
        )
    encoded = time.monotonic()
    lengths = [code.payload_bits for code in codes]
    z = decode(model, [code.mode for code in codes], [code.payload for code in codes], lengths)
    pictures = model.draw(z)
    decoded = time.monotonic()
    return Kept(
        images=len(images),
        payload_bits=round(float(np.mean([code.payload_bits for code in codes])), 3),
        kl_bits=round(float(np.mean([code.kl_bits for code in codes])), 3),
        distortion_bits=round(float(model.distortion_bits(images, z).mean()), 3),
        class_kept=round(float((classify(pictures, judged) == labels).mean()), 4),
        class_kept_other_seed=round(float((classify(model.draw(z, seed=OTHER_SEED), judged) == labels).mean()), 4),
        pixel_errors=round(float((pictures != images).mean()), 4),
        encode_seconds=round((encoded - started) / len(images), 4),
        decode_seconds=round((decoded - encoded) / len(images), 4),
    )


@dataclass(frozen=True)
class Ceiling:
    """What z holds at the mean of q, with no code between. Means over the images; lengths in bits, shares of 1."""

    kl_bits: float
    distortion_bits: float
    class_kept: float
    class_kept_best: float


def ceiling(model: IntegerModel, judged: Judged) -> Ceiling:
    """Measure what the mean of the posterior keeps, in a picture and in the best of `CEILING_DRAWS`."""
    posterior = posterior_of(model, judged.images)
    z = grid(posterior.mean)
    kept = [classify(model.draw(z, seed), judged) == judged.labels for seed in range(CEILING_DRAWS)]
    return Ceiling(
        kl_bits=round(float(rates(model, judged.images, posterior).kl.mean()), 3),
        distortion_bits=round(float(model.distortion_bits(judged.images, z).mean()), 3),
        class_kept=round(float(np.mean(kept)), 4),
        class_kept_best=round(float(np.any(kept, axis=0).mean()), 4),
    )


def row(model: str, setting: Setting, kept: Kept) -> dict[str, Any]:
    """One row of a result."""
    return {"model": model, **asdict(setting), **asdict(kept)}
