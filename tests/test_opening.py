"""Sound files that Pillow refuses or misreads, and frames."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from PIL import Image

import vlae_codec
from benchmarks.png_files import COLOUR, DEPTHS, GREY, chunk, png_file
from vlae_codec.errors import ImageError
from vlae_codec.io.images import TURNED, decode_image

Run = Callable[..., Result]
RAMP = np.arange(12 * 9, dtype=np.uint8).reshape(12, 9)
EXIF = b"Exif\0\0II*\0\x08\0\0\0"


def file_of(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def exif_of(orientation: int, *, odd_rational: bool = False) -> bytes:
    """EXIF data of an orientation and, if wanted, of a resolution of -1/0, which no library writes."""
    entries = [struct.pack("<HHII", 0x0112, 3, 1, orientation)]
    if odd_rational:
        entries.append(struct.pack("<HHII", 0x011A, 10, 1, 8 + 2 + 12 * 2 + 4))
    body = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    return EXIF + body + (struct.pack("<ii", -1, 0) if odd_rational else b"")


@pytest.mark.parametrize("kind", [GREY, COLOUR])
@pytest.mark.parametrize("interlaced", [False, True])
def test_a_transparent_colour_is_compared_as_the_file_has_it(kind: int, interlaced: bool) -> None:
    rng = np.random.default_rng(3)
    for depth in DEPTHS[kind]:
        values = rng.integers(0, 1 << depth, (2, 3 if kind == COLOUR else 1))
        if depth == 16:
            values[1] = values[0]
            values[1, -1] ^= 1  # the same in its high byte, yet another colour
        samples = values[rng.integers(0, 2, (14, 11))]
        if depth == 1:
            samples = rng.integers(0, 2, (14, 11, 1))
            values = np.array([[1]])
        key = struct.pack(f">{len(values[0])}H", *map(int, values[0]))
        picture = decode_image(png_file(samples, depth, kind, ((b"tRNS", key),), interlaced))
        assert picture.alpha is not None, depth
        np.testing.assert_array_equal(picture.alpha == 0, (samples == values[0]).all(axis=2), str(depth))
        scaled = np.rint(samples / ((1 << depth) - 1) * 255).astype(np.uint8)
        np.testing.assert_array_equal(picture.pixels, scaled if kind == COLOUR else scaled[:, :, 0])


def test_a_colour_that_no_pixel_has_makes_nothing_transparent() -> None:
    samples = np.full((4, 4, 1), 0x1234)
    assert decode_image(png_file(samples, 16, GREY, ((b"tRNS", b"\x12\x35"),))).alpha is None
    with pytest.raises(ImageError):
        decode_image(png_file(samples, 16, GREY, ((b"tRNS", b"\x12"),)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("odd_rational", [False, True])
def test_every_orientation_turns_as_it_should(kind: str, odd_rational: bool) -> None:
    rows, columns = np.mgrid[:8, :16]
    corner = np.where((rows < 4) & (columns < 8), 255, 0).astype(np.uint8)  # bright at the upper left of the sensor
    places = {1: (0, 0), 2: (0, 1), 3: (1, 1), 4: (1, 0), 5: (0, 0), 6: (0, 1), 7: (1, 1), 8: (1, 0)}
    for orientation, (down, right) in places.items():
        if kind == "TIFF":
            options: dict[str, Any] = {"tiffinfo": {0x0112: orientation}}
        else:
            options = {"exif": exif_of(orientation, odd_rational=odd_rational)}
        picture = decode_image(file_of(Image.fromarray(corner).convert("RGB"), kind, **options))
        height, width = picture.size
        assert (height, width) == ((16, 8) if orientation > 4 else (8, 16))
        assert picture.pixels[height // 4 + down * height // 2, width // 4 + right * width // 2, 0] > 250, orientation


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_means_nothing_turns_nothing(orientation: int) -> None:
    picture = decode_image(file_of(Image.fromarray(RAMP), exif=exif_of(orientation)))
    assert picture.notices == ()
    np.testing.assert_array_equal(picture.pixels, RAMP)
    turned = decode_image(file_of(Image.fromarray(RAMP), exif=exif_of(6)))
    assert turned.notices == (TURNED,)


@pytest.mark.parametrize("exif", [b"", b"Exif\0\0", b"no EXIF data", EXIF[:-4] + b"\xff" * 4, exif_of(6)[:-7]])
def test_damaged_exif_data_damage_no_picture(exif: bytes) -> None:
    data = file_of(Image.fromarray(RAMP))
    data = data[:33] + chunk(b"eXIf", exif) + data[33:]
    assert decode_image(data).pixels.size == RAMP.size


def test_what_is_left_out_is_said(run: Run, tmp_path: Path) -> None:
    image = Image.fromarray(np.dstack([RAMP] * 3))
    entries = [struct.pack("<HHI4s", 0x010F, 2, 4, b"Cam\0"), struct.pack("<HHII", 0x8825, 4, 1, 38)]
    exif = EXIF + struct.pack("<H", 2) + b"".join(entries) + bytes(4 + 2)
    xmp = b"http://ns.adobe.com/xap/1.0/\0<x/>"
    segment = b"\xff\xe1" + struct.pack(">H", 2 + len(xmp)) + xmp
    image.save(tmp_path / "a.jpg", exif=exif, extra=segment, comment=b"hello", dpi=(300, 300))
    image.save(tmp_path / "b.png", dpi=(72, 72))
    image.save(tmp_path / "c.tif")
    names = ("EXIF data", "the place (GPS)", "XMP", "texts", "resolution")
    assert decode_image((tmp_path / "a.jpg").read_bytes()).left_out == names
    for name in ("b.png", "c.tif"):
        assert decode_image((tmp_path / name).read_bytes()).left_out == ()
    for options in ([], ["--lossless", "--keep", "none", "--force"]):
        result = run("compress", tmp_path / "a.jpg", *options)
        assert result.exit_code == 0 and f"left out: {', '.join(names)}" in result.stderr


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"tEXt"])
def test_long_texts_are_passed_over(behind: bool, kind: bytes) -> None:
    import zlib

    text = b"text " * 400_000
    content = {
        b"zTXt": b"Comment\0\0" + zlib.compress(text),
        b"iTXt": b"Comment\0\1\0\0\0" + zlib.compress(text),
        b"tEXt": b"Comment\0" + text,
    }[kind]
    data = file_of(Image.fromarray(RAMP))
    place = len(data) - 12 if behind else 33
    many = chunk(kind, content) * (40 if kind == b"tEXt" else 1)
    picture = decode_image(data[:place] + many + data[place:])
    np.testing.assert_array_equal(picture.pixels, RAMP)
    assert picture.left_out == ("texts",)


def test_pictures_of_cameras_with_a_second_one_inside() -> None:
    camera = file_of(Image.fromarray(RAMP), "MPO", save_all=True, append_images=[Image.fromarray(RAMP)])
    picture = decode_image(camera)
    assert picture.notices == ()
    data = vlae_codec.compress(Image.fromarray(picture.pixels), "photo-exact", lossless=True)
    np.testing.assert_array_equal(np.asarray(vlae_codec.decompress(data)), picture.pixels)
