"""Damaged inputs: files, archives, metadata and model folders, none of which may crash, hang or take much memory.

Run as `python -m benchmarks.fuzz --inputs 300000`; it goes on where it was stopped. Input N depends on N alone, so
that `--only N` repeats it. Half of the inputs get right checksums again, or they would hardly get past them. The models
are small and random: what surrounds them is what is tested. A warning of numpy counts as a crash.
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import click
import numpy as np
from tqdm import tqdm

import vlae_codec
from benchmarks.fuzz_photos import PhotoCorpus, damaged_photo_model, make_photo_corpus, read_photo_folder
from benchmarks.fuzz_stored import (
    damaged_metadata,
    damaged_tiles,
    damaged_words,
    make_pages,
    make_palettes,
    make_predicted,
    make_stored,
    make_wrapped,
)
from benchmarks.memory_folder import MemoryFolder
from benchmarks.mutations import mutate, mutate_arrays, mutate_info, pack_model
from benchmarks.results import FOLDER, read_result, write_result
from benchmarks.seals import Fingerprints, reseal
from benchmarks.small_model import small_arrays, write_small_model
from vlae_cli.common import exit_on_error
from vlae_codec import api
from vlae_codec.container import envelope
from vlae_codec.container.header import ARCHIVE, LOSSLESS, MODES, WINDOWED, parse_head
from vlae_codec.errors import FormatError, ImageError, OptionError, VlaeError
from vlae_codec.families.bilevel.identify import is_archive
from vlae_codec.families.registry import find_model, read_model
from vlae_codec.io.writing import FORMATS, encode_picture, unwritten
from vlae_codec.latents.payload import decode
from vlae_codec.model.networks import IntegerModel
from vlae_codec.report import inspection

NAME = "fuzz"
LIMIT_S = 2.0
LIMIT_MIB = 512
MAX_PIXELS = 64 * 64
"""Of a file's pictures together: the time of a file that is not damaged is no hang."""
MAX_PHOTO_PIXELS = 40 * 30
"""Of a picture of any size: exact pixels are eight decisions each, and the narrowest pictures take one step a pixel."""
KEPT = 5000
"""Inputs between two savings."""
KINDS = ("file", "archive", "model", "photo", "photo model", "stored", "metadata", "page", "palette", "predicted")
WEIGHTS = (28, 14, 12, 14, 6, 10, 8, 8, 8, 8)


class HangError(Exception):
    """An input took too long."""


@dataclass
class Corpus:
    """What is damaged: whole files by kind, and the parts of a model; and the fingerprints that checksums depend on."""

    known: Fingerprints
    files: list[bytes]
    archives: list[bytes]
    info: dict[str, Any]
    model: dict[str, bytes]
    photos: PhotoCorpus
    stored: list[bytes]
    wrapped: list[bytes]
    pages: list[bytes]
    palettes: list[bytes]
    predicted: list[bytes]

    @property
    def all_files(self) -> list[bytes]:
        """Files of every kind, of which parts are spliced into others."""
        stored = self.stored + self.palettes + self.predicted
        return self.files + self.archives + self.photos.files + stored + self.wrapped + self.pages


@dataclass
class State:
    """How far a run is."""

    done: int = 0
    outcomes: dict[str, Counter[str]] = field(default_factory=lambda: {kind: Counter() for kind in KINDS})
    failures: list[dict[str, Any]] = field(default_factory=list)
    slowest_s: float = 0.0
    peak_mib: float = 0.0
    commits: list[str] = field(default_factory=list)
    seconds: float = 0.0


