"""Pages of two levels: every pixel comes back, whatever the size, and cells count what the format says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

import vlae_codec
from vlae_codec.container.header import PAGE, STORED
from vlae_codec.errors import FormatError, ImageError, ModelError, OptionError
from vlae_codec.families import codec as families
from vlae_codec.families import registry
from vlae_codec.families.page import codec, container
from vlae_codec.families.page.contexts import MOST, ROWS, Counts
from vlae_codec.families.page.model import PageModel
from vlae_codec.families.request import Rate
from vlae_codec.io.images import Picture
from vlae_codec.model.folder import read_weights
from vlae_codec.model.info import ModelInfo

Bits = NDArray[np.uint8]


def info() -> ModelInfo:
    return registry.find_model("page")


def page(height: int, width: int, seed: int = 0) -> Bits:
    """Strokes of ink on paper: rows and columns of bars, some specks."""
    random = np.random.default_rng(seed)
    ink = np.zeros((height, width), np.uint8)
    for _ in range(1 + height * width // 400):
        top, left = random.integers(height), random.integers(width)
        ink[top : top + random.integers(1, 12), left : left + random.integers(1, 5)] ^= 1
    return ink


SIZES = [(1, 1), (1, 70), (70, 1), (2, 3), (3, 2), (9, 4), (5, 300), (300, 5), (33, 64), (120, 90)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("levels", [(255, 0), (0, 255), (17, 200)])
def test_every_pixel_comes_back(size: tuple[int, int], levels: tuple[int, int]) -> None:
    pixels = np.array(levels, np.uint8)[page(*size, seed=size[0])]
    made = codec.compress(Picture(pixels), info())
    found, model = codec.decompress(made.data)
    assert model == info() and found.dtype == np.uint8
    assert np.array_equal(found, pixels)


def test_two_colours_come_back() -> None:
    colours = np.array([(250, 240, 230), (10, 20, 90)], np.uint8)[page(40, 50)]
    assert np.array_equal(codec.decompress(codec.compress(Picture(colours), info()).data)[0], colours)


@pytest.mark.parametrize("level", [0, 130, 255])
def test_a_picture_of_one_level_is_its_head(level: int) -> None:
    pixels = np.full((900, 700), level, np.uint8)
    made = codec.compress(Picture(pixels), info())
    assert len(made.data) < 20 and made.coded_size == (0, 0)
    assert np.array_equal(codec.decompress(made.data)[0], pixels)


def test_pictures_of_more_levels_are_left_to_others() -> None:
    three = np.array([0, 128, 255], np.uint8)[page(40, 40) + page(40, 40, 1)]
    assert codec.split(Picture(three)) is None
    assert codec.split(Picture(np.zeros((4, 4), np.uint8), alpha=np.zeros((4, 4), np.uint8))) is None
    with pytest.raises(ImageError, match="two levels"):
        codec.compress(Picture(three), info())


@given(st.lists(st.booleans(), max_size=120))
def test_stretches_hold_all_ink_and_no_long_gap(marked: list[bool]) -> None:
    found = codec.stretches(np.array(marked, bool))
    kept = [place for first, end in found for place in range(first, end)]
    assert {place for place, one in enumerate(marked) if one} <= set(kept)
    assert all(marked[first] and marked[end - 1] for first, end in found)
    assert all(later[0] - before[1] >= codec.GAP for before, later in zip(found, found[1:], strict=False))


def test_paper_is_left_out() -> None:
    ink = np.zeros((500, 400), np.uint8)
    ink[100:120, 50:90] = page(20, 40)
    ink[100, 50] = ink[119, 89] = 1
    made = codec.compress(Picture(255 * (1 - ink)), info())
    assert made.coded_size[0] == 20 and 2 <= made.coded_size[1] <= 40
    assert np.array_equal(codec.decompress(made.data)[0], 255 * (1 - ink))


def test_counts_are_those_of_the_pixels_until_they_are_halved() -> None:
    counts = Counts(np.full((1, ROWS), 1, np.uint32))
    near = np.zeros((ROWS, 3), np.uint32)
    cells = counts.cells(near)
    counts.add(cells, np.array([0, 1, 1], np.uint8))
    assert counts.of(cells)[:, 0].tolist() == [1, 2]
    many = counts.cells(np.zeros((ROWS, MOST), np.uint32))
    counts.add(many, np.zeros(MOST, np.uint8))
    assert counts.of(cells)[:, 0].tolist() == [(MOST + 2) // 2, 1]


def test_auto_takes_pages_and_says_so() -> None:
    picture = Picture(255 * (1 - page(200, 300)))
    for lossless in (False, True):
        made = families.compress_one(families.plan(picture, registry.AUTO, Rate(lossless=lossless)))
        assert made.data[2] & 15 == PAGE and (families.TWO_LEVELS in made.notices) is not lossless
        families.verify(made, picture)


def test_auto_stores_what_a_general_coder_codes_in_less() -> None:
    checks = Picture((255 * (np.indices((256, 256)).sum(0) & 1)).astype(np.uint8))
    made = families.compress_one(families.plan(checks, registry.AUTO, Rate()))
    assert len(made.data) <= len(codec.compress(checks, info()).data)


def test_a_page_file_is_smaller_than_webp() -> None:
    ink = page(400, 300, 3)
    made = vlae_codec.compress(Image.fromarray(255 * (1 - ink)).convert("1"), lossless=True)
    assert made[2] & 15 in (PAGE, STORED) and len(made) < 0.8 * len(_webp(ink))
    assert np.array_equal(np.asarray(vlae_codec.decompress(made)), 255 * (1 - ink))


def _webp(ink: Bits) -> bytes:
    from vlae_codec.io.webp import encode_tile

    return encode_tile(np.repeat((255 * (1 - ink))[:, :, None], 3, axis=2), 9)


def test_options_that_change_nothing_are_refused() -> None:
    picture = Picture(255 * page(20, 30))
    for rate in (Rate(quality=50.0), Rate(target_bytes=500), Rate(effort=3)):
        with pytest.raises(OptionError, match="not for model page"):
            families.plan(picture, "page", rate)
    with pytest.raises(OptionError, match="`temperature`: not for model page"):
        vlae_codec.decompress(codec.compress(picture, info()).data, temperature=0.5)


def test_damage_is_found() -> None:
    data = codec.compress(Picture(255 * page(60, 50)), info()).data
    for place in range(6, len(data)):
        with pytest.raises((FormatError, ModelError)):
            codec.decompress(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
    for size in range(len(data)):
        with pytest.raises((FormatError, ModelError)):
            codec.decompress(data[:size])


def test_a_small_file_cannot_ask_for_much_work() -> None:
    whole = ((0, 8000),)
    file = container.PageFile(b"", 8000, 8000, b"\xff", b"\0", whole, whole, b"\1\2\3\4")
    data = container.write_file(bytes.fromhex(info().fingerprint), file)
    with pytest.raises(FormatError, match="too few"):
        codec.decompress(data)


@pytest.mark.parametrize(
    "parts", [((0, 5), (5, 7)), ((0, 11),), ((3, 3),)], ids=["touching", "beyond the side", "empty"]
)
def test_stretches_that_do_not_fit_are_damage(parts: tuple[tuple[int, int], ...]) -> None:
    file = container.PageFile(b"", 10, 10, b"\xff", b"\0", parts, ((0, 10),), b"\1")
    with pytest.raises(FormatError, match="stretches"):
        container.parse_file(container.write_file(bytes.fromhex(info().fingerprint), file))


def test_numbers_that_would_not_stay_exact_are_refused() -> None:
    tree = registry.read_tree(info().folder)
    arrays = read_weights(info().folder, tree)
    PageModel(tree, arrays)
    arrays["enter.weight"] = arrays["enter.weight"] * 16
    with pytest.raises(ModelError, match="exact"):
        PageModel(tree, arrays)
