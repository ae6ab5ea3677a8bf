"""The work of `vlae-compress` on some files: read, prepare, compress, write; also in another process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from vlae_codec.container import envelope
from vlae_codec.errors import ImageError, VlaeError
from vlae_codec.families import codec
from vlae_codec.families.choice import bilevel_models, candidates
from vlae_codec.families.family import Job
from vlae_codec.families.photo.sender import Refine
from vlae_codec.families.registry import AUTO
from vlae_codec.families.request import Rate
from vlae_codec.families.result import Encoded
from vlae_codec.io import adjust, datasets, files, images, targets
from vlae_codec.io.adjust import Colour, Size
from vlae_codec.io.metadata import KEEP_NOTHING, Keeping
from vlae_codec.model.info import BILEVEL, PAGE, STORED, ModelInfo
from vlae_codec.report import records
from vlae_codec.report.records import ImageRecord

from .batches import Done, Pair, Step, done_together
from .output import Output
from .sources import Sources

SEARCHED = 9
"""Effort from which on photographs are searched for better latents."""


@dataclass(frozen=True)
class CompressTask:
    """What holds for all inputs.

    Attributes:
        model: name, folder or fingerprint, or "auto".
        rate: how pictures are coded.
        device: where to compute.
        output: how outputs are written.
        sources: where inputs come from.
        verify: decode before writing.
        max_pixels: of an input, None for the usual limit.
        target_bpp: instead of bytes, the most bits a pixel.
        size: resize all pictures first.
        background: lay transparent ones over it first.
        frame: of inputs of several frames, None for the first, with a notice.
        every_frame: all of them are taken.
        frames: then the frames of outputs.
        keep: of the inputs' metadata.
    """

    model: str
    rate: Rate
    device: str
    output: Output
    sources: Sources
    verify: bool
    max_pixels: int | None
    target_bpp: float | None = None
    size: Size | None = None
    background: Colour | None = None
    frame: int | None = None
    every_frame: bool = False
    frames: Mapping[Path, int] = field(default_factory=dict)
    keep: Keeping = KEEP_NOTHING


def compress_batch(task: CompressTask, pairs: Sequence[Pair], step: Step | None) -> list[Done]:
    """Compress each input to its output; what does not fit is reported, and the others go on."""
    prepare = partial(_prepare, task, candidates(task.model, task.rate.lossless))
    return done_together(pairs, prepare, lambda jobs: codec.compress(jobs, task.device, step), partial(_finish, task))


def _prepare(task: CompressTask, among: Sequence[ModelInfo], source: Path, target: Path) -> Job:
    """Read a picture, and check where its file will go."""
    if datasets.is_stack(source) and not source.is_dir():
        raise ImageError("a stack of pictures: -o NAME.vlz makes an archive of it")
    frame = task.frames.get(target, task.frame)
    picture = images.read_image(task.sources.where(source), task.max_pixels or images.MAX_PIXELS, frame, task.keep)
    if not task.rate.keeps_pixels:
        picture = replace(picture, deep=None)
    picture = adjust.adjusted(picture, task.size, task.background)
    targets.check_target(source, target, task.output.force)
    rate = task.rate
    if task.target_bpp is not None:
        rate = replace(rate, target_bytes=int(task.target_bpp * picture.size[0] * picture.size[1] / 8))
    return codec.plan(picture, task.model, rate, among)


def _finish(task: CompressTask, pair: Pair, job: Job, made: Encoded) -> ImageRecord:
    """Verify a file and write it, with what is kept of the metadata."""
    picture = job.picture
    if task.verify:
        codec.verify(made, picture, task.device)
    left = (f"left out: {', '.join(picture.left_out)}",) if picture.left_out else ()
    made = replace(made, data=envelope.wrap(made.data, picture.metadata), notices=(*made.notices, *left))
    if not task.output.dry_run:
        files.write_whole(pair[1], made.data, task.sources.origin(pair[:1], task.output.keep_time))
    return records.image_record(str(pair[0]), str(pair[1]), made)


def search_of(model: ModelInfo) -> Refine:
    """Return the search for better latents by a model of the photo family, which effort 9 makes."""
    try:
        from vlae_models.photo.search import search_of as search
    except ImportError as error:
        raise VlaeError(f"effort 9 searches with torch, which is not here ({error}): use --effort 8") from error
    return search(model)


def reason(task: CompressTask, record: ImageRecord) -> str:
    """Return which model a picture went to, and why."""
    if task.model != AUTO:
        return f"model {record.model}, as given"
    if record.family == STORED:
        return "pixels without a model, which are fewer bytes or hardly more"
    if record.family == PAGE:
        return f"model {record.model}: exact pixels, as the picture has two levels"
    models = bilevel_models(lossless=task.rate.lossless)
    if record.family == BILEVEL:
        return f"model {record.model}: without colour and of its size" + (", the shortest code" * (len(models) > 1))
    wanted = "exact pixels" if task.rate.lossless else "a lossy picture"
    if any((record.height, record.width) == (info.height, info.width) for info in models):
        return f"model {record.model} for {wanted}: in colour, of many greys, or dark ink on transparency"
    size = f"{record.width} x {record.height}"
    return f"model {record.model} for {wanted}: {size}, which no bilevel model takes"
