"""Edits of coded pictures by their latents: another label, another style, and what lies between two of them.

A model with labels codes what a picture is (y) apart from how it is written (the noise that p(z|y) makes z of), so each
can be held while the other varies. All edits are of integers: one file, seed and edit give the same picture on every
machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...container import envelope
from ...errors import ModelError
from ...io.images import Pixels
from ...latents.labelled import check_label, relabelled, split_label
from ...latents.payload import decode
from ...model.info import ModelInfo
from ...model.networks import IntegerModel
from .. import registry
from ..result import Progress
from .codec import BATCH, OpenedFile, counted, open_file

STRENGTH = 0.75
"""The default strength of style in edits."""
UNIT = 1024
"""Strengths are taken in parts of this."""


def read_code(data: bytes) -> OpenedFile:
    """Read the code of a `.vlz` file of one picture; of a lossless one, its lossy part.

    Raises:
        FormatError: the bytes are no such file, or are damaged.
        ModelError: the model is unknown or damaged.
    """
    inner, _ = envelope.unwrap(data)
    return replace(open_file(inner), residual=None)


def label_of(code: OpenedFile) -> int | None:
    """Return the label of a code; None where the model has no labels."""
    model = registry.load(code.model, IntegerModel)
    return split_label(model, code.payload)[0] if model.labels else None


def with_label(code: OpenedFile, label: int) -> OpenedFile:
    """Return the same style under another label.

    Raises:
        ModelError: the model has no such label.
    """
    model = registry.load(code.model, IntegerModel)
    check_label(model, label)
    return replace(code, payload=relabelled(model, code.payload, label))


def with_style(code: OpenedFile, style: OpenedFile) -> OpenedFile:
    """Return the label of one code in the style of another.

    Raises:
        ModelError: the model has no labels, or the codes are of different models.
    """
    check_same(code, style)
    model = registry.load(code.model, IntegerModel)
    return with_label(style, split_label(model, code.payload)[0])


def edited(code: OpenedFile, style: OpenedFile, label: int | None) -> OpenedFile:
    """Return the code of a label, or of a code's own label if it is None, in the style of another or the same code.

    Raises:
        ModelError: the model has no labels or not this one, or the codes are of different models.
    """
    return with_style(code, style) if label is None else with_label(style, label)


def labels_of(info: ModelInfo) -> list[int | None]:
    """Return all labels of a model.

    Raises:
        ModelError: it has none.
    """
    model = registry.load(info, IntegerModel)
    check_label(model, 0)
    return [*range(model.labels)]


def restyled(
    codes: Sequence[OpenedFile], styles: Sequence[OpenedFile], labels: Sequence[int | None], strength: float = STRENGTH
) -> NDArray[np.int64]:
    """Return latents of the noise of each code's style under each label, joined, (N, D + K).

    Args:
        codes: of one model with labels.
        styles: for each of the codes, the one whose noise is taken.
        labels: as of `edited`.
        strength: what the noise is multiplied with: below 1 pictures are nearer to the middle of their class, at 1
            they are those of `edited`.

    Raises:
        ModelError: as `edited`.
    """
    pairs = [(edited(code, style, label), style) for code, style in zip(codes, styles, strict=True) for label in labels]
    for code, _ in pairs:
        check_same(codes[0], code)
    if strength == 1:
        return latents([code for code, _ in pairs])
    model, factor, found = registry.load(codes[0].model, IntegerModel), round(strength * UNIT), []
    for code, style in pairs:
        source, target = (model.given(split_label(model, one.payload)[0]) for one in (style, code))
        noise = source.noise_of(latents([style])[:, : model.latent]) * factor + UNIT // 2
        z = target.latents_of(noise // UNIT, np.zeros((1, 0), np.int64))
        found.append(model.joined(z, np.array([target.label])))
    return np.concatenate(found)


def latents(codes: list[OpenedFile]) -> NDArray[np.int64]:
    """Return what pictures are drawn from, (N, D), or (N, D + K) of a model with K labels; codes of one model."""
    model = registry.load(codes[0].model, IntegerModel)
    return decode(model, [code.mode for code in codes], [code.payload for code in codes])


def mixed(first: OpenedFile, second: OpenedFile, steps: int) -> NDArray[np.int64]:
    """Latents on the straight line between those of two codes, ends included, (steps, D or D + K).

    Args:
        first, second: codes of one model; labels that differ are mixed as well.
        steps: 2 or more.

    Raises:
        ModelError: the codes are of different models.
    """
    check_same(first, second)
    start, end = latents([first, second])
    weights = np.arange(steps, dtype=np.int64)[:, None]
    doubled = 2 * ((steps - 1 - weights) * start + weights * end)
    return np.asarray((doubled + steps - 1) // (2 * (steps - 1)))


def draw(info: ModelInfo, z: NDArray[np.int64], seed: int = 0, progress: Progress | None = None) -> Pixels:
    """Pictures of latents, uint8 0 or 255, (N, H, W); all with the texture noise of one seed.

    Args:
        z: from `latents` or `mixed`.
        seed: of the noise.
        progress: called with pictures done since the last call, and the number of all.
    """
    model, report, drawn = registry.load(info, IntegerModel), counted(progress, len(z)), []
    for start in range(0, len(z), BATCH):
        drawn.append(model.draw(z[start : start + BATCH], seed))
        report(len(drawn[-1]))
    pictures: Pixels = np.concatenate(drawn) * np.uint8(255)
    return pictures


def check_same(first: OpenedFile, second: OpenedFile) -> None:
    """Refuse two codes of different models.

    Raises:
        ModelError: they are.
    """
    if first.model.fingerprint != second.model.fingerprint:
        names = " and ".join(f"{one.model.name} ({one.model.fingerprint[:12]})" for one in (first, second))
        raise ModelError(f"files of different models, {names}: compress both with one model")
