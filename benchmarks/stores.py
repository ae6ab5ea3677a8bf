"""Ways to keep pictures: folders and tars of files, Parquet, LMDB, and collections, each written and read alike."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vlae_codec.collections import Collection, encode_part

Picture = NDArray[np.uint8]
"""Grey levels (H, W), of digits 0 and 255 alone, or colours (H, W, 3)."""
ALL = 1 << 20
LOSSY = "lossy"
"""In the name of a store whose pictures differ from those that were written."""


@dataclass(frozen=True)
class Store:
    """A way to keep pictures: how they are written, read in order, and one by its number."""

    write: Callable[[list[Picture], Path], None]
    read: Callable[[Path], Iterator[Any]]
    one: Callable[[Path, int], Any]


def png(picture: Picture) -> bytes:
    """Return the bytes of a PNG file, of one bit a pixel where that is enough."""
    image = Image.fromarray(picture)
    bilevel = picture.ndim == 2 and not (picture % 255).any()
    return packed(image.convert("1") if bilevel else image, "PNG", optimize=True)


def packed(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Return the bytes of a file in a format of Pillow."""
    if kind == "JXL":
        import pillow_jxl  # noqa: F401  # registers the format
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def opened(data: bytes) -> NDArray[Any]:
    return np.asarray(Image.open(io.BytesIO(data)))


def files(pack: Callable[[Picture], bytes]) -> Store:
    """Return a folder of files."""

    def write(pictures: list[Picture], path: Path) -> None:
        path.mkdir()
        for number, picture in enumerate(pictures):
            (path / str(number)).write_bytes(pack(picture))

    def one(path: Path, number: int) -> Any:
        return opened((path / str(number)).read_bytes())

    def read(path: Path) -> Iterator[Any]:
        return (one(path, number) for number in range(len(list(path.iterdir()))))

    return Store(write, read, one)


def files_of(kind: str, **options: Any) -> Store:
    """Return a folder of files in a format of Pillow."""
    return files(lambda picture: packed(Image.fromarray(picture), kind, **options))


def png_tar() -> Store:
    """Return a tar of PNG files."""

    def write(pictures: list[Picture], path: Path) -> None:
        with tarfile.open(path, "w") as tar:
            for number, picture in enumerate(pictures):
                data = png(picture)
                info = tarfile.TarInfo(f"{number}.png")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))

    def read(path: Path) -> Iterator[Any]:
        with tarfile.open(path) as tar:
            for member in tar:
                file = tar.extractfile(member)
                assert file
                yield opened(file.read())

    def one(path: Path, number: int) -> Any:
        with tarfile.open(path) as tar:
            file = tar.extractfile(f"{number}.png")
            assert file
            return opened(file.read())

    return Store(write, read, one)


def png_parquet() -> Store:
    """Return a Parquet file with a column of PNG files."""
    import pyarrow
    from pyarrow import parquet

    def write(pictures: list[Picture], path: Path) -> None:
        parquet.write_table(pyarrow.table({"png": list(map(png, pictures))}), path, compression="zstd")

    def read(path: Path) -> Iterator[Any]:
        return map(opened, parquet.read_table(path)["png"].to_pylist())

    def one(path: Path, number: int) -> Any:
        return opened(parquet.read_table(path)["png"][number].as_py())

    return Store(write, read, one)


def png_lmdb() -> Store:
    """Return an LMDB of PNG files."""
    import lmdb

    def write(pictures: list[Picture], path: Path) -> None:
        with lmdb.open(str(path), 1 << 30) as base, base.begin(write=True) as transaction:
            for number, picture in enumerate(pictures):
                transaction.put(f"{number:08d}".encode(), png(picture))

    def read(path: Path) -> Iterator[Any]:
        with lmdb.open(str(path), readonly=True) as base, base.begin() as transaction:
            for _, data in transaction.cursor():
                yield opened(data)

    def one(path: Path, number: int) -> Any:
        with lmdb.open(str(path), readonly=True) as base, base.begin() as transaction:
            return opened(transaction.get(f"{number:08d}".encode()) or b"")

    return Store(write, read, one)


def collection(model: str, **options: Any) -> Store:
    """Return a collection."""

    def write(pictures: list[Picture], path: Path) -> None:
        path.write_bytes(encode_part(pictures, model, **options))

    def read(path: Path) -> Iterator[Any]:
        return (pixels for _, pixels in Collection(path).numbered())

    def one(path: Path, number: int) -> Any:
        return Collection(path).decode([number])[0]

    return Store(write, read, one)


COMMON: dict[str, Callable[[], Store]] = {
    "PNG files": lambda: files(png),
    "tar of PNG": png_tar,
    "LMDB of PNG": png_lmdb,
    "Parquet of PNG, zstd": png_parquet,
    "WebP files, exact": lambda: files_of("WEBP", lossless=True, exact=True),
    "JPEG XL files, exact": lambda: files_of("JXL", lossless=True),
}
STORES: dict[str, dict[str, Callable[[], Store]]] = {
    "digits": COMMON
    | {
        "collection, exact, a file each": lambda: collection("mnist", lossless=True, effort=1),
        "collection, exact, archives of 100": lambda: collection("mnist", lossless=True, pack=100),
        "collection, exact, one archive": lambda: collection("mnist", lossless=True, pack=ALL),
        f"collection, {LOSSY}, a file each": lambda: collection("mnist", effort=1),
        f"collection, {LOSSY}, one archive": lambda: collection("mnist", effort=1, pack=ALL),
    },
    "photos": COMMON
    | {
        "collection, exact": lambda: collection("auto", lossless=True),
        f"JPEG files of quality 50, {LOSSY}": lambda: files_of("JPEG", quality=50, optimize=True),
        f"WebP files of quality 50, {LOSSY}": lambda: files_of("WEBP", quality=50, method=6),
        f"AVIF files of quality 50, {LOSSY}": lambda: files_of("AVIF", quality=50, speed=4),
        f"JPEG XL files of quality 50, {LOSSY}": lambda: files_of("JXL", quality=50),
        f"collection of quality 50, {LOSSY}": lambda: collection("photo", quality=50),
        f"collection of quality 80, {LOSSY}": lambda: collection("photo", quality=80),
    },
}
