"""Image files of every kind that people have, made here, with the samples that each of them holds."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from benchmarks import png_files as png

HEIGHT, WIDTH = 20, 24
EXIF_HEAD = b"Exif\0\0II*\0\x08\0\0\0"
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>'

Samples = NDArray[np.int64]


class Kind(NamedTuple):
    """A file and what it holds.

    Attributes:
        name: what it is, for people.
        ending: of its name.
        data: its bytes.
        samples: (H, W, channels), with alpha 2 or 4; of 16 bits where `deep` is set. None of a damaged file.
        deep: samples have 16 bits.
        metadata: what it says beside its pixels.
    """

    name: str
    ending: str
    data: bytes
    samples: Samples | None
    deep: bool = False
    metadata: tuple[str, ...] = ()


def photograph(channels: int, most: int = 255) -> Samples:
    """Return slow waves with grain, (H, W, channels) of 0 to `most`, which no coder takes for drawn."""
    rng = np.random.default_rng(channels)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH] / WIDTH
    waves = [np.sin(5 * rows + phase) + np.cos(4 * columns - phase) for phase in range(channels)]
    noisy = np.stack(waves, axis=2) / 4 + 0.5 + rng.normal(0, 0.06, (HEIGHT, WIDTH, channels))
    return np.rint(np.clip(noisy, 0, 1) * most).astype(np.int64)


def ellipse(most: int = 255) -> Samples:
    """Return an alpha plane (H, W, 1), opaque inside an ellipse, with a soft edge."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    distance = np.hypot(rows / HEIGHT - 0.5, columns / WIDTH - 0.5)
    plane: Samples = np.rint(np.clip((0.45 - distance) * 12, 0, 1) * most).astype(np.int64)
    return plane[:, :, None]


def saved(samples: Samples, kind: str, mode: str | None = None, **options: Any) -> bytes:
    """Return the file that Pillow writes of samples of 8 bits, in another mode if one is given."""
    levels = samples.astype(np.uint8)
    image = Image.fromarray(levels[:, :, 0] if levels.shape[2] == 1 else levels)
    stream = io.BytesIO()
    (image.convert(mode) if mode else image).save(stream, kind, **options)
    return stream.getvalue()


def shown(data: bytes, mode: str = "RGB") -> Samples:
    """Return the samples that Pillow reads from a file, where the format's own coding decides them."""
    with Image.open(io.BytesIO(data)) as image:
        levels = np.asarray(image.convert(mode)).astype(np.int64)
    return np.atleast_3d(levels)


def exif(orientation: int = 1, place: bool = False) -> bytes:
    """Return EXIF data of an orientation, with a place where the camera was, if wanted."""
    data = Image.Exif()
    data[0x0112], data[0x010F] = orientation, "A camera"
    if place:
        data.get_ifd(0x8825)[1] = "N"
    return b"Exif\0\0" + data.tobytes().removeprefix(b"Exif\0\0")


def portable() -> Iterator[Kind]:
    """PNG files of all colour types, depths, keys and both orders."""
    names = {png.GREY: "grey", png.COLOUR: "colour", png.PALETTE: "palette"}
    names |= {png.GREY_ALPHA: "grey and alpha", png.COLOUR_ALPHA: "colour and alpha"}
    for kind, name in names.items():
        for depth in png.DEPTHS[kind]:
            for interlaced in (False, True)[: 2 if depth in (1, 8) else 1]:
                title = f"PNG, {name}, {depth} bit" + "s" * (depth > 1) + ", interlaced" * interlaced
                yield _png(title, kind, depth, interlaced)
    for kind, depth in ((png.GREY, 4), (png.GREY, 16), (png.COLOUR, 8), (png.COLOUR, 16)):
        yield _keyed(kind, depth, f"PNG, {names[kind]}, {depth} bits, one colour transparent")
    numbers = photograph(1, 15)
    palette = np.random.default_rng(3).integers(0, 256, (16, 3))
    alpha = np.arange(16) * 17
    chunks = ((b"PLTE", palette.astype(np.uint8).tobytes()), (b"tRNS", alpha.astype(np.uint8).tobytes()))
    held = np.concatenate([palette, alpha[:, None]], axis=1)[numbers[:, :, 0]]
    data = png.png_file(numbers, 4, png.PALETTE, chunks)
    yield Kind("PNG, palette, 4 bits, colours partly transparent", "png", data, held)


