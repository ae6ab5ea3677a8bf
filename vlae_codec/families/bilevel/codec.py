"""Pictures to the bytes of `.vlz` files and back: joins models, sample code and container.

`compress` and `decompress` serve one picture. The commands use the steps behind them, which take many pictures at
once: `prepare` and `compress_images`, `open_file` and `draw_images`. `draw_prior` draws pictures of no file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...container.header import Container, check_lossless, write_container, write_lossless
from ...container.limits import check_pixels
from ...errors import FormatError
from ...io.datasets import check_size
from ...io.images import Picture, Pixels, refuse_changes, to_bilevel
from ...latents.labelled import check_label
from ...latents.payload import MAX_BITS, Code, check_payload, decode, encode
from ...latents.prior import MAX_SEED, sample_prior
from ...model.info import ModelInfo
from ...model.networks import IntegerModel
from .. import registry
from ..choice import candidates
from ..registry import AUTO
from . import lossless as lossless_code
from .identify import identify, is_archive, parse_any
from .lossless import LosslessCode

__all__ = ["AUTO", "MAX_BITS", "MAX_SEED", "candidates", "compress", "compress_images", "decompress", "draw_images"]
__all__ += ["draw_prior", "identify"]
__all__ += ["compress_lossless", "is_archive", "open_file", "parse_any", "prepare", "verify"]

BATCH = 256

Report = Callable[[int], None]
Progress = Callable[[int, int], None]
"""Called with the number of pictures done since the last call, and the number of all."""


@dataclass(frozen=True)
class Prepared:
    """A picture in the form that each model that may code it takes."""

    forms: tuple[tuple[ModelInfo, Picture], ...]


@dataclass(frozen=True)
class Compressed:
    """A file's bytes, the model they name, the bits spent, what happened to the picture before, and its 0s and 1s."""

    data: bytes
    model: ModelInfo
    code: Code | LosslessCode
    notices: tuple[str, ...]
    pixels: Pixels


@dataclass(frozen=True)
class OpenedFile:
    """What a file stands for.

    Attributes:
        model: its model.
        mode, payload: its code, verified; latents of many files are decoded together.
        residual: of a lossless file, what makes the picture exact.
        notice: what the file has lost, in a preview of a lossless one.
    """

    model: ModelInfo
    mode: int
    payload: bytes
    residual: bytes | None = None
    notice: str | None = None


def compress(
    pixels: Pixels, model: str = AUTO, *, bits: int | None = None, effort: int = 5, lossless: bool = False
) -> bytes:
    """Return the bytes of a .vlz file.

    Args:
        pixels: uint8, (H, W) grey or (H, W, 3) RGB, bright ink on black; binarised at half brightness.
        model: name, folder or fingerprint, or "auto" for the one with the shortest code.
        bits: of the code; by default the model's own choice.
        effort: 1 (fast) to 9 (fewest bits for what is kept).
        lossless: keep the exact pixels too; `bits` are those of the lossy part then.

    Raises:
        ImageError: no model takes this size; or the pixels are not 0 and 255 and are to be kept.
        ModelError: the model is unknown or damaged.
    """
    prepared = prepare(Picture(pixels), candidates(model, lossless), exact=lossless)
    if lossless:
        return compress_lossless([prepared], bits=bits, effort=effort)[0].data
    return compress_images([prepared], bits=bits, effort=effort)[0].data


def decompress(data: bytes, seed: int = 0) -> Pixels:
    """Return a plausible picture for a file, a lossless file's exact one: uint8 (H, W), 0 or 255.

    Raises:
        FormatError: the bytes are no .vlz file, or are damaged.
        ModelError: the model is unknown or damaged.
    """
    drawn = draw_images([open_file(data)], seed=seed)[0]
    pixels: Pixels = drawn[0] * np.uint8(255)
    return pixels


def prepare(picture: Picture, models: Sequence[ModelInfo], fit: bool = False, exact: bool = False) -> Prepared:
    """Prepare the picture in the forms that these models take; with `fit` it is resized where it has to be.

    Raises:
        ImageError: none of them takes its size; or `exact` is set and something was changed in it.
    """
    if not fit:
        check_size(picture.size, models)
    taking = [info for info in models if fit or picture.size == (info.height, info.width)]
    forms = tuple((info, to_bilevel(picture, info.height, info.width, fit)) for info in taking)
    for _, form in forms:
        if exact:
            refuse_changes(form.notices)
    return Prepared(forms)


