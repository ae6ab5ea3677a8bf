"""The pictures of a training set as compressed files in a few plain archives, small enough to be sent along.

A shard is an uncompressed zip file. Its members are JPEG files (photographs, `photo/...`) and lossless WebP files
(drawn pictures, `drawn/...`). The same pictures always make the same bytes.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from tqdm import tqdm

from vlae_codec.errors import VlaeError

from .drawn import Fonts, draw, find_fonts

PHOTO, DRAWN = "photo", "drawn"
"""Folders of a shard; the first part of a member's name says what kind of picture it is."""
QUALITY = 95
"""Of JPEG, without chroma subsampling: 40 to 44 dB to the reduced photographs at 2.6 to 5 bits a pixel."""
LEAST = 288
"""Pixels of a side; a smaller picture is left out."""
DRAWN_COUNT, DRAWN_SIDE = 259, 768
"""Drawn pictures, a whole number of turns through their kinds, and pixels of a side of them."""
PASTED, PASTED_EACH = "photos/imagenet-sample/*.JPEG", 4
"""Photographs that are pasted into drawn pages, and of how many in a row the first is taken."""
LIMIT = 13 << 20
"""Bytes of a shard; the set takes seven or so."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every member, so that shards depend on the pictures alone."""


class Source(NamedTuple):
    """A folder of photographs, and by which factors they are made smaller."""

    name: str
    pattern: str
    divisors: tuple[float, ...]


SOURCES = (
    Source("unsplash", "photos/unsplash/*.jpg", (3.0, 5.0)),
    Source("large", "photos-large/*.jpg", (1.75,)),
    Source("imagenet", "photos/imagenet-sample/*.JPEG", (1.25,)),
    Source("bsds500", "photos/bsds500/*/*.jpg", (1.0,)),
)
"""Cleanest first; a factor of 1 keeps the original file, which costs no second loss."""


class Member(NamedTuple):
    """One compressed picture and its name in a shard."""

    name: str
    data: bytes


def photo_members(folder: Path, quality: int = QUALITY, quiet: bool = False) -> Iterator[Member]:
    """Yield the photographs of all sources in turn, downscaled and compressed.

    Raises:
        VlaeError: no photograph is in the folder.
    """
    files = [(source, path) for source in SOURCES for path in sorted(folder.glob(source.pattern))]
    if not files:
        raise VlaeError(f"no photographs in {folder}; give the folder of the data sets with --data")
    for source, path in tqdm(files, desc="packing photographs", unit="file", disable=quiet or None):
        for divisor in source.divisors:
            if data := _reduced(path, divisor, quality):
                yield Member(f"{PHOTO}/{source.name}/{path.stem}-{divisor:g}.jpg", data)


def drawn_members(folder: Path, count: int, quiet: bool = False) -> Iterator[Member]:
    """So many drawn pictures, with the fonts of this machine and with photographs of the folder pasted into some."""
    photos = []
    for path in sorted(folder.glob(PASTED))[::PASTED_EACH] if count else []:
        with Image.open(path) as image:
            photos.append(image.convert("RGB").reduce(2))
    fonts = Fonts(find_fonts())
    for number in tqdm(range(count), desc="drawing pictures", unit="file", disable=quiet or None):
        yield drawn_member(number, draw(number, DRAWN_SIDE, fonts, photos))


def drawn_member(number: int, image: Image.Image) -> Member:
    """Return a drawn picture without loss."""
    out = io.BytesIO()
    image.save(out, "WEBP", lossless=True, quality=60, method=4)
    return Member(f"{DRAWN}/{number:04d}.webp", out.getvalue())


def training_members(
    folder: Path, drawn: int = DRAWN_COUNT, quality: int = QUALITY, quiet: bool = False
) -> Iterator[Member]:
    """All pictures of the training set of photo models: drawn ones, then photographs, the cleanest first.

    Raises:
        VlaeError: no photograph is in the folder.
    """
    yield from drawn_members(folder, drawn, quiet)
    yield from photo_members(folder, quality, quiet)


def write_shards(folder: Path, members: Iterable[Member], limit: int = LIMIT) -> list[Path]:
    """Write pictures into `shard-0.zip` and so on, each as full as its limit allows.

    The last shard gets its name when it is complete, and the first one after all others: where `shard-0.zip` exists,
    nothing is missing.

    Args:
        folder: made if need be; shards of an earlier call in it are removed.
        members: in the order in which they are written.
        limit: bytes of a shard.

    Raises:
        VlaeError: a picture takes more than a shard.
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in [*folder.glob("shard-*.zip"), *folder.glob("shard-*.part")]:
        old.unlink()
    made: list[Path] = []
    with ExitStack() as opened:
        size = limit
        for member in members:
            cost = len(member.data) + 2 * len(member.name) + 128  # headers of both kinds, and the end of the archive
            if cost > limit:
                raise VlaeError(f"{member.name}: {len(member.data)} bytes, and {limit} is the limit of a shard")
            if size + cost > limit:
                opened.close()
                made.append(folder / f"shard-{len(made)}.part")
                writer, size = opened.enter_context(zipfile.ZipFile(made[-1], "w", zipfile.ZIP_STORED)), 0
            writer.writestr(zipfile.ZipInfo(member.name, EPOCH), member.data)
            size += cost
    for path in reversed(made):
        os.replace(path, path.with_suffix(".zip"))
    return [path.with_suffix(".zip") for path in made]


def _reduced(path: Path, divisor: float, quality: int) -> bytes | None:
    with Image.open(path) as opened:
        width, height = (round(side / divisor) for side in opened.size)
        if min(width, height) < LEAST:
            return None
        if divisor == 1 and opened.format == "JPEG" and opened.mode == "RGB":
            return path.read_bytes()
        image = opened.convert("RGB")
    out = io.BytesIO()
    image = image.resize((width, height), Image.Resampling.LANCZOS)
    image.save(out, "JPEG", quality=quality, subsampling=0, optimize=True, progressive=True)
    return out.getvalue()