def make_corpus(models: Path) -> Corpus:
    """Install small models in a folder; files of each mode that they make, and golden files of the released ones."""
    info = write_small_model(models / "small")
    rng = np.random.default_rng(3)
    pictures = rng.integers(0, 2, (30, 8, 8)).astype(bool)
    pictures[10:20] &= pictures[20:30]
    many: dict[str, Any] = {"model": "small", "effort": 1}
    names = [f"picture {number}" for number in range(len(pictures))]
    archives = [
        vlae_codec.compress_many(pictures, **many),
        vlae_codec.compress_many(pictures[:5], code="sample", names=names[:5], **many),
        vlae_codec.compress_many(pictures[:12], lossless=True, **many),
        vlae_codec.compress_many(pictures, lossless=True, names=names, **many),
    ]
    files = [vlae_codec.compress(one, "small", bits=bits) for one, bits in zip(pictures, (8, 16, 24), strict=False)]
    files += [vlae_codec.compress(one, "small", code="sample", effort=1) for one in pictures[3:5]]
    files += [vlae_codec.compress(one, "small", lossless=True, effort=1) for one in pictures[5:8]]
    for path in sorted((FOLDER.parents[1] / "tests" / "golden").glob("*.vlz")):
        (archives if is_archive(path.read_bytes()) else files).append(path.read_bytes())
    parts = pack_model(info, small_arrays(), True)
    photos = make_photo_corpus(models / "small-photo")
    released = [find_model(name).fingerprint for name in ("photo", "page")]
    prints = [bytes.fromhex(text) for text in (info["fingerprint"], photos.info["fingerprint"], *released)]
    stored, pages, palettes, predicted = make_stored(), make_pages(), make_palettes(), make_predicted()
    wrapped = make_wrapped([files[0], photos.files[0], photos.files[-1], pages[-1], *stored[:2]])
    fingerprints = {one[:3]: one for one in prints}
    return Corpus(fingerprints, files, archives, info, parts, photos, stored, wrapped, pages, palettes, predicted)


def read_vlz(data: bytes) -> str:
    """Everything that can be done with the bytes of a file; what came of it."""
    inspection.describe(data)
    inner, metadata = envelope.unwrap(data)
    most = MAX_PIXELS if parse_head(inner)[0] in (*MODES, LOSSLESS, ARCHIVE) else MAX_PHOTO_PIXELS
    if not is_archive(data):  # first, for a file that was cut has no more
        with suppress(OptionError):  # of files without a lossy part
            api.decompress(data, 3, preview=True, max_pixels=most)
    drawn = [image.size for image in api.decompress_many(data, max_pixels=most)]
    if inner[2] & 15 == WINDOWED:
        api.decompress(data, 3, temperature=0.7, max_pixels=most)
    if metadata.parts():
        pixels = api.decompress_array(data, max_pixels=most)
        for ending in FORMATS:
            unwritten(metadata, ending)
            with suppress(ImageError):  # what a format does not hold, such as transparency
                encode_picture(pixels, ending, metadata)
    return "decoded" if drawn else "empty"


def read_folder(files: dict[str, bytes]) -> str:
    """Load a model and put each of its networks to work."""
    model = read_model(MemoryFolder(files), IntegerModel)  # type: ignore[arg-type]
    if model.height * model.width > MAX_PIXELS:
        return "large"
    for mode, payload in ((0, b"ab"), (1, b"\0\0\0\0")):
        try:
            model.posterior(model.draw(decode(model, [mode], [payload]), 1))
        except FormatError:  # the payload need not be a code of this model, but its networks are to run
            model.posterior(np.zeros((1, model.height, model.width), np.uint8))
    return "decoded"


def make_input(number: int, corpus: Corpus) -> tuple[str, Callable[[], str], bytes]:
    """Kind of an input, what to do with it, and its bytes."""
    rng = random.Random(number)
    (kind,) = rng.choices(KINDS, WEIGHTS)
    if kind == "model":
        files = damaged_model(rng, corpus)
        return kind, lambda: read_folder(files), b"\n".join(files.values())
    if kind == "photo model":
        files = damaged_photo_model(rng, corpus.photos)
        return kind, lambda: read_photo_folder(files), b"\n".join(files.values())
    data = damaged_file(kind, rng, corpus)
    if rng.randrange(2):
        data = reseal(data, corpus.known)
    return kind, lambda: read_vlz(data), data


def damaged_file(kind: str, rng: random.Random, corpus: Corpus) -> bytes:
    """Make a file of a kind whose bytes are changed; some with packed parts inside of these."""
    if kind == "stored" and rng.randrange(2):
        return damaged_tiles(rng.choice(corpus.stored), rng, corpus.all_files)
    if kind in ("palette", "predicted") and rng.randrange(2):
        words = corpus.palettes if kind == "palette" else corpus.predicted
        return damaged_words(rng.choice(words), rng, corpus.all_files)
    if kind == "metadata" and rng.randrange(2):
        return damaged_metadata(rng.choice(corpus.wrapped), rng, corpus.all_files)
    bases = {
        "file": corpus.files, "archive": corpus.archives, "photo": corpus.photos.files,
        "stored": corpus.stored, "metadata": corpus.wrapped, "page": corpus.pages,
        "palette": corpus.palettes, "predicted": corpus.predicted,
    }[kind]  # fmt: skip
    return mutate(rng.choice(bases), rng, corpus.all_files)


