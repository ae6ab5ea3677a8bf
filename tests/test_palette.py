"""Pictures of few colours: they come back, smaller than a general coder makes them, and damage is refused."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from vlae_codec.container.header import PAGE
from vlae_codec.errors import FormatError, VlaeError
from vlae_codec.families import codec as families
from vlae_codec.families.choice import plan
from vlae_codec.families.request import Rate
from vlae_codec.families.result import Progress
from vlae_codec.families.stored import codec, mixer, palette
from vlae_codec.families.stored.container import DEEP, PALETTE, PREDICTED, TILES, StoredFile, parse_file
from vlae_codec.families.stored.contexts import ABOVE, BESIDE, FAR, NEAR, SLANT
from vlae_codec.families.stored.ranking import Numbers
from vlae_codec.io.images import Picture

Levels = NDArray[np.uint8]


def page(height: int, width: int, colours: int) -> Levels:
    """Lines and letters in a number of colours at the most, (H, W, 3)."""
    rng = np.random.default_rng(colours)
    image = Image.new("I", (width, height))
    draw = ImageDraw.Draw(image)
    for number in range(3 * colours):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        draw.line((x, y, x + int(rng.integers(-20, 20)), y), number % colours)
        draw.text((x, y), "abcde"[number % 5], number % colours)
    inks: Levels = rng.integers(0, 256, (colours, 3), np.uint8)
    found: Levels = inks[np.asarray(image)]
    return found


@pytest.mark.parametrize("colours", [1, 2, 3, 17, 256])
@pytest.mark.parametrize("size", [(1, 1), (2, 90), (90, 2), (31, 47)])
def test_pictures_come_back(size: tuple[int, int], colours: int) -> None:
    levels = page(*size, colours)
    found = palette.split(levels)
    assert found is not None
    data, spent = palette.encode(*found)
    assert np.array_equal(palette.decode(data, *size, 3), levels)
    assert spent / 8 <= len(data) <= spent / 8 + 12


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_other_channels_come_back(channels: int) -> None:
    levels = page(80, 100, 12)
    pixels = levels[:, :, 0] if channels < 3 else levels
    picture = Picture(pixels, alpha=None if channels == 1 else np.ascontiguousarray(levels[:, :, 2] // 64 * 64))
    made = codec.compress(picture)
    file = parse_file(made.data)
    assert file.coding == PALETTE and file.channels == channels
    found, _ = codec.decompress(made.data)
    assert np.array_equal(codec.channels(Picture(pixels, alpha=picture.alpha))[0], in_colour(found))


def in_colour(found: Levels) -> Levels:
    """Samples as `codec.channels` gives them."""
    if found.ndim == 2:
        return np.repeat(found[:, :, None], 3, axis=2)
    return found if found.shape[2] > 2 else found[:, :, [0, 0, 0, 1]]


def test_drawn_pictures_take_half_of_what_a_general_coder_makes_of_them() -> None:
    picture = Picture(page(160, 240, 20))
    made, general = codec.compress(picture), codec.compress(picture, effort=codec.SLOW - 1)
    assert [parse_file(one.data).coding for one in (made, general)] == [PALETTE, TILES]
    assert 2 * len(made.data) < len(general.data)


def test_pictures_of_many_colours_or_thin_ones_have_no_palette() -> None:
    levels = np.arange(257, dtype=np.uint16)
    many = np.stack([levels & 255, levels >> 8, levels & 255], axis=-1).astype(np.uint8)[None].repeat(32, axis=0)
    assert palette.split(many) is None and palette.split(many[:, :256]) is not None
    assert palette.split(many[:1]) is None and palette.split(many[:1, :256]) is not None
    assert palette.split(np.zeros((65536, 8, 3), np.uint8)) is None


def test_neighbours_are_known_when_they_are_read() -> None:
    """A later pixel in the contexts would be there for the sender alone."""
    for row, column in (*NEAR, *FAR):
        assert column < SLANT * row and row <= ABOVE and abs(column) <= BESIDE


def test_damage_is_refused() -> None:
    made = codec.compress(Picture(page(40, 50, 5)))
    file = parse_file(made.data)
    bodies = {
        "beyond the highest level": b"\x04" + bytes.fromhex("00000000") * 8,
        "not whole words": file.residual[:-1],
    }
    for reason, body in bodies.items():
        with pytest.raises(FormatError, match=reason):
            palette.decode(body, 40, 50, 3)
    with pytest.raises(FormatError, match="palette of 257 colours"):
        palette.decode(b"\x80\x02" + file.residual, 40, 50, 3)
    with pytest.raises(FormatError, match="too few"):
        palette.decode(file.residual, 4096, 4096, 3)
    with pytest.raises(FormatError, match="too thin"):
        palette.decode(file.residual, 65536, 8, 3)


def test_any_bytes_are_a_picture_or_refused() -> None:
    rng = np.random.default_rng(7)
    for size in range(1, 60, 3):
        body = bytes([rng.integers(20)]) + rng.integers(0, 256, size // 4 * 4, np.uint8).tobytes()
        with contextlib.suppress(VlaeError):
            assert palette.decode(body, 9, 11, 3).shape == (9, 11, 3)


@pytest.mark.parametrize("flag", [DEEP, PREDICTED])
def test_a_palette_excludes_other_codings(flag: int) -> None:
    data = bytearray(codec.compress(Picture(page(20, 20, 4))).data)
    data[6] |= flag
    with pytest.raises(FormatError, match=f"flags {PALETTE | flag} exclude one another"):
        parse_file(bytes(data))
    assert StoredFile(False, True, 1, 1, b"", coding=PALETTE).describe().mode == "stored, palette"


def test_a_picture_is_coded_by_its_palette_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is wanted if it is flat, and again if it is hardly larger than a lossy one."""
    calls = list[int]()

    def counted(numbers: Numbers, colours: Levels, progress: Progress | None = None) -> tuple[bytes, float]:
        calls.append(1)
        return encode(numbers, colours, progress)

    encode = palette.encode
    monkeypatch.setattr(palette, "encode", counted)
    made = families.compress_one(plan(Picture(page(96, 160, 12)), "auto", Rate()))
    assert parse_file(made.data).coding == PALETTE and len(calls) == 1
    assert 8 * len(made.data) > families.FLAT_BITS * 96 * 160


def test_large_pages_of_two_levels_go_to_their_model_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(palette, "encode", None)
    levels = np.where(page(300, 260, 2)[:, :, 0] == 0, 0, 255).astype(np.uint8)
    assert families.compress_one(plan(Picture(levels), "auto", Rate())).data[2] & 15 == PAGE


def test_weights_have_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixer, "WEIGHT_MOST", 18020)
    for classes in (None, mixer.Classes(np.zeros(3, np.uint8))):
        found = mixer.Mixer(1)
        for _ in range(20):
            found.ones(0, np.zeros((8, 3), np.uint32), classes)
            found.learn(np.ones(3, bool))
        assert found._weights.max() == 18020
