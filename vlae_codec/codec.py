"""Pictures to the bytes of `.vlz` files and back: joins models, sample code and container.

`compress` and `decompress` serve one picture. The commands use the steps behind them, which take many pictures at
once: `prepare` and `compress_images`, `unseal` and `draw_images`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import registry
from .container import Container, check, parse, write_container
from .errors import FormatError, ImageError, ModelError
from .images import Picture, Pixels, to_bilevel
from .integer_model import IntegerModel
from .registry import ModelInfo
from .sample_code import MAX_BITS, Code, decode, encode

__all__ = ["MAX_BITS", "candidates", "compress", "compress_images", "decompress", "draw_images", "identify"]
__all__ += ["prepare", "unseal"]

AUTO = "auto"
BATCH = 256

Progress = Callable[[int, int], None]
"""Called with the number of pictures done since the last call, and the number of all."""


@dataclass(frozen=True)
class Prepared:
    """A picture in the form that each model that may code it takes."""

    forms: tuple[tuple[ModelInfo, Picture], ...]


@dataclass(frozen=True)
class Compressed:
    """A file's bytes, the model they name, the bits spent and what happened to the picture before."""

    data: bytes
    model: ModelInfo
    code: Code
    notices: tuple[str, ...]


@dataclass(frozen=True)
class Unsealed:
    """What a file stands for: latents z, int64 (D,), of a model."""

    model: ModelInfo
    z: NDArray[np.int64]


def compress(pixels: Pixels, model: str = AUTO, *, bits: int | None = None, effort: int = 5) -> bytes:
    """The bytes of a .vlz file.

    Args:
        pixels: uint8, (H, W) grey or (H, W, 3) RGB, bright ink on black; binarised at half brightness.
        model: name, folder or fingerprint, or "auto" for the one with the shortest code.
        bits: of the code; by default the model's own choice.
        effort: 1 (fast) to 9 (fewest bits for what is kept).

    Raises:
        ImageError: no model takes this size.
        ModelError: the model is unknown or damaged.
    """
    prepared = prepare(Picture(pixels), candidates(model))
    return compress_images([prepared], bits=bits, effort=effort)[0].data


def decompress(data: bytes, seed: int = 0) -> Pixels:
    """A plausible picture of what a file stands for: uint8 (H, W), 0 or 255.

    Raises:
        FormatError: the bytes are no .vlz file, or are damaged.
        ModelError: the model is unknown or damaged.
    """
    drawn = draw_images([unseal(data)], seed=seed)[0]
    pixels: Pixels = drawn[0] * np.uint8(255)
    return pixels


def candidates(model: str = AUTO) -> list[ModelInfo]:
    """The models that may be chosen from: the one named, or all that are marked for "auto".

    Raises:
        ModelError: there is none.
    """
    if model != AUTO:
        return [registry.find_model(model)]
    models = [info for info in registry.list_models() if info.auto]
    if not models:
        raise ModelError(f"no models are installed: reinstall vlae-codec, or put one into {registry.user_folder()}")
    return models


def prepare(picture: Picture, models: Sequence[ModelInfo], fit: bool = False) -> Prepared:
    """The picture in the forms that these models take; with `fit` it is resized where it has to be.

    Raises:
        ImageError: none of them takes its size.
    """
    taking = [info for info in models if fit or picture.size == (info.height, info.width)]
    if not taking:
        sizes = ", ".join(f"{info.name} takes {info.width} x {info.height}" for info in models)
        height, width = picture.size
        raise ImageError(f"{width} x {height} pixels, and {sizes}: use --fit to resize it")
    return Prepared(tuple((info, to_bilevel(picture, info.height, info.width, fit)) for info in taking))