def damaged_model(rng: random.Random, corpus: Corpus) -> dict[str, bytes]:
    """Damage a model folder, as bytes or in what it declares."""
    files = dict(corpus.model)
    if (kind := rng.randrange(4)) < 2:
        name = ("model.json", "weights.npz")[kind]
        files[name] = mutate(files[name], rng, list(corpus.model.values()))
        return files
    arrays = small_arrays()
    if kind == 2:
        return _packed(mutate_info(corpus.info, rng), arrays)
    return _packed(corpus.info, mutate_arrays(arrays, rng))


def _packed(info: dict[str, Any], arrays: dict[str, Any]) -> dict[str, bytes]:
    return pack_model(info, arrays, fresh=True)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Stop what takes longer."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise HangError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def run_one(number: int, corpus: Corpus, state: State) -> None:
    """Try one input and count what came of it."""
    kind, action, data = make_input(number, corpus)
    started = time.process_time()
    try:
        with time_limit(5 * LIMIT_S):  # wall time, on a machine that others use; the limit itself is of CPU time
            outcome = action()
    except VlaeError as error:
        outcome = type(error).__name__
        if "\n" in str(error):
            state.failures.append({"input": number, "error": f"more than one line: {error}"})
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        text = f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
        state.failures.append({"input": number, "error": text[:300], "bytes": len(data)})
        outcome = "crash"
    taken = time.process_time() - started
    if taken > LIMIT_S and outcome != "crash":
        state.failures.append({"input": number, "error": f"hang: {taken:.1f} s"})
    state.slowest_s = max(state.slowest_s, round(taken, 3))
    state.outcomes[kind][outcome] += 1
    state.done += 1


def peak_mib() -> float:
    """Return the most memory that this process has held, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def save(state: State, folder: Path) -> None:
    """Keep the state as a result."""
    state.peak_mib = max(state.peak_mib, round(peak_mib(), 1))
    tree = {**vars(state), "outcomes": {kind: dict(sorted(found.items())) for kind, found in state.outcomes.items()}}
    path = write_result(NAME, {"limit_s": LIMIT_S, "limit_mib": LIMIT_MIB, **tree}, folder)
    commit = json.loads(path.read_text())["metadata"]["commit"]
    if commit not in state.commits:
        state.commits.append(commit)


def restore(folder: Path) -> State:
    """Read the state of the last run."""
    tree = read_result(NAME, folder)
    if tree is None:
        return State()
    state = State(**{key: tree[key] for key in vars(State())})
    state.outcomes = {kind: Counter(tree["outcomes"].get(kind, {})) for kind in KINDS}
    return state


@contextmanager
def installed_corpus() -> Iterator[Corpus]:
    """Yield the corpus, its small models being all that the user has installed."""
    with tempfile.TemporaryDirectory() as models:
        os.environ["VLAE_MODELS"] = models
        yield make_corpus(Path(models))


def fuzz(inputs: int, folder: Path, quiet: bool = False) -> State:
    """Go on until so many inputs are done, keeping the state in `folder`."""
    with installed_corpus() as corpus, warnings.catch_warnings():
        warnings.simplefilter("error")
        state = restore(folder)
        for number in tqdm(range(state.done, inputs), initial=state.done, total=inputs, disable=quiet or None):
            started = time.monotonic()
            run_one(number, corpus, state)
            state.seconds = round(state.seconds + time.monotonic() - started, 4)
            if state.done % KEPT == 0:
                save(state, folder)
        save(state, folder)
    return state


def repeat(number: int) -> None:
    """Try one input again and let its error through."""
    with installed_corpus() as corpus, warnings.catch_warnings():
        warnings.simplefilter("error")
        kind, action, data = make_input(number, corpus)
        click.echo(f"{kind}, {len(data)} bytes: {data[:200]!r}")
        click.echo(action())


@click.command()
@click.option("--inputs", type=click.IntRange(1), default=300_000, show_default=True, help="How many in all.")
@click.option("--only", type=click.IntRange(0), help="Repeat this input and let its error through.")
@exit_on_error
def main(inputs: int, only: int | None) -> None:
    """Feed damaged inputs to the codec; exit code 1 if one of them does what it must not."""
    if only is not None:
        repeat(only)
        return
    state = fuzz(inputs, FOLDER)
    found = {kind: dict(counts) for kind, counts in state.outcomes.items()}
    click.echo(f"{state.done} inputs, {len(state.failures)} failures, slowest {state.slowest_s} s, {found}")
    if state.failures or state.peak_mib > LIMIT_MIB:
        click.echo(f"peak memory {state.peak_mib} MiB; {state.failures[:5]}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
