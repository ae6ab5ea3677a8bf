"""Files without a model: exact, smaller than a model's where they are taken, and refused when damaged."""

import io
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from PIL import Image

import vlae_codec
from vlae_cli.compress import main as compress
from vlae_cli.info import main as info
from vlae_codec.container.header import PAGE, PHOTO, STORED, WINDOWED_LOSSLESS
from vlae_codec.errors import FormatError, VlaeError
from vlae_codec.families.stored import codec, container
from vlae_codec.io import webp
from vlae_codec.io.images import Picture

Pixels = NDArray[np.uint8]


def drawn(height: int, width: int, channels: int) -> Pixels:
    """Return a picture of flat rectangles, (H, W) for one channel."""
    rng = np.random.default_rng(height * width + channels)
    out = np.zeros((height, width, channels), np.uint8)
    for _ in range(9):
        top, left = rng.integers(height), rng.integers(width)
        out[top : top + height // 3 + 1, left : left + width // 3 + 1] = rng.integers(0, 256, channels)
    return out[:, :, 0] if channels == 1 else out


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (37, 53), (200, 7)])
def test_every_kind_of_picture_comes_back(size: tuple[int, int], channels: int) -> None:
    pixels = drawn(*size, channels)
    if channels in (2, 4):
        pixels[0, 0, -1] = 7  # not opaque
    data = vlae_codec.compress(Image.fromarray(pixels), lossless=True)
    assert data[2] & 15 == (PAGE if size == (1, 1) and channels in (1, 3) else STORED)  # one pixel has one level
    found = np.asarray(vlae_codec.decompress(data))
    assert found.shape == pixels.shape and (found == pixels).all()


def test_tiles_of_a_large_picture_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webp, "TILE", 16)
    pixels = np.random.default_rng(1).integers(0, 256, (40, 33, 3), np.uint8)
    made = codec.compress(Picture(pixels), codec.SLOW - 1)
    seen: list[int] = []
    found, _ = codec.decompress(made.data, progress=lambda rows, _: seen.append(rows))
    assert (found == pixels).all() and seen == [16, 16, 8]


def test_drawn_pictures_are_stored_also_when_loss_is_allowed() -> None:
    flat = Image.new("RGB", (64, 64), (255, 0, 0))
    flat.paste((0, 0, 255), (9, 9, 50, 50))
    flat.paste((0, 255, 0), (20, 20, 40, 40))
    data = vlae_codec.compress(flat)
    assert data[2] & 15 == STORED and len(data) < 133  # what PNG takes of a flat one
    assert vlae_codec.compress(flat, "photo")[2] & 15 == PHOTO  # a model that was named is taken


def test_photographs_are_not_stored() -> None:
    rng = np.random.default_rng(2)
    coarse = Image.fromarray(rng.integers(0, 256, (9, 12, 3), np.uint8)).resize((120, 90), Image.Resampling.BICUBIC)
    noisy = (np.asarray(coarse).astype(int) + rng.normal(0, 3, (90, 120, 3))).clip(0, 255).astype(np.uint8)
    assert vlae_codec.compress(Image.fromarray(noisy))[2] & 15 == PHOTO
    assert vlae_codec.compress(Image.fromarray(noisy), lossless=True)[2] & 15 in (WINDOWED_LOSSLESS, STORED)


def test_exact_pixels_are_kept_where_a_target_allows_them() -> None:
    pixels = drawn(90, 120, 3)
    exact = codec.compress(Picture(pixels)).data
    assert vlae_codec.compress(pixels, target_bytes=len(exact))[2] & 15 == STORED
    tight = vlae_codec.compress(pixels, target_bytes=len(exact) - 1)
    assert len(tight) < len(exact) and not np.array_equal(np.asarray(vlae_codec.decompress(tight)), pixels)


def test_an_estimate_is_near_the_size() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (2000, 700, 3), np.uint8)
    made = len(webp.encode_tile(noise, 1))
    assert 0.9 * made < webp.estimated_size(noise) < 1.1 * made


@pytest.mark.parametrize("place", [3, 6, 7, 9, 30, -1])
def test_a_changed_byte_is_noticed(place: int) -> None:
    data = bytearray(codec.compress(Picture(drawn(20, 30, 3))).data)
    data[place] ^= 64
    with pytest.raises(VlaeError):
        vlae_codec.decompress(bytes(data))


def test_files_that_lie_about_their_tiles_are_refused() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (20, 30, 3), np.uint8)
    file = container.parse_file(codec.compress(Picture(pixels), codec.SLOW - 1).data)
    assert file.coding == container.TILES
    lies = {
        "another size": container.StoredFile(False, False, 21, 30, file.residual),
        "cut short": container.StoredFile(False, False, 20, 30, file.residual[:-3]),
        "behind its tiles": container.StoredFile(False, False, 20, 30, file.residual + b"x"),
        "cannot be read": container.StoredFile(False, False, 20, 30, b"\x05hello"),
    }
    for reason, lie in lies.items():
        with pytest.raises(FormatError, match=reason):
            codec.decompress(container.write_file(lie))
    with pytest.raises(FormatError, match="allowed"):
        codec.decompress(container.write_file(container.StoredFile(False, False, 60000, 60000, file.residual)))


def test_commands_and_pillow_say_what_it_is(tmp_path: Path) -> None:
    picture, made = tmp_path / "flat.png", tmp_path / "flat.vlz"
    Image.new("RGBA", (40, 30), (9, 8, 7, 100)).save(picture)
    said = CliRunner().invoke(compress, [str(picture), "-o", str(made), "--verify"])
    assert said.exit_code == 0 and "kept exactly" in said.output
    assert "stored" in CliRunner().invoke(info, [str(made)]).output
    vlae_codec.register_vlz_opener()
    with Image.open(io.BytesIO(made.read_bytes())) as image:
        assert image.mode == "RGBA" and image.info["kind"] == "lossless" and image.getpixel((3, 3)) == (9, 8, 7, 100)