def compress_images(
    pictures: Sequence[Prepared],
    *,
    bits: int | None = None,
    quality: float | None = None,
    effort: int = 5,
    code: str | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
) -> list[Compressed]:
    """Each picture's file by the model with the shortest code for it; of equal ones, with the best -ELBO.

    Args:
        pictures: from `prepare`.
        bits: of each code; by default each model's own choice.
        quality: instead of bits, 0 to 100; 50 is the default.
        effort: 1 to 9.
        code: as for `payload.encode`.
        device: "cpu", "torch" or "cuda".
        progress: called with pictures done and all; one that several models code counts for each.

    Raises:
        ModelError: a model is damaged, or the device is not there.
        FormatError: a code is too long for the format.
    """
    jobs = _jobs(pictures)
    report = counted(progress, sum(map(len, jobs.values())))
    options: list[list[Compressed]] = [[] for _ in pictures]
    for info, numbers in jobs.items():
        model = registry.load(info, IntegerModel, device)
        forms = [dict(pictures[number].forms)[info] for number in numbers]
        stack = np.stack([form.pixels for form in forms])
        codes = encode(model, stack, bits=bits, quality=quality, effort=effort, code=code, progress=report)
        for number, form, made in zip(numbers, forms, codes, strict=True):
            data = write_container(made.mode, model.fingerprint, made.payload)
            options[number].append(Compressed(data, info, made, form.notices, form.pixels))
    return [min(option, key=lambda one: (one.code.payload_bits, one.code.neg_elbo_bits)) for option in options]


def compress_lossless(
    pictures: Sequence[Prepared],
    *,
    bits: int | None = None,
    effort: int = 5,
    device: str = "cpu",
    progress: Progress | None = None,
) -> list[Compressed]:
    """Each picture's lossless file, by the model that makes it shortest.

    Args:
        pictures: from `prepare`.
        bits: of the lossy part; by default as many as a lossy file of the picture would have.
        effort: 1 to 9.
        device: "cpu", "torch" or "cuda".
        progress: called with pictures done and all; one that several models code counts for each.

    Raises:
        ModelError: a model is damaged, or the device is not there.
    """
    jobs = _jobs(pictures)
    report = counted(progress, sum(map(len, jobs.values())))
    options: list[list[Compressed]] = [[] for _ in pictures]
    for info, numbers in jobs.items():
        model = registry.load(info, IntegerModel, device)
        forms = [dict(pictures[number].forms)[info] for number in numbers]
        codes = lossless_code.encode(
            model, np.stack([form.pixels for form in forms]), bits=bits, effort=effort, progress=report
        )
        for number, form, code in zip(numbers, forms, codes, strict=True):
            data = write_lossless(code.mode, model.fingerprint, code.payload, code.residual)
            options[number].append(Compressed(data, info, code, form.notices, form.pixels))
    return [min(option, key=lambda one: (len(one.data), one.code.neg_elbo_bits)) for option in options]


def open_file(data: bytes, device: str = "cpu", preview: bool = False, max_pixels: int | None = None) -> OpenedFile:
    """Read a file of one picture, verifying everything that can be verified.

    Args:
        data: the file.
        device: "cpu", "torch" or "cuda".
        preview: of a lossless file take the lossy part alone, even if the rest is gone.
        max_pixels: of the picture; by default `limits.MAX_PICTURE`.

    Raises:
        FormatError: the bytes are no .vlz file of one picture, are damaged, or announce too many pixels.
        ModelError: the model is unknown or damaged.
    """
    info, container = identify(data)
    check_pixels(info.height, info.width, 1, max_pixels)
    check_payload(registry.load(info, IntegerModel, device), container.mode, container.payload)
    file = OpenedFile(info, container.mode, container.payload)
    if isinstance(container, Container):
        return file
    whole = check_lossless(data, container, bytes.fromhex(info.fingerprint))
    lost = f"cut short or damaged behind its lossy part, of whose residual {len(container.residual)} bytes are there"
    if preview:
        notice = None if whole else f"{lost}: the exact pixels are lost, this is the lossy picture"
        return replace(file, notice=notice)
    if not whole:
        raise FormatError(f"{lost}: the exact pixels are lost, --preview draws the lossy picture")
    return replace(file, residual=container.residual)


def verify(result: Compressed, device: str = "cpu") -> None:
    """Decode a file that was just made.

    Raises:
        FormatError: it is not what it should be.
    """
    file = open_file(result.data, device)
    if file.residual is not None and (draw_images([file], device=device)[0][0] != result.pixels).any():
        raise FormatError("the exact picture does not come back: please report this")