def _png(title: str, kind: int, depth: int, interlaced: bool) -> Kind:
    most, channels = (1 << depth) - 1, png.CHANNELS[kind]
    samples = photograph(channels, most)
    chunks: tuple[tuple[bytes, bytes], ...] = ()
    if kind in (png.GREY_ALPHA, png.COLOUR_ALPHA):
        samples = np.concatenate([photograph(channels - 1, most), ellipse(most)], axis=2)
    held = samples
    if kind == png.PALETTE:
        palette = np.random.default_rng(depth).integers(0, 256, (1 << depth, 3))
        chunks, held = ((b"PLTE", palette.astype(np.uint8).tobytes()),), palette[samples[:, :, 0]]
    elif depth < 8:
        held = samples * 255 // most
    data = png.png_file(samples, depth, kind, chunks, interlaced)
    return Kind(title, "png", data, held, depth == 16)


def _keyed(kind: int, depth: int, title: str) -> Kind:
    most, channels = (1 << depth) - 1, png.CHANNELS[kind]
    samples = photograph(channels, most)
    key = samples[0, 0]
    samples[5:15, 3:13] = key
    hidden = (samples == key).all(axis=2, keepdims=True)
    scaled = samples if depth >= 8 else samples * 255 // most
    held = np.concatenate([scaled, np.where(hidden, 0, 65535 if depth == 16 else 255)], axis=2)
    chunks = ((b"tRNS", struct.pack(f">{channels}H", *map(int, key))),)
    return Kind(title, "png", png.png_file(samples, depth, kind, chunks), held, depth == 16)


def photographs() -> Iterator[Kind]:
    """JPEG files as cameras and programs write them."""
    colour, grey = photograph(3), photograph(1)
    for name, samples, progressive in (("colour", colour, False), ("grey", grey, False), ("progressive", colour, True)):
        data = saved(samples, "JPEG", progressive=progressive)
        yield Kind(f"JPEG, {name}", "jpg", data, shown(data, "RGB" if samples.shape[2] == 3 else "L"))
    turned = saved(colour, "JPEG", exif=exif(6))
    held = np.ascontiguousarray(np.rot90(shown(turned), -1))
    yield Kind("JPEG, to be turned by its EXIF data", "jpg", turned, held, metadata=("EXIF",))
    cmyk = saved(colour, "JPEG", "CMYK")
    yield Kind("JPEG, CMYK", "jpg", cmyk, shown(cmyk))
    camera = saved(colour, "MPO", save_all=True, append_images=[Image.fromarray(colour.astype(np.uint8))])
    yield Kind("JPEG with a second picture inside (MPO)", "jpg", camera, shown(camera))


def scans() -> Iterator[Kind]:
    """TIFF files of scanners and drawing programs."""
    colour, grey, bits = photograph(3), photograph(1), photograph(1, 1) * 255
    yield Kind("TIFF, colour, 8 bits", "tif", saved(colour, "TIFF"), colour)
    yield Kind("TIFF, grey, 8 bits, JPEG inside", "tif", *_with_samples(saved(grey, "TIFF", compression="jpeg"), "L"))
    yield Kind("TIFF, bilevel, fax group 4", "tif", saved(bits, "TIFF", "1", compression="group4"), bits)
    deep = photograph(1, 65535)
    stream = io.BytesIO()
    Image.fromarray(deep[:, :, 0].astype(np.uint16)).save(stream, "TIFF")
    yield Kind("TIFF, grey, 16 bits", "tif", stream.getvalue(), deep, deep=True)
    for mode in ("CMYK", "LAB", "YCbCr"):
        data = _lab(colour) if mode == "LAB" else saved(colour, "TIFF", mode)
        yield Kind(f"TIFF, {mode}", "tif", *_with_samples(data))
    stream = io.BytesIO()
    Image.fromarray((grey[:, :, 0] / 255).astype(np.float32)).save(stream, "TIFF")
    yield Kind("TIFF, floating point", "tif", stream.getvalue(), grey)
    pages = [Image.fromarray(np.roll(colour, number, 1).astype(np.uint8)) for number in (1, 2)]
    yield Kind("TIFF, three pages", "tif", saved(colour, "TIFF", save_all=True, append_images=pages), colour)


def _with_samples(data: bytes, mode: str = "RGB") -> tuple[bytes, Samples]:
    return data, shown(data, mode)


