"""The work of `vlae-decompress` on some files of one picture: read, verify, draw, write; also in another process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vlae_codec.container import envelope
from vlae_codec.container.envelope import ICC, Metadata
from vlae_codec.errors import VlaeError
from vlae_codec.families import codec
from vlae_codec.families.request import Draw
from vlae_codec.families.result import Decoded
from vlae_codec.io import sheets, targets, writing
from vlae_codec.io.writing import Drawn
from vlae_codec.report.records import DrawnRecord

from .batches import Done, Pair, Step, done_together
from .output import Output
from .sources import Sources


@dataclass(frozen=True)
class DecompressTask:
    """What holds for all inputs.

    Attributes:
        draw: how pictures are drawn; several samples lie side by side.
        device: where to compute.
        output: how outputs are written.
        sources: where the bytes of inputs come from.
    """

    draw: Draw
    device: str
    output: Output
    sources: Sources


class Opened(NamedTuple):
    """A file without its metadata, and these."""

    data: bytes
    metadata: Metadata


def decompress_batch(task: DecompressTask, pairs: Sequence[Pair], step: Step | None) -> list[Done]:
    """Draw each input's picture to its output; report what does not fit, and go on."""

    def decode(opened: list[Opened]) -> Iterator[Decoded | VlaeError]:
        return codec.decompress([one.data for one in opened], task.draw, task.device, step)

    return done_together(pairs, partial(_open, task), decode, partial(_write, task))


def _open(task: DecompressTask, source: Path, target: Path) -> Opened:
    """Read a file, and check where its picture will go."""
    writing.check_ending(target)
    opened = Opened(*envelope.unwrap(task.sources.read(source)))
    targets.check_target(source, target, task.output.force)
    return opened


def _write(task: DecompressTask, pair: Pair, opened: Opened, found: Decoded) -> tuple[DrawnRecord, str]:
    """Write the pictures of a file, several side by side; return its record and what is lost of it."""
    first = found.pictures[0]
    if task.draw.samples == 1:
        sheet: Drawn = first
    elif first.dtype == bool:
        sheet = sheets.contact_sheet([255 * np.stack(found.pictures).astype(np.uint8)], columns=task.draw.samples)
    else:
        sheet = np.concatenate(found.pictures, axis=1)
    left = _write_picture(task, pair, sheet, opened.metadata)
    height, width = first.shape[:2]
    source, target = map(str, pair)
    record = DrawnRecord(source, target, found.model.name, task.draw.seed, task.draw.samples, width, height)
    return record, "; ".join(filter(None, (found.lost, left)))


def _write_picture(task: DecompressTask, pair: Pair, pixels: Drawn, metadata: Metadata) -> str:
    """Write a picture, or make its file alone, which may fail too; what it does not hold of the metadata comes back."""
    if task.draw.samples > 1:
        metadata = metadata.only((ICC,))
    if task.output.dry_run:
        writing.encode_picture(pixels, pair[1].suffix, metadata)
    else:
        writing.write_picture(pair[1], pixels, task.sources.origin(pair[:1], task.output.keep_time), metadata)
    left = writing.unwritten(metadata, pair[1].suffix)
    return f"{pair[1].suffix or '.png'} does not hold its {', '.join(left)}" if left else ""
