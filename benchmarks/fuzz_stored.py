"""What the fuzzer damages of files without a model, of pages, and of metadata in front of files."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
from PIL import Image, ImageCms

from benchmarks.mutations import mutate
from benchmarks.seals import wrap_entries
from vlae_codec.container.envelope import Metadata, unwrap, wrap
from vlae_codec.container.varint import read_number, write_number
from vlae_codec.families.page import codec as page_codec
from vlae_codec.families.registry import find_model
from vlae_codec.families.stored import palette, predicted
from vlae_codec.families.stored.codec import compress
from vlae_codec.families.stored.container import PALETTE, PREDICTED, StoredFile, parse_file, write_file
from vlae_codec.io.images import from_array

SHAPES = ((1, 1, 3), (9, 14, 1), (12, 8, 2), (30, 40, 3), (11, 7, 4))
"""Rows, columns and channels."""
PALETTES = (1, 2, 9, 200)
"""How many colours there are at the most."""


def make_stored() -> list[bytes]:
    """Make files without a model, of every kind of channels, of 8 and of 16 bits."""
    rng, files = np.random.default_rng(11), []
    for dtype in (np.uint8, np.uint16):
        for shape in SHAPES:
            picture = rng.integers(0, np.iinfo(dtype).max, shape, endpoint=True).astype(dtype)
            files.append(compress(from_array(picture), effort=1).data)
    return files


def make_palettes() -> list[bytes]:
    """Make files by a palette, of every kind of channels: stripes and noise in one colour to many."""
    rng, files = np.random.default_rng(13), []
    for (height, width, channels), colours in product(SHAPES, PALETTES):
        numbers = np.arange(width) // 3 % colours + np.zeros((height, 1), np.int64)
        numbers[height // 2 :] = rng.integers(0, colours, (height - height // 2, width))
        found = palette.split(rng.integers(0, 256, (colours, channels), np.uint8)[numbers])
        assert found is not None
        body, _ = palette.encode(*found)
        files.append(write_file(StoredFile(channels < 3, channels % 2 == 0, height, width, body, coding=PALETTE)))
    return files


def make_predicted() -> list[bytes]:
    """Make files of predicted samples, of every kind of channels: slopes with noise, and noise alone."""
    rng, files = np.random.default_rng(14), []
    for height, width, channels in SHAPES:
        slopes = np.arange(width)[:, None] * 4 + np.arange(height)[:, None, None] * 3 + np.zeros((1, 1, channels))
        for noise in (1.0, 90.0):
            levels = (slopes + rng.normal(0, noise, slopes.shape)).clip(0, 255).astype(np.uint8)
            body, _ = predicted.encode(levels)
            files.append(write_file(StoredFile(channels < 3, channels % 2 == 0, height, width, body, coding=PREDICTED)))
    return files


def make_pages() -> list[bytes]:
    """Make files of pages: of noise, with rows and columns left out, in colour, and blank."""
    rng, info, files = np.random.default_rng(12), find_model("page"), []
    for height, width in ((1, 1), (9, 14), (30, 40), (60, 20)):
        page = np.where(rng.random((height, width)) < 0.3, 0, 255).astype(np.uint8)
        page[height // 4 : 3 * height // 4] = 255
        for picture in (page, np.stack([page, page // 5, 255 - page], 2), np.full_like(page, 255)):
            files.append(page_codec.compress(from_array(picture), info).data)
    return files


def make_wrapped(files: Sequence[bytes]) -> list[bytes]:
    """Return the files behind metadata of every kind, and behind little."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x8825] = 6, "a camera", {1: "N", 2: (1.0, 2.0, 3.0)}
    full = Metadata(profile, exif.tobytes()[6:], b"<x:xmpmeta/>", (11811, 11811), (("Title", "a"), ("Author", "b")))
    return [wrap(one, metadata) for one in files for metadata in (full, Metadata(density=(2835, 2835)))]


def damaged_tiles(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """Make a file without a model one of whose tiles is changed, the lengths and checksums put right."""
    file = parse_file(data)
    tiles, position = [], 0
    while position < len(file.residual):
        length, start = read_number(file.residual, position)
        position = start + length
        tiles.append(file.residual[start:position])
    number = rng.randrange(len(tiles))
    tiles[number] = mutate(tiles[number], rng, others)
    return write_file(replace(file, residual=b"".join(write_number(len(one)) + one for one in tiles)))


def damaged_words(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """Make a file whose palette or samples are changed, the words made whole and the checksum put right."""
    file = parse_file(data)
    body = mutate(file.residual, rng, others)
    beside = file.coding == PALETTE  # bytes of the number of colours
    return write_file(replace(file, residual=body + bytes(-(len(body) - beside) % 4)))


def damaged_metadata(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """Make a file whose metadata are changed before they are deflated: one kind's content, or what is around them."""
    inner, metadata = unwrap(data)
    if rng.randrange(2):
        icc, exif, xmp = (
            mutate(one, rng, others) if rng.randrange(2) else one for one in (metadata.icc, metadata.exif, metadata.xmp)
        )
        return wrap(inner, replace(metadata, icc=icc, exif=exif, xmp=xmp))
    return wrap_entries(mutate(entries_of(metadata), rng, others), inner)


def entries_of(metadata: Metadata) -> bytes:
    """Return the entries of metadata, as an envelope deflates them."""
    numbers = {"icc": 1, "exif": 2, "xmp": 3, "dpi": 4, "texts": 5}
    parts = metadata.parts().items()
    return b"".join(bytes([numbers[name]]) + write_number(len(content)) + content for name, content in parts)
