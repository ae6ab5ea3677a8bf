"""Pictures of a collection to files, under their names or numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from vlae_codec.collections import Collection
from vlae_codec.errors import FormatError, VlaeError
from vlae_codec.io import files, targets
from vlae_codec.io.files import STREAM
from vlae_codec.io.images import Pixels
from vlae_codec.io.writing import write_picture

from .archives import ReadTask, failure_list, is_one_file
from .common import progress_bar
from .output import Output

BATCH = 256


def decompress_collection(source: Path, where: Path | str, out: Path | None, task: ReadTask, output: Output) -> int:
    """Write the pictures of a collection to a folder, or one to a file; how many failed.

    Args:
        source: its name.
        where: its path or URL.
        out: the folder or file; by default a folder of its name.
        task: which pictures, and how they are decoded.
        output: how they are written, and what is said of it.
    """
    lost: list[FormatError] = []
    out = source.with_suffix("") if out is None else out
    with progress_bar("decoding", output.quiet) as step:
        written = extract_pictures(
            where, out, task, force=output.force, keep_time=output.keep_time, dry_run=output.dry_run, step=step,
            failed=failure_list(source, lost) if task.keep_going else None,
        )  # fmt: skip
    tree = {"input": str(source), "output": str(out), "images": written, "failed": [str(one) for one in lost]}
    output.line(tree)
    output.result(lambda: tree, lambda: "")
    return len(lost)


def extract_pictures(
    where: Path | str,
    out: Path,
    task: ReadTask,
    *,
    step: Callable[[int, int], None],
    force: bool = False,
    keep_time: bool = False,
    dry_run: bool = False,
    failed: Callable[[FormatError], None] | None = None,
) -> int:
    """Write pictures of a collection, as PNG, or one alone as the ending of `out` says; return how many.

    Args:
        where: its path or URL.
        out: a folder, or a file if one picture is wanted.
        task: which pictures, and how they are decoded.
        step: called with pictures done and the number of all.
        force: replace what exists.
        keep_time: give files the time of the collection.
        dry_run: check and decode alone.
        failed: called with what is wrong with a picture that cannot be read; without it the first one is raised.

    Raises:
        FormatError: it is damaged, or the index names none of its pictures.
        VlaeError: a file exists without `force`, or there is no such name.
    """
    with Collection(where, seed=task.seed, device=task.device, max_pixels=task.max_pixels) as found:
        wanted = task.wanted(len(found), found.find)
        alone = is_one_file(out, wanted)
        if out == STREAM and not alone:
            raise VlaeError(f"{len(wanted)} pictures: give a folder with -o")
        origin = files.Origin((where,) if isinstance(where, Path) else (), keep_time)
        taken, written = set[Path](), 0
        for start in range(0, len(wanted), BATCH):
            numbers = wanted[start : start + BATCH]
            places = {n: out if alone else _target(out, found, n, taken) for n in numbers}
            for place in places.values():
                targets.check_target(where if isinstance(where, Path) else STREAM, place, force)
            for number, pixels in _decoded(found, numbers, failed):
                if not dry_run:
                    places[number].parent.mkdir(parents=True, exist_ok=True)
                    write_picture(places[number], pixels, origin)
                written += 1
                step(1, len(wanted))
    return written


def _decoded(
    found: Collection, numbers: Sequence[int], failed: Callable[[FormatError], None] | None
) -> Iterator[tuple[int, Pixels]]:
    """Yield pictures that are decoded together, one by one if some are damaged."""
    try:
        yield from zip(numbers, found.decode(numbers), strict=True)
    except FormatError as error:
        if failed is None:
            raise
        if len(numbers) == 1:
            failed(FormatError(f"picture {numbers[0]}: {error}"))
            return
        for number in numbers:
            yield from _decoded(found, [number], failed)


def _target(out: Path, found: Collection, number: int, taken: set[Path]) -> Path:
    """Where a picture goes: its name with another ending, or its number where that is taken or missing."""
    name, _, place = found.file(number)
    path = out / PurePosixPath(name).with_suffix(".png") if name and not place else out / f"{number:08d}.png"
    if path in taken:
        path = path.with_name(f"{path.stem}-{number:08d}.png")
    taken.add(path)
    return path