def compress_images(
    pictures: Sequence[Prepared],
    *,
    bits: int | None = None,
    quality: float | None = None,
    effort: int = 5,
    faithful: bool = False,
    device: str = "cpu",
    progress: Progress | None = None,
) -> list[Compressed]:
    """Each picture's file by the model with the shortest code for it; of equal ones, with the best -ELBO.

    Args:
        pictures: from `prepare`.
        bits: of each code; by default each model's own choice.
        quality: instead of bits, 0 to 100; 50 is the default.
        effort: 1 to 9.
        faithful: code a sample of q(z|x) in as many bits as it takes, not the best of a fixed number of codes.
        device: "cpu", "torch" or "cuda".
        progress: hears of pictures done; one that several models code counts for each.

    Raises:
        ModelError: a model is damaged, or the device is not there.
        FormatError: a code is too long for the format.
    """
    jobs: dict[ModelInfo, list[int]] = {}
    for number, picture in enumerate(pictures):
        for info, _ in picture.forms:
            jobs.setdefault(info, []).append(number)
    report = _counted(progress, sum(map(len, jobs.values())))
    options: list[list[Compressed]] = [[] for _ in pictures]
    for info, numbers in jobs.items():
        model = registry.load(info, device)
        forms = [dict(pictures[number].forms)[info] for number in numbers]
        stack = np.stack([form.pixels for form in forms])
        codes = encode(model, stack, bits=bits, quality=quality, effort=effort, faithful=faithful, progress=report)
        for number, form, code in zip(numbers, forms, codes, strict=True):
            data = write_container(code.mode, model.fingerprint, code.payload)
            options[number].append(Compressed(data, info, code, form.notices))
    return [min(option, key=lambda one: (one.code.payload_bits, one.code.neg_elbo_bits)) for option in options]


def unseal(data: bytes, device: str = "cpu") -> Unsealed:
    """The latents of a file, everything that can be verified being verified.

    Raises:
        FormatError: the bytes are no .vlz file, or are damaged.
        ModelError: the model is unknown or damaged.
    """
    info, container = identify(data)
    z = decode(registry.load(info, device), [container.mode], [container.payload])
    return Unsealed(info, z[0])


def identify(data: bytes) -> tuple[ModelInfo, Container]:
    """A file's model and parts, its checksum verified; no weights are read.

    Raises:
        FormatError: the bytes are no .vlz file, or are damaged.
        ModelError: the model is unknown.
    """
    container = parse(data)
    damage: FormatError | None = None
    for info in registry.find_prefix(container.prefix):
        try:
            check(data, bytes.fromhex(info.fingerprint))
            return info, container
        except FormatError as error:
            damage = error
    assert damage
    raise damage


def draw_images(
    files: Sequence[Unsealed],
    *,
    seed: int = 0,
    samples: int = 1,
    device: str = "cpu",
    progress: Progress | None = None,
) -> list[Pixels]:
    """Pictures of each file: uint8 0 and 1, (samples, H, W).

    Args:
        files: from `unseal`.
        seed: of the texture; equal seeds give equal pictures on every machine.
        samples: how many pictures of each file.
        device: "cpu", "torch" or "cuda".
        progress: hears of pictures done, each sample counted.

    Raises:
        ModelError: a model is damaged, or the device is not there.
    """
    report = _counted(progress, samples * len(files))
    jobs: dict[ModelInfo, list[int]] = {}
    for number, file in enumerate(files):
        jobs.setdefault(file.model, []).append(number)
    pictures: dict[int, Pixels] = {}
    for info, numbers in jobs.items():
        model = registry.load(info, device)
        for start in range(0, len(numbers), BATCH):
            batch = numbers[start : start + BATCH]
            drawn = _draw(model, np.stack([files[number].z for number in batch]), seed, samples, report)
            pictures |= zip(batch, drawn, strict=True)
    return [pictures[number] for number in range(len(files))]


def _draw(model: IntegerModel, z: NDArray[np.int64], seed: int, samples: int, report: Callable[[int], None]) -> Pixels:
    draws = []
    for draw in range(samples):
        draws.append(model.draw(z, seed, draw))
        report(len(z))
    return np.stack(draws, axis=1)


def _counted(progress: Progress | None, total: int) -> Callable[[int], None]:
    return (lambda done: progress(done, total)) if progress else (lambda done: None)
