"""The work of `vlae-decompress` on some files of one picture: read, verify, draw, write; also in another process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .batches import Done, Pair, Step
from .common import describe
from .sources import Sources

if TYPE_CHECKING:
    from vlae_codec.container.envelope import Metadata
    from vlae_codec.families.bilevel import codec
    from vlae_codec.io.images import Pixels
    from vlae_codec.io.writing import Drawn
    from vlae_codec.report.records import DrawnRecord


@dataclass(frozen=True)
class DecompressTask:
    """What holds for all inputs.

    Attributes:
        seed: of the texture.
        samples: pictures of each, side by side.
        preview: draw the lossy part of lossless files.
        device: where to compute.
        force: replace outputs.
        max_pixels: of a picture, None for the usual limit.
        temperature: of a photograph's texture, None for the usual one.
        sources: where the bytes of inputs come from.
        keep_time: outputs have the times of their inputs.
        dry_run: nothing is written.
    """

    seed: int
    samples: int
    preview: bool
    device: str
    force: bool
    max_pixels: int | None
    sources: Sources
    temperature: float | None = None
    keep_time: bool = False
    dry_run: bool = False


class Opened(NamedTuple):
    """A verified file, of a photograph its bytes alone, and what else it keeps."""

    work: codec.OpenedFile | bytes
    metadata: Metadata


def decompress_batch(task: DecompressTask, pairs: Sequence[Pair], step: Step | None) -> list[Done]:
    """Draw each input's picture to its output; report what does not fit, and go on."""
    from vlae_codec.errors import VlaeError
    from vlae_codec.families.bilevel import codec

    found: list[Opened | str] = []
    for source, target in pairs:
        try:
            found.append(_unseal(task, source, target))
        except (VlaeError, OSError) as error:
            found.append(describe(error))
    opened = [one.work for one in found if isinstance(one, Opened)]
    opened_files = [work for work in opened if isinstance(work, codec.OpenedFile)]
    drawn = iter(
        codec.draw_images(opened_files, seed=task.seed, samples=task.samples, device=task.device, progress=step)
    )
    done: list[Done] = []
    for pair, one in zip(pairs, found, strict=True):
        if isinstance(one, str):
            done.append((pair, one))
            continue
        try:
            if isinstance(one.work, bytes):
                done.append((pair, _draw_photo(task, pair, one.work, one.metadata, step)))
                continue
            pictures = next(drawn)
            done.append((pair, _write(task, pair, one.work, one.metadata, pictures)))
        except (VlaeError, OSError) as error:
            done.append((pair, describe(error)))
    return done


def _unseal(task: DecompressTask, source: Path, target: Path) -> Opened:
    """Verify and decode a file, of a photograph its bytes alone, and check where its picture will go."""
    from vlae_codec.container import envelope
    from vlae_codec.errors import VlaeError
    from vlae_codec.families.bilevel import codec, identify
    from vlae_codec.io import targets, writing

    writing.check_ending(target)
    data, metadata = envelope.unwrap(task.sources.read(source))
    if identify.is_photo(data):
        targets.check_target(source, target, task.force)
        return Opened(data, metadata)
    file = codec.open_file(data, task.device, task.preview, task.max_pixels)
    if file.residual is not None and task.samples > 1:
        raise VlaeError("it holds the exact picture: --samples goes with --preview")
    targets.check_target(source, target, task.force)
    return Opened(file, metadata)


def _draw_photo(
    task: DecompressTask, pair: Pair, data: bytes, metadata: Metadata, step: Step | None
) -> tuple[DrawnRecord, str]:
    """Draw a photograph and write it, several draws of it side by side."""
    import numpy as np

    from vlae_codec.errors import VlaeError
    from vlae_codec.families import pictures as photo
    from vlae_codec.report import records

    exact = photo.is_exact(data) and not task.preview
    if exact and task.samples > 1:
        raise VlaeError("it holds the exact picture: --samples goes with --preview")
    temperature = task.temperature
    if temperature is None:
        temperature = photo.DEFAULT_TEMPERATURE if task.samples == 1 else photo.SAMPLES_TEMPERATURE
    drawn = []
    for number in range(task.samples):
        picture, info, lost = photo.decompress_photo(
            data, seed=task.seed, number=number, temperature=temperature, preview=task.preview,
            max_pixels=task.max_pixels, device=task.device, progress=step,
        )  # fmt: skip
        drawn.append(picture)
    left = _write_picture(task, pair, drawn[0] if task.samples == 1 else np.concatenate(drawn, axis=1), metadata)
    height, width = drawn[0].shape[:2]
    record = records.DrawnRecord(str(pair[0]), str(pair[1]), info.name, task.seed, task.samples, width, height)
    return record, "; ".join(filter(None, (lost, left)))


def _write_picture(task: DecompressTask, pair: Pair, pixels: Drawn, metadata: Metadata) -> str:
    """Write a picture, or make its file alone, which may fail too; what it does not hold of the metadata comes back."""
    from vlae_codec.container.envelope import ICC
    from vlae_codec.io import files, writing

    if task.samples > 1:
        metadata = metadata.only((ICC,))
    if task.dry_run:
        writing.encode_picture(pixels, pair[1].suffix, metadata)
    else:
        writing.write_picture(pair[1], pixels, files.Origin((pair[0],), task.keep_time), metadata)
    left = writing.unwritten(metadata, pair[1].suffix)
    return f"{pair[1].suffix or '.png'} does not hold its {', '.join(left)}" if left else ""


def _write(
    task: DecompressTask, pair: Pair, file: codec.OpenedFile, metadata: Metadata, pictures: Pixels
) -> tuple[DrawnRecord, str]:
    """Write a file's pictures, (samples, H, W); their record and what they have lost come back."""
    from vlae_codec.io import sheets
    from vlae_codec.report import records

    source, target = pair
    if task.samples == 1:
        left = _write_picture(task, pair, pictures[0].astype(bool), metadata)
    else:
        left = _write_picture(task, pair, sheets.contact_sheet([255 * pictures], columns=task.samples), metadata)
    _, height, width = pictures.shape
    record = records.DrawnRecord(str(source), str(target), file.model.name, task.seed, task.samples, width, height)
    return record, "; ".join(filter(None, (file.notice, left)))