def _lab(samples: Samples) -> bytes:
    image = Image.fromarray(samples.astype(np.uint8))
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    changed = ImageCms.profileToProfile(image, *profiles, outputMode="LAB")
    assert changed is not None
    stream = io.BytesIO()
    changed.save(stream, "TIFF")
    return stream.getvalue()


def of_the_web() -> Iterator[Kind]:
    """GIF, WebP and others."""
    colour, clear = photograph(3), np.concatenate([photograph(3), ellipse()], axis=2)
    others = [Image.fromarray(np.roll(colour, number, 1).astype(np.uint8)) for number in (1, 2)]
    gif = saved(colour, "GIF")
    yield Kind("GIF", "gif", gif, shown(gif))
    gif = saved(clear, "GIF")
    yield Kind("GIF, transparent", "gif", gif, shown(gif, "RGBA"))
    for kind, ending in (("GIF", "gif"), ("PNG", "png"), ("WEBP", "webp")):
        data = saved(colour, kind, save_all=True, append_images=others, lossless=True)  # which WebP alone heeds
        yield Kind(f"{kind.replace('WEBP', 'WebP')}, three frames", ending, data, shown(data))
    yield Kind("WebP, lossy", "webp", *_with_samples(saved(colour, "WEBP")))
    yield Kind("WebP, exact, transparent", "webp", saved(clear, "WEBP", lossless=True, exact=True), clear)
    for kind, ending in (("BMP", "bmp"), ("PPM", "ppm"), ("TGA", "tga"), ("PCX", "pcx"), ("ICO", "ico")):
        yield Kind(kind, ending, *_with_samples(saved(colour, kind)))
    Image.init()
    for name, kind, ending in (("JPEG 2000", "JPEG2000", "jp2"), ("AVIF", "AVIF", "avif")):
        if kind in Image.SAVE:  # not in every build of Pillow
            yield Kind(name, ending, *_with_samples(saved(colour, kind)))


def with_metadata() -> Iterator[Kind]:
    """Files that say more than their pixels."""
    colour = photograph(3)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    name = "sRGB".encode("utf-16-be")
    other = profile.replace(name, "Mine".encode("utf-16-be"))
    data = saved(colour, "PNG", icc_profile=other)
    yield Kind("PNG with a colour profile of its own", "png", data, colour, metadata=("ICC",))
    texts = PngInfo()
    texts.add_text("Author", "Somebody")
    rest: dict[str, Any] = {"exif": exif(place=True), "icc_profile": profile, "dpi": (300, 300)}
    held = ("EXIF", "GPS", "ICC", "DPI")
    data = saved(colour, "PNG", pnginfo=texts, **rest)
    yield Kind("PNG with metadata", "png", data, colour, metadata=(*held, "text"))
    data = saved(colour, "JPEG", xmp=XMP, **rest)
    yield Kind("JPEG with metadata", "jpg", data, shown(data), metadata=(*held, "XMP"))
    long = PngInfo()
    long.add_text("Comment", "text " * 400_000, zip=True)
    yield Kind("PNG with 2 MB of text", "png", saved(colour, "PNG", pnginfo=long), colour, metadata=("text",))


def odd_ones() -> Iterator[Kind]:
    """Pictures of odd sizes and contents, and damaged ones."""
    bar = np.zeros((28, 28, 1), np.int64)
    bar[5:23, 12:16] = 255
    yield Kind("black and white, 28 x 28", "png", saved(bar, "PNG"), bar)
    ink = np.concatenate([np.zeros_like(bar), bar], axis=2)
    yield Kind("dark ink on transparency, 28 x 28", "png", saved(ink, "PNG"), ink)
    for height, width in ((1, 1), (1, 3000), (3000, 1)):
        samples = np.resize(photograph(3), (height, width, 3))
        yield Kind(f"{width} x {height}", "png", saved(samples, "PNG"), samples)
    flat = np.full((300, 400, 3), 200)
    yield Kind("one colour, 400 x 300", "png", saved(flat, "PNG"), flat)
    data = saved(photograph(3), "PNG")
    yield Kind("cut short", "png", data[: len(data) // 2], None)
    yield Kind("empty", "png", b"", None)
    yield Kind("no picture", "png", b"Dear reader, this is a letter.", None)


def all_kinds() -> Iterator[Kind]:
    """Yield all files."""
    for some in (portable, photographs, scans, of_the_web, with_metadata, odd_ones):
        yield from some()
