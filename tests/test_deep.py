"""Pictures of 16 bits a sample: kept exactly without loss, rounded with it, and refused where neither is meant."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from numpy.typing import NDArray
from PIL import Image

import vlae_codec
from benchmarks.png_files import CHANNELS, COLOUR, COLOUR_ALPHA, DEPTHS, GREY, GREY_ALPHA, PALETTE, png_file
from vlae_codec.errors import FormatError, ImageError
from vlae_codec.families.stored import codec, container
from vlae_codec.io import webp
from vlae_codec.io.deep import reduced
from vlae_codec.io.deep_png import encode_deep_map, encode_deep_png
from vlae_codec.io.images import REDUCED, TURNED, decode_image, from_array
from vlae_codec.io.writing import encode_picture

Run = Callable[..., Result]
Deep = NDArray[np.uint16]
SHAPES = [(11, 7), (11, 7, 2), (11, 7, 3), (11, 7, 4)]


def samples_of(shape: tuple[int, ...], seed: int = 0) -> Deep:
    return np.random.default_rng(seed).integers(0, 1 << 16, shape).astype(np.uint16)


def png_of(samples: Deep, kind: int, interlaced: bool = False, key: NDArray[np.uint16] | None = None) -> bytes:
    chunks = () if key is None else ((b"tRNS", struct.pack(f">{len(key)}H", *map(int, key))),)
    return png_file(np.atleast_3d(samples).astype(np.int64), 16, kind, chunks, interlaced)


def tiff_of(samples: Deep, order: str, compression: int = 1, photometric: int | None = None) -> bytes:
    """A TIFF file of one strip; order "<" or ">", compression 1 (none) or 8 (deflate)."""
    height, width = samples.shape[:2]
    channels = np.atleast_3d(samples).shape[2]
    strip = samples.astype(f"{order}u2").tobytes()
    strip = zlib.compress(strip) if compression == 8 else strip
    photometric = (2 if channels > 2 else 1) if photometric is None else photometric
    entries = [
        (256, 4, [width]), (257, 4, [height]), (258, 3, [16] * channels), (259, 3, [compression]),
        (262, 3, [photometric]), (273, 4, [-1]), (277, 3, [channels]), (278, 4, [height]), (279, 4, [len(strip)]),
        (284, 3, [1]), *([(338, 3, [2])] if channels == 4 else []),
    ]  # fmt: skip
    start = 8 + 2 + 12 * len(entries) + 4
    extra, rows = b"", b""
    for tag, kind, values in entries:
        letter = {3: "H", 4: "I"}[kind]
        held = [start + 8 if value == -1 else value for value in values]  # behind eight bytes of several depths
        packed = struct.pack(f"{order}{len(held)}{letter}", *held)
        if len(packed) > 4:
            extra, packed = packed, struct.pack(f"{order}I", start)
        rows += struct.pack(f"{order}HHI", tag, kind, len(values)) + packed.ljust(4, b"\0")
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8)
    return head + struct.pack(f"{order}H", len(entries)) + rows + bytes(4) + extra.ljust(8, b"\0") + strip


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("kind", [GREY, COLOUR, GREY_ALPHA, COLOUR_ALPHA])
def test_png_files_are_kept_to_the_last_bit(kind: int, interlaced: bool) -> None:
    samples = samples_of((13, 9, CHANNELS[kind]), kind)
    data = vlae_codec.compress(png_of(samples, kind, interlaced), lossless=True)
    found = vlae_codec.decompress_array(data)
    assert found.dtype == np.uint16
    np.testing.assert_array_equal(np.atleast_3d(found), samples)
    assert vlae_codec.inspect(data).mode == "stored, 16 bits"


@pytest.mark.parametrize("kind", [GREY, COLOUR])
def test_a_transparent_colour_becomes_a_plane_of_16_bits(kind: int) -> None:
    samples = samples_of((9, 8, CHANNELS[kind]))
    samples[2:5, 3:6] = samples[0, 0]
    samples[6, 6] = samples[0, 0] ^ 1  # the same in its high bytes
    found = vlae_codec.decompress_array(vlae_codec.compress(png_of(samples, kind, key=samples[0, 0]), lossless=True))
    np.testing.assert_array_equal(found[:, :, :-1], samples)
    np.testing.assert_array_equal(found[:, :, -1], np.where((samples == samples[0, 0]).all(axis=2), 0, 65535))


@pytest.mark.parametrize("compression", [1, 8])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_tiff_files_are_kept_to_the_last_bit(order: str, compression: int, channels: int) -> None:
    samples = samples_of((10, 6, channels)) if channels > 1 else samples_of((10, 6))
    found = vlae_codec.decompress_array(vlae_codec.compress(tiff_of(samples, order, compression), lossless=True))
    np.testing.assert_array_equal(found, samples)


def test_portable_maps_are_kept_to_the_last_bit() -> None:
    for shape in ((10, 6), (10, 6, 3)):
        data = encode_deep_map(samples_of(shape)).replace(b"\n", b"\n# a comment of 1 2 3\n", 1)
        found = vlae_codec.decompress_array(vlae_codec.compress(data, lossless=True))
        np.testing.assert_array_equal(found, samples_of(shape))
    for less in (b"P5\n2 1\n4095\n" + bytes(4), b"P6\n2 1\n1023\n" + bytes(12)):
        with pytest.raises(ImageError, match="16 to 8"):
            vlae_codec.compress(less, lossless=True)


def test_what_pillow_reduces_without_a_word_is_refused() -> None:
    white_is_zero = tiff_of(samples_of((6, 5)), "<", photometric=0)
    with pytest.raises(ImageError, match="16 to 8"):
        vlae_codec.compress(white_is_zero, lossless=True)
    colours = png_of(samples_of((6, 5, 3)), COLOUR)
    with Image.open(io.BytesIO(colours)) as image, pytest.raises(ImageError, match="16 to 8"):
        vlae_codec.compress(image, lossless=True)
    if "JPEG2000" in Image.SAVE:
        stream = io.BytesIO()
        Image.fromarray(samples_of((40, 40))).save(stream, "JPEG2000")
        assert REDUCED in decode_image(stream.getvalue()).notices


@pytest.mark.parametrize("shape", SHAPES)
def test_arrays_come_back(shape: tuple[int, ...]) -> None:
    samples = samples_of(shape)
    data = vlae_codec.compress(samples, lossless=True)
    np.testing.assert_array_equal(vlae_codec.decompress_array(data), samples)
    image = vlae_codec.decompress(data)
    held = np.asarray(image)
    np.testing.assert_array_equal(held, samples if samples.ndim == 2 else reduced(samples))
    vlae_codec.register_vlz_opener()
    with Image.open(io.BytesIO(data)) as opened:
        assert opened.mode == image.mode
        np.testing.assert_array_equal(np.asarray(opened), held)


def test_a_plane_of_transparency_that_hides_nothing_is_dropped() -> None:
    samples = samples_of((5, 4, 4))
    samples[:, :, 3] = 65535
    found = vlae_codec.decompress_array(vlae_codec.compress(samples, lossless=True))
    np.testing.assert_array_equal(found, samples[:, :, :3])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_samples_are_turned_as_pixels_are(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    samples = samples_of((6, 4))
    stream = io.BytesIO()
    Image.fromarray(samples).save(stream, "PNG", exif=exif)
    picture = decode_image(stream.getvalue())
    assert picture.deep is not None and (TURNED in picture.notices) == (orientation > 1)
    np.testing.assert_array_equal(reduced(picture.deep), picture.pixels)


def test_loss_rounds_and_says_so() -> None:
    for kind in (GREY, COLOUR, GREY_ALPHA, COLOUR_ALPHA):
        samples = samples_of((20, 20, CHANNELS[kind]))
        picture = decode_image(png_of(samples, kind))
        assert picture.notices == (REDUCED,)
        held = np.rint(samples / 257).astype(np.uint8)
        colours = held[:, :, :-1] if picture.alpha is not None else held
        np.testing.assert_array_equal(np.atleast_3d(picture.pixels), colours)
        back = vlae_codec.decompress_array(vlae_codec.compress(picture))
        assert back.dtype == np.uint8


def test_small_grey_pictures_are_kept_too(tmp_path: Path) -> None:
    samples = samples_of((28, 28))
    found = vlae_codec.decompress_array(vlae_codec.compress(samples, lossless=True))
    np.testing.assert_array_equal(found, samples)
    bits = vlae_codec.decompress_array(vlae_codec.compress(samples, lossless=True, binarise=True))
    np.testing.assert_array_equal(bits, reduced(samples) >= 128)


@pytest.mark.parametrize("shape", [*SHAPES, (1, 1), (1, 300, 3), (300, 1, 4), (600, 3)])
def test_written_files_hold_every_sample(shape: tuple[int, ...]) -> None:
    for samples in (samples_of(shape), np.zeros(shape, np.uint16)):
        found = from_array(samples)
        read = decode_image(encode_deep_png(samples))
        assert found.deep is not None and read.deep is not None
        np.testing.assert_array_equal(read.deep, found.deep)
        with Image.open(io.BytesIO(encode_deep_png(samples))) as image:
            image.verify()


def test_endings_that_hold_8_bits_are_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png_of(samples_of((9, 8, 3)), COLOUR))
    (tmp_path / "b.png").write_bytes(png_of(samples_of((9, 8, 1)), GREY))
    for name, good in (("a", ("png", "ppm")), ("b", ("png", "tif", "pgm"))):
        assert run("compress", tmp_path / f"{name}.png", "--lossless", "--verify").exit_code == 0
        for ending in ("png", "tif", "ppm", "pgm", "jpg", "webp", "bmp"):
            target = tmp_path / f"{name}-out.{ending}"
            result = run("decompress", tmp_path / f"{name}.vlz", "-o", target)
            if ending in good or ending in ("ppm", "pgm"):
                assert result.exit_code == 0, result.output
                first, second = (decode_image(one.read_bytes()) for one in (tmp_path / f"{name}.png", target))
                assert first.deep is not None and second.deep is not None
                np.testing.assert_array_equal(first.deep, second.deep)
            else:
                assert result.exit_code == 1 and "name it .png" in result.stderr and not target.exists()
    with pytest.raises(ImageError, match="transparency"):
        encode_picture(samples_of((3, 3, 4)), ".ppm")


def test_a_model_that_is_named_keeps_no_16_bits() -> None:
    with pytest.raises(ImageError, match="16 to 8"):
        vlae_codec.compress(samples_of((9, 9)), "photo-exact", lossless=True)


def test_tiles_and_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webp, "TILE", 16)
    samples = samples_of((40, 33, 4))
    made = codec.compress(from_array(samples))
    seen: list[int] = []
    found, _ = codec.decompress(made.data, progress=lambda rows, _: seen.append(rows))
    np.testing.assert_array_equal(found, samples)
    assert seen == [16, 16, 8]
    file = container.parse_file(made.data)
    half = container.StoredFile(file.grey, file.alpha, 40, 33, file.residual)
    with pytest.raises(FormatError, match="behind its tiles"):
        codec.decompress(container.write_file(half))
    eight = container.parse_file(codec.compress(from_array(reduced(samples))).data)
    with pytest.raises(FormatError, match="cut short"):
        codec.decompress(container.write_file(container.StoredFile(False, True, 40, 33, eight.residual, True)))


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("kind", "depth"), [(kind, depth) for kind in CHANNELS for depth in DEPTHS[kind]])
def test_every_png_file_there_and_back(run: Run, tmp_path: Path, kind: int, depth: int, interlaced: bool) -> None:
    """What an independent reading of the samples says is what comes back."""
    rng = np.random.default_rng(depth)
    samples = rng.integers(0, 1 << depth, (17, 13, CHANNELS[kind]))
    palette = rng.integers(0, 256, (1 << depth, 3)).astype(np.uint8) if kind == PALETTE else None
    chunks: list[tuple[bytes, bytes]] = []
    scale = 65535 if depth == 16 else 255
    held = samples * (scale // ((1 << depth) - 1))
    if palette is not None:
        alpha = rng.integers(0, 256, 1 << depth).astype(np.uint8)
        chunks = [(b"PLTE", palette.tobytes()), (b"tRNS", alpha.tobytes())]
        held = np.concatenate([palette[samples[:, :, 0]], alpha[samples]], axis=2)
    elif kind in (GREY, COLOUR):
        chunks = [(b"tRNS", samples[0, 0].astype(">u2").tobytes())]
        held = np.concatenate([held, np.where((samples == samples[0, 0]).all(2), 0, scale)[:, :, None]], axis=2)
    (tmp_path / "a.png").write_bytes(png_file(samples, depth, kind, tuple(chunks), interlaced))
    assert run("compress", tmp_path / "a.png", "--lossless").exit_code == 0
    found = vlae_codec.decompress_array(tmp_path / "a.vlz").astype(np.int64)
    if found.shape[2] != held.shape[2]:  # a palette of greys
        found = np.concatenate([np.repeat(found[:, :, :1], 3, 2), found[:, :, 1:]], axis=2)
    np.testing.assert_array_equal(found, held)
