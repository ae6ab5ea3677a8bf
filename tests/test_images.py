from __future__ import annotations

import io
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vlae_codec.errors import ImageError, VlaeError
from vlae_codec.io import images, writing
from vlae_codec.io.forms import over_black, to_bilevel
from vlae_codec.io.images import Picture, decode_image, read_image
from vlae_codec.io.sheets import GAP_GREY, contact_sheet
from vlae_codec.io.writing import encode_picture

RAMP = np.arange(784, dtype=np.uint8).reshape(28, 28)


def file_of(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def test_grey_comes_unchanged() -> None:
    picture = decode_image(file_of(Image.fromarray(RAMP)))
    assert np.array_equal(picture.pixels, RAMP)
    assert picture.notices == ()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "GIF", "WEBP"])
def test_any_format(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    bits = RAMP > 99
    picture = to_bilevel(decode_image(file_of(Image.fromarray(255 * bits.astype(np.uint8)), kind, **options)), 28, 28)
    assert np.array_equal(picture.pixels, bits)
    assert "binarised" not in " ".join(picture.notices)


def test_colour_and_palette() -> None:
    rgb = np.stack([RAMP, RAMP.T, 255 - RAMP], axis=2)
    assert np.array_equal(decode_image(file_of(Image.fromarray(rgb))).pixels, rgb)
    palette = Image.fromarray(rgb).quantize(16)
    assert np.array_equal(decode_image(file_of(palette)).pixels, np.asarray(palette.convert("RGB")))


def test_bilevel_file() -> None:
    picture = decode_image(encode_picture(RAMP > 99))
    assert np.array_equal(picture.pixels, 255 * (RAMP > 99))


def test_16_bits_are_reduced() -> None:
    deep = (np.arange(784, dtype=np.uint16) * 83).reshape(28, 28)
    picture = decode_image(file_of(Image.fromarray(deep)))
    assert np.array_equal(picture.pixels, np.round(deep / 257))
    assert picture.notices == ("reduced from 16 to 8 bits",)


@pytest.mark.parametrize("values", [np.float32(0.5), np.int32(70000), np.int32(-1)])
def test_32_bits_are_refused(values: np.generic) -> None:
    with pytest.raises(ImageError, match="8 bits"):
        decode_image(file_of(Image.fromarray(np.full((28, 28), values)), "TIFF"))


def test_transparency_is_laid_over_black() -> None:
    white = np.full((28, 28, 4), 255, np.uint8)
    white[:14, :, 3] = 0
    picture = decode_image(file_of(Image.fromarray(white)))
    assert picture.alpha is not None and not picture.alpha[:14].any() and (picture.alpha[14:] == 255).all()
    flat = over_black(picture)
    assert not flat.pixels[:14].any() and flat.alpha is None
    assert (flat.pixels[14:] == 255).all()
    assert flat.notices == ("transparency laid over black",)


def test_opaque_alpha_is_dropped() -> None:
    picture = decode_image(file_of(Image.fromarray(RAMP).convert("RGBA")))
    assert np.array_equal(picture.pixels[..., 0], RAMP)
    assert picture.notices == ()


def test_black_ink_on_transparency_is_refused() -> None:
    ink = np.zeros((28, 28, 4), np.uint8)
    ink[9:19, 9:19, 3] = 255
    with pytest.raises(ImageError, match="transparency"):
        over_black(decode_image(file_of(Image.fromarray(ink))))


def test_exif_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = decode_image(file_of(Image.fromarray(RAMP[:20]), exif=exif))
    assert np.array_equal(picture.pixels, np.rot90(RAMP[:20], -1))
    assert "EXIF" in picture.notices[0]


def test_first_frame_with_a_notice() -> None:
    frames = [Image.fromarray(RAMP), Image.fromarray(255 - RAMP)]
    picture = decode_image(file_of(frames[0], "TIFF", save_all=True, append_images=frames[1:]))
    assert np.array_equal(picture.pixels, RAMP)
    assert len(picture.notices) == 1 and picture.notices[0].startswith("only the first of 2 frames is read")


@pytest.mark.parametrize("side", [8193, 20000])
def test_too_many_pixels_are_refused_before_they_are_unpacked(side: int) -> None:
    bomb = bytearray(encode_picture(RAMP))
    bomb[16:24] = side.to_bytes(4, "big") * 2
    bomb[29:33] = zlib.crc32(bomb[12:29]).to_bytes(4, "big")
    with pytest.raises(ImageError, match="pixels that are read"):
        decode_image(bytes(bomb))


def test_every_cut_of_a_png_is_an_error() -> None:
    data = encode_picture(RAMP)
    end = data.index(b"IEND") - 4  # Pillow forgives a missing end mark, and no pixel lacks then
    for length in range(1, end - 12):
        with pytest.raises(ImageError):
            decode_image(data[:length])


def test_not_an_image(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="not an image"):
        decode_image(b"Dear reader, I am a letter.")
    (tmp_path / "empty.png").touch()
    with pytest.raises(ImageError, match="empty"):
        read_image(tmp_path / "empty.png")
    with pytest.raises(VlaeError, match="folder"):
        read_image(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_image(tmp_path / "none.png")


def test_too_many_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_BYTES", 99)
    (tmp_path / "long.png").write_bytes(bytes(100))
    with pytest.raises(ImageError, match="larger"):
        read_image(tmp_path / "long.png")


def test_binarised_at_half_brightness() -> None:
    pixels = np.zeros((28, 28), np.uint8)
    pixels[0, :2] = 127, 128
    picture = to_bilevel(Picture(pixels), 28, 28)
    assert picture.pixels.sum() == picture.pixels[0, 1] == 1
    assert "binarised" in picture.notices[0]


@pytest.mark.parametrize(("value", "says"), [(0, "black"), (255, "invert")])
def test_notices_on_odd_pictures(value: int, says: str) -> None:
    picture = to_bilevel(Picture(np.full((28, 28), value, np.uint8)), 28, 28)
    assert says in picture.notices[0]


def test_colours_are_weighed_by_brightness() -> None:
    row = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)
    assert to_bilevel(Picture(row), 1, 3).pixels.tolist() == [[0, 1, 0]]


def test_other_size_is_refused_or_fitted() -> None:
    wide = np.zeros((20, 60), np.uint8)
    wide[5:15, 10:50] = 255
    with pytest.raises(ImageError, match="60 x 20 pixels, not 28 x 28"):
        to_bilevel(Picture(wide), 28, 28)
    fitted = to_bilevel(Picture(wide), 28, 28, fit=True)
    assert fitted.pixels.shape == (28, 28)
    assert "resized from 60 x 20 to 28 x 28" in fitted.notices
    rows, columns = fitted.pixels.any(1).nonzero()[0], fitted.pixels.any(0).nonzero()[0]
    assert (len(rows), len(columns)) == (5, 18)  # of 9 x 28: 10 / 20 and 40 / 60 of it


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 999), (999, 1), (27, 28), (29, 28)])
def test_fit_takes_any_size_and_fills_with_the_border(height: int, width: int) -> None:
    fitted = to_bilevel(Picture(np.full((height, width), 255, np.uint8)), 28, 28, fit=True)
    assert fitted.pixels.all()


