"""The work of `vlae-collect`: pictures to parts in several processes or by Ray, and back to files."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from enum import Enum
from multiprocessing import get_context
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from .batches import begin
from .common import Failures, progress_bar
from .startup import signals_held

if TYPE_CHECKING:
    from vlae_codec.collections.parts import PartDone, PartTask

BATCH = 256
Named = tuple[str, Path]
"""The name of a picture in its collection, and its file."""


class Engine(Enum):
    """Who shares out the work."""

    PROCESSES = "processes"
    RAY = "ray"


@dataclass(frozen=True)
class MakeTask:
    """A collection that is to be made.

    Attributes:
        inputs: pictures and folders.
        out: the collection.
        model: name, folder or fingerprint, or "auto".
        options: of `encode_part`.
        part: pictures that are done at once.
        jobs: processes or actors.
        engine: who shares out the work.
    """

    inputs: Sequence[Path]
    out: Path
    model: str
    options: Mapping[str, Any]
    part: int
    jobs: int
    engine: Engine


@dataclass(frozen=True)
class Made:
    """What became of it.

    Attributes:
        pictures: in the collection.
        bytes: of it.
        parts, reused: how many there were, and how many an earlier run had left.
        seconds: that it took.
        pictures_per_second: of all that were tried.
        failed: names of pictures that are not in it, and why.
    """

    pictures: int
    bytes: int
    parts: int
    reused: int
    seconds: float
    pictures_per_second: float
    failed: tuple[tuple[str, str], ...]

    @property
    def bits_a_picture(self) -> float:
        """Bits of the collection by picture."""
        return round(8 * self.bytes / max(1, self.pictures), 2)

    def exit(self) -> None:
        """Report what failed, and end with exit code 1 if anything did."""
        failures = Failures()
        for name, error in self.failed:
            failures.add(Path(name), error)
        failures.exit(self.pictures + len(self.failed))


def make_collection(task: MakeTask) -> Made:
    """Write a collection of all pictures of the inputs.

    Raises:
        VlaeError: it exists, there are no pictures, the model is unknown, or a process was ended from outside.
    """
    from vlae_codec.errors import VlaeError
    from vlae_codec.families.bilevel import codec

    if task.out.exists():
        raise VlaeError(f"{task.out} exists: give another name with -o")
    codec.candidates(task.model)  # an unknown model is an error of the command, not of each picture
    problems: list[tuple[Path, str]] = []
    found = named(task.inputs, problems)
    folder = task.out.absolute().with_name(f"{task.out.name}.parts")
    folder.mkdir(parents=True, exist_ok=True)
    made = (_by_ray if task.engine is Engine.RAY else _by_processes)(task, found, folder)
    shutil.rmtree(folder)
    return replace(made, failed=(*((str(path), text) for path, text in problems), *made.failed))


def named(inputs: Sequence[Path], problems: list[tuple[Path, str]]) -> list[Named]:
    """Return all pictures in and below the inputs with their names; what cannot be read is a problem.

    Raises:
        VlaeError: there are none.
    """
    from vlae_codec.errors import VlaeError
    from vlae_codec.io.targets import walk

    from .compress import PICTURES

    found = list[Named]()
    for path in inputs:
        if not path.is_dir():
            found.append((path.name, path))
            continue
        below = [file for file in walk(path, problems) if file.suffix.lower() in PICTURES]
        found += [(file.relative_to(path).as_posix(), file) for file in below]
    if not found:
        raise VlaeError(f"no pictures of a known kind in {', '.join(map(str, inputs))}")
    return found


def _by_processes(task: MakeTask, found: Sequence[Named], folder: Path) -> Made:
    """Write the parts in processes of this command, and join them."""
    from vlae_codec.collections import join
    from vlae_codec.collections.parts import PartTask

    started = time.monotonic()
    part = PartTask(str(folder), task.model, task.options)
    batches = [found[start : start + task.part] for start in range(0, len(found), task.part)]
    done: list[PartDone] = []
    failed: list[tuple[str, str]] = []
    with progress_bar("collecting") as step:
        for batch, one in zip(batches, _shared(part, batches, task.jobs), strict=True):
            done.append(one)
            failed += [(name, error) for (name, _), error in zip(batch, one.errors, strict=True) if error]
            if step:
                step(len(batch), len(found))
    pictures = join([one.path for one in done], task.out)
    seconds, reused = time.monotonic() - started, sum(one.reused for one in done)
    size, speed = task.out.stat().st_size, round(len(found) / seconds, 1)
    return Made(pictures, size, len(done), reused, round(seconds, 2), speed, tuple(failed))


def _shared(task: PartTask, batches: Sequence[Sequence[Named]], jobs: int) -> Iterator[PartDone]:
    """Yield what became of each batch, in order.

    Raises:
        VlaeError: a process was ended from outside.
    """
    from vlae_codec.errors import VlaeError

    if jobs == 1:
        yield from (_keep(task, batch) for batch in batches)
        return
    with ProcessPoolExecutor(min(jobs, len(batches)), get_context("spawn"), begin) as pool:
        try:
            with signals_held():  # processes start here
                futures = [pool.submit(_keep, task, batch) for batch in batches]
            yield from (future.result() for future in futures)
        except BrokenProcessPool as error:
            raise VlaeError("a process was ended from outside: start the same again, and it goes on") from error
        finally:
            pool.shutdown(cancel_futures=True)


def _keep(task: PartTask, batch: Sequence[Named]) -> PartDone:
    """Write a part of files; one that cannot be read is a failure of its own."""
    from vlae_codec.collections.parts import keep_part

    return keep_part(task, [_content(path) for _, path in batch], [name for name, _ in batch])


def _content(path: Path) -> bytes | str:
    """Return the bytes of a file; of one that cannot be read its path, by which coding fails with the reason."""
    from vlae_codec.io.files import read_up_to
    from vlae_codec.io.images import MAX_BYTES

    try:
        return read_up_to(path, MAX_BYTES)
    except (ValueError, OSError):
        return str(path)


def _by_ray(task: MakeTask, found: Sequence[Named], folder: Path) -> Made:
    """Write the parts by actors of Ray, on the cluster that there is or on one of this machine's own."""
    import ray

    from vlae_codec.engines.ray import collect

    rows = [{"name": name, "path": str(path.absolute())} for name, path in found]
    given = {"names": "name", "model": task.model, "batch_size": task.part, "workers": task.jobs, **task.options}
    report = collect(ray.data.from_items(rows), str(task.out), "path", **given)
    speed = round(len(found) / report.seconds, 1)
    return Made(report.pictures, report.bytes, report.parts, report.reused, report.seconds, speed, tuple(report.failed))


