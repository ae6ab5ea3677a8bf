"""The archives of `vlae-compress` and `vlae-decompress`: many pictures, one file."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from vlae_codec.errors import FormatError, ImageError, VlaeError
from vlae_codec.families.bilevel import archive
from vlae_codec.families.bilevel.archive import Reader
from vlae_codec.families.choice import bilevel_models
from vlae_codec.io import adjust, datasets, files, forms, targets, writing
from vlae_codec.io.datasets import Batch
from vlae_codec.io.images import Picture, Pixels
from vlae_codec.report.archive import archive_record, archive_table, archive_tree

from .common import Failures, complain, progress_bar
from .compressing import CompressTask
from .output import Output


def compress_to_archive(inputs: Sequence[Path], task: CompressTask, *, chunk: int | None, names: bool) -> None:
    """Write one archive of all pictures of the inputs; if one of them does not fit, none is written."""
    output, rate, device = task.output, task.rate, task.device
    out = output.out
    assert out is not None
    models = bilevel_models(task.model, rate.lossless)
    failures = Failures()
    batches: list[Batch] = []
    for source in inputs:
        targets.check_target(source, out, output.force)
    for source in inputs:
        with failures.of(source):
            batches += _read(source, task)
    failures.exit(len(inputs))
    if task.max_pixels is not None:
        found = sum(len(batch.names) * batch.size[0] * batch.size[1] for batch in batches)
        if found > task.max_pixels:
            raise ImageError(f"{found} pixels in all pictures, more than the {task.max_pixels} of --max-pixels")
    pixels, notices = datasets.join(batches, models, rate.fit, rate.keeps_pixels)
    kept = [name for batch in batches for name in batch.names] if names else None
    info = archive.choose_model(models, pixels, device)
    with progress_bar("compressing", output.quiet) as progress:
        result = archive.compress_archive(info, pixels, rate, chunk=chunk, names=kept, device=device, progress=progress)
    if task.verify:
        _verify(Reader(result.data, device), pixels, rate.lossless)
    if not output.dry_run:
        files.write_whole(out, result.data, task.sources.origin(inputs, output.keep_time))
    record = archive_record(str(out), result, notices)
    output.line({"input": ", ".join(map(str, inputs)), **asdict(record)})
    output.result(lambda: archive_tree(record), lambda: archive_table(record))
    for notice in notices:
        output.note(notice)
    output.end()


def _read(source: Path, task: CompressTask) -> list[Batch]:
    def adjusted(picture: Picture) -> Picture:
        return forms.over_black(adjust.adjusted(picture, task.size, task.background))

    batches = datasets.read_batches(source, task.every_frame, adjusted, task.sources.remote.get(source))
    if task.rate.keeps_pixels:
        for batch in batches:
            forms.refuse_changes(batch.notices)
    return batches


def _verify(reader: Reader, pixels: Pixels, exact: bool) -> None:
    """Decode an archive again before it is written."""
    for number, found in reader.pictures(range(len(pixels))):
        if exact and (found != pixels[number]).any():
            raise FormatError(f"picture {number} does not come back: please report this")


@dataclass(frozen=True)
class ReadTask:
    """How archives and collections are read.

    Attributes:
        index: which pictures, None for all.
        name: of the only picture that is wanted, or None.
        keep_going: pass over what is damaged.
        seed: of the texture.
        device: where to compute.
        max_pixels: of all pictures, None for the usual limit.
    """

    index: str | None = None
    name: str | None = None
    keep_going: bool = False
    seed: int = 0
    device: str = "cpu"
    max_pixels: int | None = None

    def wanted(self, count: int, find: Callable[[str], int]) -> range:
        """Return the numbers of the wanted pictures.

        Args:
            count: pictures that there are.
            find: the number of a name.

        Raises:
            FormatError: the index names none of them.
            VlaeError: there is no such name.
        """
        if self.name is not None:
            number = find(self.name)
            return range(number, number + 1)
        return range(count) if self.index is None else archive.parse_index(self.index, count)


def is_one_file(out: Path, wanted: range) -> bool:
    """Return whether an output is the file (or stream) of the only picture that is wanted."""
    return len(wanted) == 1 and (out == files.STREAM or (out.suffix.lower() in writing.FORMATS and not out.is_dir()))


def decompress_archive(source: Path, data: bytes, out: Path | None, task: ReadTask, output: Output) -> int:
    """Write the pictures of an archive to a folder, or into a .npy file; how many chunks failed."""
    reader = Reader(data, task.device, task.max_pixels)
    count = reader.archive.count
    wanted = task.wanted(count, lambda name: _number_of(name, reader))
    if out is None:
        out = Path("stdin") if source == files.STREAM else source.with_suffix("")
    if out == files.STREAM and len(wanted) > 1:
        raise VlaeError(f"an archive of {count} pictures: give a folder with -o, or a .npy file")
    lost: list[FormatError] = []
    failed = failure_list(source, lost) if task.keep_going else None
    with progress_bar("decoding", output.quiet) as progress:
        found = reader.pictures(wanted, seed=task.seed, failed=failed, progress=progress)
        if out.suffix == ".npy" and not output.mirrored:
            written = _write_stack(found, source, out, output)
        else:
            written = _write_folder(found, reader, wanted, source, out, output)
    tree = {"input": str(source), "output": str(out), "model": reader.info.name, "images": written}
    tree |= {"wanted": len(wanted), "failed_chunks": [str(one) for one in lost]}
    output.line(tree)
    output.result(lambda: tree, lambda: "")
    return len(lost)


def failure_list(source: Path, lost: list[FormatError]) -> Callable[[FormatError], None]:
    """Return a callback that reports what cannot be read, and keeps it in a list."""

    def report(error: FormatError) -> None:
        lost.append(error)
        complain(f"{source}: {error}")

    return report


def _write_stack(found: Iterator[tuple[int, Pixels]], source: Path, out: Path, output: Output) -> int:
    targets.check_target(source, out, output.force)
    pictures = [pixels for _, pixels in found]
    if pictures and not output.dry_run:
        stream = io.BytesIO()
        np.save(stream, np.stack(pictures) * np.uint8(255))
        files.write_whole(out, stream.getvalue(), files.Origin((source,), output.keep_time))
    return len(pictures)


def _number_of(name: str, reader: Reader) -> int:
    """Return the number of the picture of a name in an archive."""
    names = reader.names() or []
    if name not in names:
        raise VlaeError(f"no picture of the archive is called {name}" if names else "the archive has no names")
    return names.index(name)


def _write_folder(
    found: Iterator[tuple[int, Pixels]], reader: Reader, wanted: range, source: Path, out: Path, output: Output
) -> int:
    alone = is_one_file(out, wanted)
    if out.exists() and not out.is_dir() and not alone:
        raise VlaeError(f"{out}: a file, and an archive needs a folder: give another with -o")
    places = {wanted[0]: out} if alone else _places(reader, wanted, out)
    for target in places.values():
        targets.check_target(source, target, output.force)
    if not output.dry_run and not alone:
        out.mkdir(parents=True, exist_ok=True)
    origin, written = files.Origin((source,), output.keep_time), 0
    for number, pixels in found:
        if not output.dry_run:
            writing.write_picture(places[number], pixels.astype(bool), origin)
        written += 1
    return written


def _places(reader: Reader, wanted: range, out: Path) -> dict[int, Path]:
    """Return the files of the wanted pictures: their own names if the archive has them, else their numbers."""
    names = reader.names()
    if names is None:
        digits = max(4, len(str(reader.archive.count - 1)))
        return {number: out / f"{number:0{digits}d}.png" for number in wanted}
    stems = [Path(name).stem for name in names]
    if len(set(stems)) < len(stems):
        stems = names
    return {number: out / f"{stems[number]}.png" for number in wanted}
