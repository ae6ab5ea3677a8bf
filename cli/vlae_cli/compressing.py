"""The work of `vlae-compress` on some files: read, prepare, compress, write; also in another process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from vlae_codec.model.info import PHOTO

from .batches import Done, Pair, Step
from .common import describe

if TYPE_CHECKING:
    from vlae_codec.container.envelope import Metadata
    from vlae_codec.families.bilevel import codec
    from vlae_codec.families.bilevel.archive import Settings
    from vlae_codec.families.photo.codec import Refine
    from vlae_codec.io.adjust import Colour, Size
    from vlae_codec.io.images import Picture
    from vlae_codec.io.metadata import Keeping
    from vlae_codec.model.info import ModelInfo
    from vlae_codec.report.records import ImageRecord


SEARCHED = 9
"""Effort from which on photographs are searched for better latents."""


class Form(NamedTuple):
    """What is done to pictures before.

    Attributes:
        fit: resize what no model takes.
        exact: refuse what would not come back exactly.
        size: resize all.
        background: lay transparent ones over it.
    """

    fit: bool
    exact: bool
    size: Size | None = None
    background: Colour | None = None


@dataclass(frozen=True)
class CompressTask:
    """What holds for all inputs.

    Attributes:
        model: name, folder or fingerprint, or "auto".
        settings: of the codes.
        form: of the pictures.
        device: where to compute.
        force: replace outputs.
        verify: decode before writing.
        max_pixels: of an input, None for the usual limit.
        target_bytes: of the file of a picture of any size, at most.
        target_bpp: the same in bits a pixel.
        keep_time: outputs have the times of their inputs.
        frame: of inputs of several frames, None for the first, with a notice.
        every_frame: all of them are taken.
        frames: then the frames of outputs.
        dry_run: nothing is written.
        keep: of the inputs' metadata, None for nothing.
    """

    model: str
    settings: Settings
    form: Form
    device: str
    force: bool
    verify: bool
    max_pixels: int | None
    target_bytes: int | None = None
    target_bpp: float | None = None
    keep_time: bool = False
    frame: int | None = None
    every_frame: bool = False
    frames: Mapping[Path, int] = field(default_factory=dict)
    dry_run: bool = False
    keep: Keeping | None = None


class Job(NamedTuple):
    """A picture that is read, what else of its file is kept, and what is left out."""

    work: codec.Prepared | PhotoJob
    metadata: Metadata
    left_out: tuple[str, ...]

    def noted(self, record: ImageRecord) -> ImageRecord:
        """Return the record with a notice of what is left out."""
        notice = (f"left out: {', '.join(self.left_out)}",) if self.left_out else ()
        return replace(record, notices=(*record.notices, *notice))


class PhotoJob(NamedTuple):
    """A picture that a photo model compresses."""

    picture: Picture
    info: ModelInfo
    target_bytes: int | None


def compress_batch(task: CompressTask, pairs: Sequence[Pair], step: Step | None) -> list[Done]:
    """Compress each input to its output; report what does not fit, and go on."""
    from vlae_codec.container import envelope
    from vlae_codec.errors import VlaeError
    from vlae_codec.families.bilevel import codec
    from vlae_codec.report import records

    models = codec.candidates(task.model, task.settings.lossless)
    found: list[Job | str] = []
    for source, target in pairs:
        try:
            found.append(_prepare(task, source, target, models))
        except (VlaeError, OSError) as error:
            found.append(describe(error))
    jobs = [one for one in found if isinstance(one, Job)]
    results = iter(_compress(task, [job.work for job in jobs if isinstance(job.work, codec.Prepared)], step))
    done: list[Done] = []
    for pair, one in zip(pairs, found, strict=True):
        if isinstance(one, str):
            done.append((pair, one))
            continue
        try:
            if isinstance(one.work, PhotoJob):
                done.append((pair, one.noted(_compress_photo(task, one.work, pair, step))))
                continue
            result = next(results)
            if task.verify:
                codec.verify(result, task.device)
            result = replace(result, data=envelope.wrap(result.data, one.metadata))
            _write(task, pair, result.data)
            done.append((pair, one.noted(records.image_record(str(pair[0]), str(pair[1]), result))))
        except (VlaeError, OSError) as error:
            done.append((pair, describe(error)))
    return done


def _prepare(task: CompressTask, source: Path, target: Path, models: Sequence[ModelInfo]) -> Job:
    """Read a picture, and check where its file will go."""
    from vlae_codec.errors import ImageError
    from vlae_codec.families.bilevel import codec
    from vlae_codec.families.choice import choose_photo_model
    from vlae_codec.io import adjust, datasets, images, metadata, targets

    if datasets.is_stack(source) and not source.is_dir():
        raise ImageError("a stack of pictures: -o NAME.vlz makes an archive of it")
    frame = task.frames.get(target, task.frame)
    keep = task.keep or metadata.KEEP_NOTHING
    picture = images.read_image(source, task.max_pixels or images.MAX_PIXELS, frame, keep)
    if not task.form.exact:
        picture = replace(picture, deep=None)
    picture = adjust.adjusted(picture, task.form.size, task.form.background)
    visible = [] if adjust.is_hidden_ink(picture) else models
    targets.check_target(source, target, task.force)
    fit = task.form.fit and bool(visible)
    if info := choose_photo_model(picture, task.model, visible, fit, task.settings.lossless):
        if task.settings.lossless:
            picture = images.as_exact(picture)
        return Job(PhotoJob(picture, info, _target_bytes(task, picture)), picture.metadata, picture.left_out)
    if task.target_bytes or task.target_bpp:
        raise ImageError("--target-bytes and --target-bpp are for photographs: this goes to a bilevel model")
    prepared = codec.prepare(picture, models, task.form.fit, task.form.exact)
    return Job(prepared, picture.metadata, picture.left_out)


def _write(task: CompressTask, pair: Pair, data: bytes) -> None:
    from vlae_codec.io import files

    if not task.dry_run:
        files.write_whole(pair[1], data, files.Origin((pair[0],), task.keep_time))


def _target_bytes(task: CompressTask, picture: Picture) -> int | None:
    """Return the most bytes that the file of a photograph should have behind its metadata."""
    from vlae_codec.container import envelope

    height, width = picture.size
    most = task.target_bytes if task.target_bpp is None else int(task.target_bpp * height * width / 8)
    return envelope.left_of(most, picture.metadata)


def _compress_photo(task: CompressTask, job: PhotoJob, pair: Pair, step: Step | None) -> ImageRecord:
    """Compress a picture of any size and write its file."""
    from vlae_codec.container import envelope
    from vlae_codec.errors import ImageError
    from vlae_codec.families import pictures as photo
    from vlae_codec.families.registry import AUTO
    from vlae_codec.report import records

    if task.settings.bits is not None or task.settings.code is not None:
        raise ImageError("--bits and --code are for bilevel models: use --quality or --target-bytes")
    result = photo.compress_photo(
        job.picture, job.info, quality=task.settings.quality, target_bytes=job.target_bytes,
        lossless=task.settings.lossless, effort=task.settings.effort, device=task.device, progress=step,
        auto=task.model == AUTO, refine=_search(task, job.info),
    )  # fmt: skip
    if task.verify:
        photo.verify_photo(result, job.picture, task.device)
    result = replace(result, data=envelope.wrap(result.data, job.picture.metadata))
    _write(task, pair, result.data)
    return records.photo_record(str(pair[0]), str(pair[1]), result)


def _search(task: CompressTask, info: ModelInfo) -> Refine | None:
    """Return the search for latents of effort 9, if the model's family has one."""
    from vlae_codec.errors import VlaeError

    if task.settings.effort < SEARCHED or task.settings.lossless or info.family != PHOTO:
        return None
    try:
        from vlae_models.photo.search import search_of
    except ImportError as error:
        raise VlaeError(f"effort 9 searches with torch, which is not here ({error}): use --effort 8") from error
    return search_of(info)