def extract_pictures(collection: Path, out: Path, index: str, seed: int, force: bool) -> int:
    """Write pictures of a collection as PNG files; how many.

    Raises:
        FormatError: it is damaged, or the index names none of its pictures.
        VlaeError: a file exists without `force`.
    """
    from vlae_codec.collections import Collection
    from vlae_codec.families.bilevel.archive import parse_index
    from vlae_codec.io import files, targets, writing

    with Collection(collection, seed=seed) as found:
        wanted = parse_index(index, len(found))
        taken = set[Path]()
        for start in range(0, len(wanted), BATCH):
            numbers = wanted[start : start + BATCH]
            for number, pixels in zip(numbers, found.decode(numbers), strict=True):
                name, _, place = found.file(number)
                target = _target(out, name, place, number, taken)
                targets.check_target(collection, target, force)
                target.parent.mkdir(parents=True, exist_ok=True)
                writing.write_picture(target, pixels, files.Origin((collection,)))
        return len(wanted)


def _target(out: Path, name: str, place: int, number: int, taken: set[Path]) -> Path:
    """Where a picture goes: its name with another ending, or its number where that is taken or missing."""
    path = out / PurePosixPath(name).with_suffix(".png") if name and not place else out / f"{number:08d}.png"
    if path in taken:
        path = path.with_name(f"{path.stem}-{number:08d}.png")
    taken.add(path)
    return path
