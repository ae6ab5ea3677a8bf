"""Bilevel pictures to the bytes of files and back: joins models, sample code and container.

`prepare` and `compress_images`, `open_file` and `draw_images` take many pictures at once; `draw_prior` draws pictures
of no file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...container.header import write_container, write_lossless
from ...container.limits import check_pixels
from ...errors import FormatError
from ...io.datasets import check_size
from ...io.forms import refuse_changes, to_bilevel
from ...io.images import Picture, Pixels
from ...latents.labelled import check_label
from ...latents.payload import Code, check_payload, decode, encode
from ...latents.prior import sample_prior
from ...model.info import ModelInfo
from ...model.networks import IntegerModel
from .. import registry
from ..request import DEFAULT_EFFORT
from ..result import Encoded, Progress
from . import lossless as lossless_code
from .identify import identify
from .lossless import LosslessCode

BATCH = 512

Report = Callable[[int], None]
Forms = dict[ModelInfo, Picture]
"""A picture in the form that each model that may code it takes."""


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

    @property
    def lossy(self) -> bytes:
        """The `.vlz` file of its lossy code alone."""
        return write_container(self.mode, bytes.fromhex(self.model.fingerprint), self.payload)


def prepare(picture: Picture, models: Sequence[ModelInfo], fit: bool = False, exact: bool = False) -> Forms:
    """Prepare the picture in the forms that these models take; with `fit` it is resized where it has to be.

    Raises:
        ImageError: none of them takes its size; or `exact` is set and something was changed in it.
    """
    if not fit:
        check_size(picture.size, models)
    taking = [info for info in models if fit or picture.size == (info.height, info.width)]
    forms = {info: to_bilevel(picture, info.height, info.width, fit) for info in taking}
    for form in forms.values() if exact else ():
        refuse_changes(form.notices)
    return forms


def compress_images(
    pictures: Sequence[Forms],
    *,
    bits: int | None = None,
    quality: float | None = None,
    effort: int = DEFAULT_EFFORT,
    code: str | None = None,
    lossless: bool = False,
    device: str = "cpu",
    progress: Progress | None = None,
) -> list[Encoded]:
    """Return each picture's file by the model with the shortest code for it; of equal ones, with the best -ELBO.

    Args:
        pictures: from `prepare`.
        bits: of each lossy code; by default each model's own choice.
        quality: of lossy files, instead of bits, 0 to 100; 50 is the default.
        effort: 1 to 9.
        code: of lossy files, as of `payload.encode`.
        lossless: keep the exact pixels too.
        device: "cpu", "torch" or "cuda".
        progress: Callback with pictures done; one that several models code counts for each.

    Raises:
        ModelError: a model is damaged, or the device is not there.
        FormatError: a code is too long for the format.
    """
    jobs: dict[ModelInfo, list[int]] = {}
    for number, picture in enumerate(pictures):
        for info in picture:
            jobs.setdefault(info, []).append(number)
    report = counted(progress, sum(map(len, jobs.values())))
    options: list[list[Encoded]] = [[] for _ in pictures]
    for info, numbers in jobs.items():
        model = registry.load(info, IntegerModel, device)
        forms = [pictures[number][info] for number in numbers]
        stack = np.stack([form.pixels for form in forms])
        if lossless:
            codes: Sequence[Code | LosslessCode] = lossless_code.encode(
                model, stack, bits=bits, effort=effort, progress=report
            )
        else:
            codes = encode(model, stack, bits=bits, quality=quality, effort=effort, code=code, progress=report)
        for number, form, made in zip(numbers, forms, codes, strict=True):
            options[number].append(_encoded(info, form, made))
    return [min(option, key=lambda one: (one.payload_bits, one.neg_elbo_bits)) for option in options]


def _encoded(info: ModelInfo, form: Picture, code: Code | LosslessCode) -> Encoded:
    """Return the file of a code."""
    fingerprint, lossy_bits, residual_bits, exact = bytes.fromhex(info.fingerprint), code.payload_bits, None, None
    if isinstance(code, LosslessCode):
        data = write_lossless(fingerprint, code.payload, code.residual)
        lossy_bits, residual_bits, exact = 8 * len(code.payload), 8 * len(code.residual), form.pixels.astype(bool)
    else:
        data = write_container(code.mode, fingerprint, code.payload)
    return Encoded(
        data, info, form.size, form.size, code.kl_bits, lossy_bits, code.neg_elbo_bits, code.naive_bits, residual_bits,
        exact, form.notices,
    )  # fmt: skip


def open_file(data: bytes, device: str = "cpu", preview: bool = False, max_pixels: int | None = None) -> OpenedFile:
    """Read a file of one picture, verifying everything that can be verified.

    Args:
        device: "cpu", "torch" or "cuda".
        preview: of a lossless file take the lossy part alone, even if the rest is gone.
        max_pixels: of the picture; by default `limits.MAX_PICTURE`.

    Raises:
        FormatError: the bytes are no .vlz file of one picture, are damaged, or announce too many pixels.
        ModelError: the model is unknown or damaged.
    """
    info, container, whole = identify(data)
    check_pixels(info.height, info.width, 1, max_pixels)
    check_payload(registry.load(info, IntegerModel, device), container.mode, container.payload)
    file = OpenedFile(info, container.mode, container.payload)
    if container.residual is None:
        return file
    lost = "cut short or damaged: the exact pixels are lost"
    if preview:
        return replace(file, notice=None if whole else f"{lost}, this is the lossy picture, if that part is right")
    if not whole:
        raise FormatError(f"{lost}, `preview` draws the lossy picture, if that part is right")
    return replace(file, residual=container.residual)


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


def counted(progress: Progress | None, total: int) -> Report:
    """Return a callback of pictures done that calls `progress` with them and the number of all."""
    return (lambda done: progress(done, total)) if progress else (lambda done: None)