def _compress(task: CompressTask, pictures: Sequence[codec.Prepared], step: Step | None) -> list[codec.Compressed]:
    """Compress each picture to a file."""
    from vlae_codec.families.bilevel import codec

    settings = task.settings
    if settings.lossless:
        return codec.compress_lossless(
            pictures, bits=settings.bits, effort=settings.effort, device=task.device, progress=step
        )
    return codec.compress_images(
        pictures,
        bits=settings.bits,
        quality=settings.quality,
        effort=settings.effort,
        code=settings.code,
        device=task.device,
        progress=step,
    )


def reason(task: CompressTask, record: ImageRecord) -> str:
    """Return which model a picture went to, and why."""
    from vlae_codec.families.bilevel import codec
    from vlae_codec.families.choice import default_page_model
    from vlae_codec.model.info import STORED
    from vlae_codec.report.records import PhotoRecord

    if task.model != codec.AUTO:
        return f"model {record.model}, as given"
    if record.model == STORED:
        return "exact pixels without a model, which are fewer bytes or hardly more"
    if (page := default_page_model()) and record.model == page.name:
        return f"model {record.model}: exact pixels, as the picture has two levels"
    models = codec.candidates(lossless=task.settings.lossless)
    if not isinstance(record, PhotoRecord):
        return f"model {record.model}: without colour and of its size" + (", the shortest code" * (len(models) > 1))
    wanted = "exact pixels" if task.settings.lossless else "a lossy picture"
    if any((record.height, record.width) == (info.height, info.width) for info in models):
        return f"model {record.model} for {wanted}: in colour, or dark ink on transparency"
    size = f"{record.width} x {record.height}"
    return f"model {record.model} for {wanted}: {size}, which no bilevel model takes"
