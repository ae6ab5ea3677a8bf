"""The cases of the suite that are drawn: what each file is, how it is made, and with which options it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib import resources
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import vlae_codec
from vlae_codec.collections import encode_part
from vlae_codec.container.envelope import Metadata, wrap
from vlae_codec.families import registry
from vlae_codec.families.bilevel import codec
from vlae_codec.families.bilevel.archive import compress_archive
from vlae_codec.families.bilevel.lossless_chunk import PRECISION
from vlae_codec.families.page import codec as page
from vlae_codec.families.registry import find_model
from vlae_codec.families.request import Rate
from vlae_codec.families.stored import codec as stored
from vlae_codec.families.stored import palette, predicted
from vlae_codec.families.stored.container import PALETTE, PREDICTED, StoredFile, write_file
from vlae_codec.io.images import Picture, decode_image

Levels = NDArray[np.uint8]


class Case(NamedTuple):
    """A file of the suite, and one way to read it.

    Attributes:
        name: of the file; other cases may read it too.
        tests: what it is there for, a line.
        make: gives its bytes.
        options: of the decoder.
    """

    name: str
    tests: str
    make: Callable[[], bytes]
    options: tuple[str, ...] = ()


def digits() -> Levels:
    """Return the ten digits of the package, 0 and 1, (10, 28, 28)."""
    folder = resources.files("vlae_cli") / "digits"
    pictures = [decode_image((folder / f"{digit}.png").read_bytes()).pixels for digit in range(10)]
    found: Levels = (np.stack(pictures) >= 128).astype(np.uint8)
    return found


def shape(height: int, width: int) -> Levels:
    """Draw a figure of 0 and 1: a ring with a bar."""
    rows, columns = np.mgrid[:height, :width]
    far = np.hypot(rows - height / 2, columns - width / 2)
    found: Levels = ((abs(far - height / 3) < 1.5) | ((rows == height // 2) & (far < height / 3))).astype(np.uint8)
    return found


def bilevel(pixels: Levels, model: str = "mnist", *, lossless: bool = False, **options: Any) -> bytes:
    """Compress a picture of 0 and 1 to a file."""
    info = registry.find_model(model)
    prepared = codec.prepare(Picture(255 * pixels), [info], exact=lossless)
    return codec.compress_images([prepared], lossless=lossless, **options)[0].data


def archive(
    pixels: Levels, names: bool = False, chunk: int | None = None, precision: int = PRECISION, **rate: Any
) -> bytes:
    """Compress pictures of 0 and 1 to an archive."""
    titles = [f"picture {number} \N{GREEK SMALL LETTER ZETA}.png" for number in range(len(pixels))] if names else None
    info = registry.find_model("mnist")
    return compress_archive(info, pixels, Rate(**rate), chunk=chunk, precision=precision, names=titles).data


def bilevel_cases() -> Iterator[Case]:
    """Yield the cases of black and white pictures."""
    ten = digits()
    noise = np.random.default_rng(1).integers(0, 2, (28, 28), np.uint8)
    blank, ink = np.zeros((28, 28), np.uint8), np.ones((28, 28), np.uint8)
    made = partial(bilevel, ten[3])
    yield Case("search", "a tree-search code of the default length", made)
    yield Case("search", "the seed is 64 bits", made, ("--seed", str(2**63 - 1)))
    yield Case("search", "the seed's high word counts", made, ("--seed", str(5 << 32)))
    yield Case("search", "several pictures of one file", made, ("--seed", "9", "--samples", "4"))
    for bits, tests in ((8, "the shortest code"), (16, "two bytes"), (40, "five bytes"), (56, "the longest code")):
        yield Case(
            f"search-{bits}", f"a tree-search code: {tests}", partial(bilevel, ten[5], bits=bits), ("--seed", "1")
        )
    for number in (0, 1, 7, 8):
        yield Case(f"sample-{number}", "relative entropy coding", partial(bilevel, ten[number], code="sample"))
    for number, groups in ((8, "two"), (0, "three")):
        made = partial(bilevel, ten[number], code="sample", effort=1)
        yield Case(f"sample-{groups}", f"relative entropy coding of {groups} groups", made)
    yield Case(
        "sample-few", "relative entropy coding in one group", partial(bilevel, ten[1], code="sample", quality=5.0)
    )
    yield Case("sample-noise", "relative entropy coding of many bits", partial(bilevel, noise, code="sample", effort=3))
    for name, size in (("omniglot", (28, 28)), ("caltech", (28, 28))):
        yield Case(f"{name}-search", f"model {name}", partial(bilevel, shape(*size), name))
        yield Case(f"{name}-lossless", f"model {name}, exact", partial(bilevel, shape(*size), name, lossless=True))
    for name, pixels in (("digit", ten[8]), ("blank", blank), ("ink", ink), ("noise", noise)):
        exact = partial(bilevel, pixels, lossless=True)
        yield Case(f"lossless-{name}", f"exact pixels: {name}", exact)
    yield Case("lossless-digit", "the lossy picture of an exact file", partial(bilevel, ten[8], lossless=True),
               ("--preview", "--seed", "4"))  # fmt: skip
    cut = partial(lambda: bilevel(ten[8], lossless=True)[:-6])
    yield Case("lossless-cut", "the lossy picture of an exact file that was cut", cut, ("--preview", "--seed", "4"))


def archive_cases() -> Iterator[Case]:
    """Yield the cases of archives."""
    ten = digits()
    many = np.concatenate([np.roll(ten, shift, (1, 2)) for shift in range(7)])
    yield Case("archive-lossy", "lossy codes of one kind", partial(archive, ten, bits=24), ("--seed", "3"))
    yield Case("archive-kinds", "lossy codes of several lengths", partial(archive, ten, quality=80.0))
    yield Case("archive-sample", "relative entropy coding", partial(archive, ten, code="sample", effort=1))
    yield Case("archive-bits", "lossy codes that end within bytes", partial(archive, ten, bits=20), ("--seed", "3"))
    yield Case("archive-chunks", "chunks of 4, the last of 2", partial(archive, ten, chunk=4))
    yield Case("archive-one", "an archive of one picture", partial(archive, ten[:1]))
    yield Case("archive-names", "names beyond ASCII", partial(archive, ten[:3], names=True))
    yield Case("exact-archive", "bits back: batches of several sizes", partial(archive, ten, lossless=True))
    yield Case("exact-archive-one", "bits back with seeds alone", partial(archive, ten[:1], lossless=True))
    yield Case("exact-archive-large", "bits back: full batches", partial(archive, many, lossless=True))
    yield Case("exact-archive-names", "bits back: chunks and names",
               partial(archive, ten, lossless=True, chunk=4, names=True))  # fmt: skip
    yield Case("exact-archive-fine", "bits back: bins of 14 bits", partial(archive, ten, lossless=True, precision=14))


def waves(height: int, width: int, grey: bool = False, noise: float = 0) -> Levels:
    """Draw a picture of waves and an edge, with noise."""
    rows, columns = np.mgrid[:height, :width]
    colours = [(7 * rows + 3 * columns) % 256, (5 * columns) % 256, 255 - (4 * rows) % 256]
    levels = np.stack(colours, -1).astype(np.float64)
    levels[rows > columns] /= 2
    levels += noise * np.random.default_rng(2).standard_normal(levels.shape)
    found = levels.clip(0, 255).astype(np.uint8)
    return found[:, :, 0].copy() if grey else found


def windowed_cases() -> Iterator[Case]:
    """Yield the cases of pictures of any size by the model with a window."""
    info = find_model("photo-exact")

    def code(levels: Levels, **options: Any) -> Callable[[], bytes]:
        return partial(vlae_codec.compress, levels, info.name, **options)

    hot, warm = ("--temperature", "1", "--seed", "6"), ("--temperature", "0.5", "--seed", "6")
    for name, levels in (("colour", waves(37, 52)), ("grey", waves(30, 41, True))):
        for quality in (0, 50, 100):
            made = code(levels, quality=quality)
            yield Case(f"windowed-{name}-{quality}", f"{name}, quality {quality}, at temperature 0", made)
            yield Case(f"windowed-{name}-{quality}", f"{name}, quality {quality}, preview", made, ("--preview",))
        yield Case(f"windowed-{name}-100", f"{name} at temperature 1", code(levels, quality=100), hot)
        yield Case(f"windowed-{name}-100", f"{name} at temperature 1/2", code(levels, quality=100), warm)
    yield Case("windowed-colour-50", "several pictures of one file", code(waves(37, 52)), (*hot, "--samples", "3"))
    for height, width in ((1, 1), (1, 40), (40, 1), (8, 8), (17, 9), (64, 64)):
        yield Case(f"windowed-{height}x{width}", f"{height} rows, {width} columns", code(waves(height, width)), warm)
    exact = {
        "colour": waves(33, 29), "grey": waves(29, 33, True), "few": waves(4, 5), "dot": waves(1, 1),
        "extremes": (255 * (waves(20, 20) > 128)).astype(np.uint8), "noise": waves(24, 24, noise=60),
        "flat": np.full((16, 16, 3), 77, np.uint8),
    }  # fmt: skip
    for name, levels in exact.items():
        yield Case(f"windowed-exact-{name}", f"exact pixels: {name}", code(levels, lossless=True))
    yield Case(
        "windowed-exact-colour", "preview of an exact file", code(exact["colour"], lossless=True), ("--preview",)
    )
    cut = partial(lambda: code(exact["colour"], lossless=True)()[:-40])
    yield Case("windowed-exact-cut", "preview of an exact file that was cut", cut, ("--preview",))


def photo_cases() -> Iterator[Case]:
    """Yield the cases of the photo family, by the model of now."""
    info = find_model("photo")
    about = f"photo-{info.fingerprint[:6]}"

    def code(levels: Levels, **options: Any) -> Callable[[], bytes]:
        return partial(vlae_codec.compress, levels, info.name, **options)

    noisy = waves(70, 90, noise=25)
    for quality in (0, 1, 50, 73, 99, 100):
        yield Case(f"{about}-colour-{quality}", f"colour, quality {quality}", code(noisy, quality=quality))
    yield Case(f"{about}-grey", "grey", code(waves(50, 60, True)))
    for height, width in ((1, 1), (1, 65), (129, 1), (64, 64), (65, 63), (16, 200)):
        yield Case(f"{about}-{height}x{width}", f"{height} rows, {width} columns", code(waves(height, width)))
    rough = np.kron(np.random.default_rng(3).integers(0, 256, (8, 9, 3), np.uint8), np.ones((8, 8, 1), np.uint8))
    yield Case(f"{about}-escapes", "symbols beyond their tables", code(rough, quality=100))
    yield Case(f"{about}-flat", "a payload that is filled up with zeros", code(np.full((800, 800, 3), 9, np.uint8)))
    rows, columns = np.mgrid[:60, :80]
    soft = (255 * (30 - np.hypot(rows - 30, columns - 40)) / 8).clip(0, 255).astype(np.uint8)
    planes = {"soft": soft, "hard": (255 * (soft > 90)).astype(np.uint8), "clear": np.zeros_like(soft)}
    for name, plane in planes.items():
        levels = np.concatenate([waves(60, 80), plane[:, :, None]], -1)
        yield Case(f"{about}-alpha-{name}", f"transparency: {name}", code(levels))
    both = np.concatenate([waves(60, 80, True)[:, :, None], soft[:, :, None]], -1)
    yield Case(f"{about}-alpha-grey", "transparency and grey", code(both))


def stored_cases() -> Iterator[Case]:
    """Yield the cases of exact pictures without a model."""

    def code(levels: Levels, alpha: Levels | None = None, effort: int = stored.SLOW - 1) -> Callable[[], bytes]:
        picture = Picture(levels, alpha=alpha)
        return lambda: stored.compress(picture, effort, palettes=False, predictions=False).data

    plane = (waves(40, 50, True) // 2 + 100).astype(np.uint8)
    few = (waves(40, 50) // 64 * 64).astype(np.uint8)
    yield Case("stored-colour", "exact colour", code(waves(40, 50, noise=3)))
    yield Case("stored-grey", "exact grey", code(waves(40, 50, True)))
    yield Case("stored-two", "two colours", code((255 * (waves(40, 50, True) > 99)).astype(np.uint8)))
    yield Case("stored-few", "few colours", code(few))
    yield Case("stored-alpha", "exact colour and transparency", code(waves(40, 50), plane))
    yield Case("stored-alpha-grey", "exact grey and transparency", code(waves(40, 50, True), plane))
    yield Case("stored-effort", "effort 9", code(waves(64, 64, noise=9), None, 9))
    yield Case("stored-dot", "one pixel", code(np.full((1, 1, 3), 200, np.uint8)))
    deep = waves(30, 40).astype(np.uint16) * 257 + np.arange(40, dtype=np.uint16)[:, None]
    for name, samples in (("colour", deep), ("grey", deep[:, :, 0].copy())):
        made = partial(vlae_codec.compress, samples, lossless=True)
        yield Case(f"stored-deep-{name}", f"16 bits, {name}", made)
    yield Case("stored-tiles", "tiles side by side", code((np.mgrid[:3, :4100][1] // 17 % 2 * 255).astype(np.uint8)))
    yield from palette_cases()
    yield from predicted_cases()


def palette_cases() -> Iterator[Case]:
    """Yield the cases of exact pictures by a palette: lines, flat parts and specks in a number of colours."""

    def code(colours: int, channels: int, size: tuple[int, int] = (48, 64), specks: float = 0.03) -> bytes:
        rng = np.random.default_rng(5)
        rows, columns = np.mgrid[: size[0], : size[1]]
        numbers = (columns // 9 + rows // 12) * (rows % 12 > 3) % colours
        numbers[rng.random(size) < specks] = rng.integers(colours)
        far = rng.random(size) < specks
        numbers[far] = rng.integers(0, colours, int(far.sum()))
        found = palette.split(rng.integers(0, 256, (colours, channels), np.uint8)[numbers])
        assert found is not None
        body, _ = palette.encode(*found)
        return write_file(StoredFile(channels < 3, channels % 2 == 0, *size, body, coding=PALETTE))

    def case(name: str, tests: str, *about: Any) -> Case:
        return Case(f"stored-palette{name}", f"a palette: {tests}", partial(code, *about))

    yield case("", "20 colours", 20, 3)
    yield case("-alpha", "20 colours with transparency", 20, 4)
    yield case("-grey", "7 levels", 7, 1)
    yield case("-alpha-grey", "90 levels with transparency", 90, 2)
    yield case("-many", "256 colours", 256, 3, (96, 100), 0.3)
    yield case("-one", "one colour", 1, 3)
    yield case("-two", "two colours, few pixels", 2, 3, (3, 5), 0.3)
    yield case("-column", "a column", 5, 3, (200, 1))


def predicted_cases() -> Iterator[Case]:
    """Yield the cases of exact pictures by predicted samples."""

    def code(levels: Levels, plane: Levels | None = None) -> bytes:
        samples = np.atleast_3d(levels)
        samples = samples if plane is None else np.concatenate([samples, plane[:, :, None]], axis=2)
        body, _ = predicted.encode(samples)
        height, width = levels.shape[:2]
        return write_file(StoredFile(levels.ndim == 2, plane is not None, height, width, body, coding=PREDICTED))

    def case(name: str, tests: str, *planes: Levels) -> Case:
        return Case(f"stored-predicted{name}", f"predicted samples: {tests}", partial(code, *planes))

    plane = (waves(40, 50, True) // 2 + 100).astype(np.uint8)
    extremes = 255 * np.random.default_rng(6).integers(0, 2, (30, 40, 3), np.uint8)
    yield case("", "colour", waves(60, 90, noise=6))
    yield case("-grey", "grey", waves(60, 90, True, noise=6))
    yield case("-alpha", "colour with transparency", waves(40, 50, noise=3), plane)
    yield case("-alpha-grey", "grey with transparency", waves(40, 50, True), plane)
    yield case("-quantised", "few of all colours", waves(60, 70, noise=9) // 12 * 12)
    yield case("-extremes", "noise of black and white channels", extremes)
    yield case("-flat", "one colour", np.full((20, 200, 3), 77, np.uint8))
    yield case("-dot", "one pixel", np.full((1, 1, 3), 200, np.uint8))
    yield case("-row", "a row", waves(1, 90, noise=9))
    yield case("-column", "a column, with steps that have no samples", waves(90, 1, noise=9))


def page_cases() -> Iterator[Case]:
    """Yield the cases of pages of two levels."""
    info = find_model("page")

    def code(ink: Levels, *levels: tuple[int, ...]) -> Callable[[], bytes]:
        pixels = np.array(levels or [(255,), (0,)], np.uint8)[ink]
        pixels = pixels if levels else pixels[:, :, 0]
        return lambda: page.compress(Picture(pixels), info).data

    about = f"page-{info.fingerprint[:6]}"
    rows, columns = np.mgrid[:96, :120]
    dither = ((rows * 5 + columns * 3) % 8 < rows * 9 // 96).astype(np.uint8)
    speckled = dither ^ (np.random.default_rng(4).random(dither.shape) < 0.02).astype(np.uint8)
    far = np.zeros((200, 300), np.uint8)
    far[20:70, 30:90], far[120:170, 200:260] = shape(50, 60), shape(50, 60)
    yield Case(f"{about}-few", "a page as one exact number", code(shape(50, 60)))
    yield Case(f"{about}-many", "a page by the range coder", code(shape(90, 100)))
    yield Case(f"{about}-dither", "cells that are halved, a last layer that learns", code(speckled))
    yield Case(f"{about}-ink", "more ink than paper", code(1 - shape(50, 60)))
    yield Case(f"{about}-stretches", "rows and columns that are left out", code(far))
    yield Case(f"{about}-colours", "two colours", code(shape(50, 60), (250, 240, 230), (10, 20, 90)))
    yield Case(f"{about}-flat", "one level", code(np.zeros((300, 200), np.uint8)))
    for height, width in ((1, 1), (1, 90), (90, 1), (2, 3), (40, 4)):
        ink = np.random.default_rng(5).integers(0, 2, (height, width), np.uint8)
        yield Case(f"{about}-{height}x{width}", f"{height} rows, {width} columns", code(ink))


def collection_cases() -> Iterator[Case]:
    """Yield the cases of collections, and of metadata in front of files."""
    ten = [Image.fromarray(255 * digit) for digit in digits()[:4]]
    photo = Image.fromarray(waves(20, 30))
    names = ["a/one.png", "a/two.png", "b.png", "\N{GREEK SMALL LETTER ZETA}.png"]

    def some(**options: Any) -> bytes:
        return encode_part(ten, "mnist", names=names, **options)

    metadata = Metadata(
        exif=b"MM\0*" + bytes(8), density=(2835, 2835), texts=(("Title", "\N{GREEK SMALL LETTER ZETA}"),)
    )
    yield Case(
        "metadata", "metadata in front of a digit", lambda: wrap(bilevel(digits()[2]), metadata), ("--seed", "3")
    )
    exact = stored.compress(Picture(waves(9, 9)), 5).data
    yield Case("metadata-exact", "metadata in front of exact pixels", lambda: wrap(exact, metadata.only(["dpi"])))
    yield Case("collection", "files with names", some)
    yield Case("collection-archives", "archives of two pictures", partial(some, pack=2))
    yield Case("collection-parts", "two parts, one behind the other, of several models",
               lambda: some() + encode_part([photo], "photo-exact", lossless=True), ("--seed", "2"))  # fmt: skip


def all_cases() -> Iterator[Case]:
    """Yield all cases that are drawn."""
    kinds = (bilevel_cases, archive_cases, windowed_cases, photo_cases, stored_cases, page_cases, collection_cases)
    for cases in kinds:
        yield from cases()
