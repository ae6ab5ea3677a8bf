"""Pictures in the format that a name tells, and colour profiles on the way in."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

import vlae_codec
from vlae_codec.errors import ImageError
from vlae_codec.io.images import decode_image
from vlae_codec.io.metadata import Keeping, parse_kinds
from vlae_codec.io.profiles import CONVERTED, UNREAD_PROFILE
from vlae_codec.io.writing import FORMATS, check_ending, encode_picture, write_picture

RGBA = np.random.default_rng(0).integers(0, 256, (12, 9, 4), np.uint8)


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("channels", [0, 1, 3])
def test_every_ending_is_its_format(tmp_path: Path, ending: str, channels: int) -> None:
    pixels = RGBA[:, :, 0] > 99 if channels == 0 else RGBA[:, :, 0] if channels == 1 else RGBA[:, :, :3].copy()
    path = tmp_path / f"a{ending}"
    write_picture(path, pixels)
    with Image.open(path) as image:
        assert image.format == FORMATS[ending][0]
        found, wanted = (np.asarray(one.convert("RGB")).astype(int) for one in (image, Image.fromarray(pixels)))
        assert abs(found - wanted).mean() < (8 if image.format in ("JPEG", "AVIF") else 1e-9)


@pytest.mark.parametrize("shape", [(1, 1), (28, 28), (5, 8), (3, 17)])
def test_two_levels_are_pixels_of_one_bit(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).random(shape) < 0.5
    with Image.open(io.BytesIO(encode_picture(pixels))) as image:
        assert image.mode == "1"
        np.testing.assert_array_equal(np.asarray(image), pixels)


def test_transparency_needs_a_format_that_holds_it(tmp_path: Path) -> None:
    for ending in (".png", ".webp", ".tiff", ".odd"):
        write_picture(tmp_path / f"a{ending}", RGBA)
        with Image.open(tmp_path / f"a{ending}") as image:
            np.testing.assert_array_equal(np.asarray(image.convert("RGBA"))[:, :, 3], RGBA[:, :, 3])
    for ending in (".jpg", ".bmp", ".ppm"):
        with pytest.raises(ImageError, match="transparency"):
            write_picture(tmp_path / f"a{ending}", RGBA)
        assert not (tmp_path / f"a{ending}").exists()


@pytest.mark.parametrize("name", ["a.HEIC", "a.txt", "a.vlz", "a.b.c"])
def test_other_endings_are_refused(name: str) -> None:
    with pytest.raises(ImageError, match=r"\.png"):
        check_ending(Path(name))
    check_ending(Path("without an ending"))


def profiled(profile: bytes, mode: str = "RGB") -> bytes:
    stream = io.BytesIO()
    Image.fromarray(RGBA[:, :, : len(mode)].copy()).save(stream, "PNG", icc_profile=profile)
    return stream.getvalue()


def test_profiles_are_turned_into_srgb() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    same = decode_image(profiled(srgb))
    np.testing.assert_array_equal(same.pixels, RGBA[:, :, :3])
    assert same.notices == ()
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    odd = decode_image(profiled(lab))
    assert odd.notices in ((CONVERTED,), (UNREAD_PROFILE,)) and odd.pixels.shape == (12, 9, 3)
    broken = decode_image(profiled(b"no profile at all" * 9, "RGBA"))
    assert broken.notices == (UNREAD_PROFILE,) and broken.alpha is not None


def test_lab_is_converted_by_its_profile_and_never_called_exact() -> None:
    smooth = np.linspace((30, 200, 90), (220, 60, 160), 12 * 9).reshape(12, 9, 3)
    colours = Image.fromarray(smooth.astype(np.uint8))
    srgb, lab = (ImageCms.createProfile(name) for name in ("sRGB", "LAB"))
    changed = ImageCms.profileToProfile(colours, srgb, lab, outputMode="LAB")
    assert changed is not None
    for profile in (changed.info["icc_profile"], None):
        stream = io.BytesIO()
        changed.save(stream, "TIFF", icc_profile=profile)
        for keep in ("none", "icc"):  # a profile of other colours than the pixels' would be wrong beside them
            picture = decode_image(stream.getvalue(), keep=Keeping(parse_kinds(keep)))
            assert abs(picture.pixels - smooth).mean() < 3 and not picture.metadata.icc
            assert UNREAD_PROFILE not in picture.notices
        with pytest.raises(ImageError, match="would not keep"):
            vlae_codec.compress(stream.getvalue(), lossless=True)


@pytest.mark.parametrize("mode", ["1", "L", "LA"])
def test_profiles_of_colours_are_used_on_greys(mode: str) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    unknown = srgb.replace("sRGB".encode("utf-16-be"), "Abcd".encode("utf-16-be"))
    stream = io.BytesIO()
    image = Image.fromarray(RGBA).convert(mode)
    image.save(stream, "PNG", icc_profile=unknown)
    picture = decode_image(stream.getvalue())
    assert picture.notices == (CONVERTED,) and (picture.alpha is not None) == (mode == "LA")
    assert abs(picture.pixels.astype(int) - np.asarray(image.convert("RGB"))).max() <= 1


@pytest.mark.parametrize(("ending", "side"), [(".webp", 16384), (".jpg", 65536)])
def test_sides_that_are_too_long_for_a_format_are_refused_in_a_line(tmp_path: Path, ending: str, side: int) -> None:
    with pytest.raises(ImageError, match=r"cannot hold it.*name it \.png"):
        write_picture(tmp_path / f"a{ending}", np.zeros((1, side), np.uint8))
    assert not list(tmp_path.iterdir())
