"""The archives of `vlae-compress` and `vlae-decompress`: many pictures, one file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from .common import Failures, progress_bar

if TYPE_CHECKING:
    from vlae_codec.archive_codec import Reader, Settings
    from vlae_codec.errors import FormatError
    from vlae_codec.images import Pixels
    from vlae_codec.stacks import Batch


class Form(NamedTuple):
    """What may be done to pictures before: resize them; refuse what would not come back exactly."""

    fit: bool
    exact: bool


def wants_archive(inputs: Sequence[Path], out: Path | None) -> bool:
    """Whether an output is an archive: a .vlz file for several inputs, or for one that may hold several pictures."""
    from vlae_codec.stacks import is_stack

    if out is None or out.suffix != ".vlz" or out.is_dir():
        return False
    return len(inputs) > 1 or is_stack(inputs[0])


def compress_to_archive(
    inputs: Sequence[Path],
    out: Path,
    model: str,
    settings: Settings,
    form: Form,
    *,
    names: bool,
    device: str,
    as_json: bool,
    force: bool,
    verify: bool,
) -> None:
    """Write one archive of all pictures of the inputs; if one of them does not fit, none is written."""
    from vlae_codec import archive_codec, archive_report, codec, files, stacks

    models = codec.candidates(model)
    failures = Failures()
    batches: list[Batch] = []
    for source in inputs:
        files.check_target(source, out, force)
    for source in inputs:
        with failures.of(source):
            batches += _read(source, form.exact)
    if failures.count:
        failures.exit()
    pixels, notices = stacks.join(batches, models, form.fit, form.exact)
    kept = [name for batch in batches for name in batch.names] if names else None
    info = archive_codec.choose_model(models, pixels, device)
    with progress_bar("compressing") as progress:
        result = archive_codec.compress_archive(info, pixels, settings, names=kept, device=device, progress=progress)
    if verify:
        _verify(archive_codec.Reader(result.data, device), pixels, settings.lossless)
    files.write_whole(out, result.data)
    record = archive_report.archive_record(str(out), result, notices)
    text = json.dumps(archive_report.archive_tree(record), indent=2)
    click.echo(text if as_json else archive_report.archive_table(record))
    if not as_json:
        for notice in notices:
            click.echo(f"note: {notice}", err=True)


def _read(source: Path, exact: bool) -> list[Batch]:
    from vlae_codec import images, stacks

    batches = stacks.read_batches(source)
    if exact:
        for batch in batches:
            images.refuse_changes(batch.notices)
    return batches


def _verify(reader: Reader, pixels: Pixels, exact: bool) -> None:
    """Decode an archive again before it is written."""
    from vlae_codec.errors import FormatError

    for number, found in reader.pictures(range(len(pixels))):
        if exact and (found != pixels[number]).any():
            raise FormatError(f"picture {number} does not come back: please report this")


def decompress_archive(
    source: Path,
    data: bytes,
    out: Path | None,
    *,
    index: str | None,
    keep_going: bool,
    seed: int,
    device: str,
    as_json: bool,
    force: bool,
) -> int:
    """Write the pictures of an archive to a folder, or into a .npy file; how many chunks failed."""
    from vlae_codec import archive_codec, files
    from vlae_codec.errors import VlaeError

    reader = archive_codec.Reader(data, device)
    count = reader.archive.count
    wanted = range(count) if index is None else archive_codec.parse_index(index, count)
    if out is None:
        out = Path("stdin") if source == files.STREAM else source.with_suffix("")
    if out == files.STREAM:
        raise VlaeError(f"an archive of {count} pictures: give a folder with -o, or a .npy file")
    lost: list[FormatError] = []
    failed = _failed(source, lost) if keep_going else None
    with progress_bar("decoding") as progress:
        found = reader.pictures(wanted, seed=seed, failed=failed, progress=progress)
        if out.suffix == ".npy":
            written = _write_stack(found, source, out, force)
        else:
            written = _write_folder(found, reader, wanted, source, out, force)
    if as_json:
        tree = {"input": str(source), "output": str(out), "model": reader.info.name, "images": written}
        click.echo(json.dumps({**tree, "wanted": len(wanted), "failed_chunks": [str(one) for one in lost]}, indent=2))
    return len(lost)


def _failed(source: Path, lost: list[FormatError]) -> Callable[[FormatError], None]:
    """Tell of a chunk that cannot be read, and go on."""

    def tell(error: FormatError) -> None:
        lost.append(error)
        click.echo(f"vlae-decompress: {source}: {error}", err=True)

    return tell


def _write_stack(found: Iterator[tuple[int, Pixels]], source: Path, out: Path, force: bool) -> int:
    import io

    import numpy as np

    from vlae_codec import files

    files.check_target(source, out, force)
    pictures = [pixels for _, pixels in found]
    if pictures:
        stream = io.BytesIO()
        np.save(stream, np.stack(pictures) * np.uint8(255))
        files.write_whole(out, stream.getvalue())
    return len(pictures)


def _write_folder(
    found: Iterator[tuple[int, Pixels]], reader: Reader, wanted: range, source: Path, out: Path, force: bool
) -> int:
    from vlae_codec import files, images
    from vlae_codec.errors import VlaeError

    if out.exists() and not out.is_dir():
        raise VlaeError(f"{out}: a file, and an archive needs a folder: give another with -o")
    targets = _targets(reader, wanted, out)
    for target in targets.values():
        files.check_target(source, target, force)
    out.mkdir(parents=True, exist_ok=True)
    written = 0
    for number, pixels in found:
        images.write_png(targets[number], pixels.astype(bool))
        written += 1
    return written


def _targets(reader: Reader, wanted: range, out: Path) -> dict[int, Path]:
    """The files of the wanted pictures: their own names if the archive has them, else their numbers."""
    names = reader.names()
    if names is None:
        digits = max(4, len(str(reader.archive.count - 1)))
        return {number: out / f"{number:0{digits}d}.png" for number in wanted}
    stems = [Path(name).stem for name in names]
    if len(set(stems)) < len(stems):
        stems = names
    return {number: out / f"{stems[number]}.png" for number in wanted}