def test_png_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "ramp.png"
    writing.write_picture(path, RAMP)
    assert np.array_equal(read_image(path).pixels, RAMP)
    assert Image.open(io.BytesIO(encode_picture(RAMP > 9))).mode == "1"


def test_contact_sheet() -> None:
    originals = np.stack([np.full((2, 3), value, np.uint8) for value in (10, 20, 30)])
    sheet = contact_sheet([originals, originals + 1], columns=2, scale=2, gap=1)
    assert sheet.shape == (2 * 2 * 5 + 1, 2 * 7 + 1)
    assert [sheet[1, 1], sheet[1, 8], sheet[6, 1], sheet[11, 1], sheet[16, 1]] == [10, 20, 11, 30, 31]
    assert sheet[0, 0] == sheet[12, 9] == GAP_GREY


def test_colours_of_16_bits_are_said_to_be_reduced() -> None:
    """Pillow cannot write such a file: its chunks are made here."""
    rows = b"".join(b"\0" + bytes(range(12)) for _ in range(2))
    chunks = [
        (b"IHDR", bytes([0, 0, 0, 2, 0, 0, 0, 2, 16, 2, 0, 0, 0])),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big") for kind, body in chunks
    )
    picture = decode_image(data)
    assert picture.size == (2, 2) and picture.notices == (images.REDUCED,)


def test_other_colours_are_said_to_be_converted() -> None:
    data = file_of(Image.fromarray(RAMP).convert("RGB").convert("CMYK"), "TIFF")
    assert decode_image(data).notices == ("converted from CMYK to RGB",)