def draw_images(
    files: Sequence[OpenedFile],
    *,
    seed: int = 0,
    samples: int = 1,
    device: str = "cpu",
    progress: Progress | None = None,
) -> list[Pixels]:
    """Pictures of each file: uint8 0 and 1, (samples, H, W); of a lossless one, copies of the exact picture.

    Args:
        files: from `open_file`.
        seed: of the texture; equal seeds give equal pictures on every machine.
        samples: how many pictures of each file.
        device: "cpu", "torch" or "cuda".
        progress: called with pictures done and all, each sample counted.

    Raises:
        ModelError: a model is damaged, or the device is not there.
    """
    report = counted(progress, samples * len(files))
    jobs: dict[tuple[ModelInfo, bool], list[int]] = {}
    for number, file in enumerate(files):
        jobs.setdefault((file.model, file.residual is not None), []).append(number)
    pictures: dict[int, Pixels] = {}
    for (info, exact), numbers in jobs.items():
        model = registry.load(info, IntegerModel, device)
        for start in range(0, len(numbers), BATCH):
            numbers_now = numbers[start : start + BATCH]
            batch = [files[number] for number in numbers_now]
            drawn = _restore(model, batch, samples, report) if exact else _draw(model, batch, seed, samples, report)
            pictures |= zip(numbers_now, drawn, strict=True)
    return [pictures[number] for number in range(len(files))]


def draw_prior(
    info: ModelInfo,
    count: int,
    *,
    seed: int = 0,
    label: int | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
) -> Pixels:
    """Return pictures that the model makes up, z from p(z) and then pixels from p(x|z): uint8 0 and 1, (count, H, W).

    Args:
        info: the model.
        count: how many; they are independent, and more of one seed begin alike.
        seed: 0 to `MAX_SEED`; equal seeds give equal pictures on every machine.
        label: of all pictures, for a model with labels; by default each label in turn.
        device: "cpu", "torch" or "cuda".
        progress: called with pictures done since the last call, and the number of all.

    Raises:
        ModelError: the model is damaged or has no such label, or the device is not there.
    """
    model, report = registry.load(info, IntegerModel, device), counted(progress, count)
    if label is not None:
        check_label(model, label)
    z, drawn = _sample_labelled(model, count, seed, label) if model.labels else sample_prior(model, count, seed), []
    for start in range(0, count, BATCH):
        numbers = np.arange(start, min(count, start + BATCH), dtype=np.int64)
        drawn.append(model.draw(z[numbers], seed, numbers))
        report(len(numbers))
    return np.concatenate(drawn)


def _sample_labelled(model: IntegerModel, count: int, seed: int, label: int | None) -> NDArray[np.int64]:
    """Return latents of one label or of each in turn, joined; a number has the same noise under each label."""
    labels = np.arange(count) % model.labels if label is None else np.full(count, label)
    found = {one: sample_prior(model.given(one), count, seed) for one in np.unique(labels).tolist()}
    return model.joined(np.stack([found[one][number] for number, one in enumerate(labels.tolist())]), labels)


def _draw(model: IntegerModel, batch: Sequence[OpenedFile], seed: int, samples: int, report: Report) -> Pixels:
    z, draws = _latents(model, batch), []
    for draw in range(samples):
        draws.append(model.draw(z, seed, draw))
        report(len(z))
    return np.stack(draws, axis=1)


def _latents(model: IntegerModel, batch: Sequence[OpenedFile]) -> NDArray[np.int64]:
    return decode(model, [file.mode for file in batch], [file.payload for file in batch])


def _restore(model: IntegerModel, batch: Sequence[OpenedFile], samples: int, report: Report) -> Pixels:
    exact = lossless_code.restore(model, _latents(model, batch), [file.residual or b"" for file in batch])
    report(samples * len(batch))
    return np.repeat(exact[:, None], samples, axis=1)


def _jobs(pictures: Sequence[Prepared]) -> dict[ModelInfo, list[int]]:
    """Which pictures each model may code."""
    jobs: dict[ModelInfo, list[int]] = {}
    for number, picture in enumerate(pictures):
        for info, _ in picture.forms:
            jobs.setdefault(info, []).append(number)
    return jobs


def counted(progress: Progress | None, total: int) -> Report:
    """Return a callback of pictures done that calls `progress` with them and the number of all."""
    return (lambda done: progress(done, total)) if progress else (lambda done: None)
