"""What files say beside their pixels: kept bit for bit where it should be, left out where not, refused when damaged."""

from __future__ import annotations

import functools
import io
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from numpy.typing import NDArray
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

import vlae_codec
from benchmarks.png_files import COLOUR, chunk, png_file
from vlae_codec.container import envelope
from vlae_codec.container.collection import write_part
from vlae_codec.container.envelope import KINDS, MAX_INFLATED, NOTHING, Metadata, unwrap, wrap
from vlae_codec.container.header import CHECKSUM, MAGIC, checksum
from vlae_codec.container.varint import write_number
from vlae_codec.errors import FormatError, ImageError, VlaeError
from vlae_codec.io import metadata
from vlae_codec.io.images import TURNED, decode_image
from vlae_codec.io.metadata import Keeping, orientation_of, parse_kinds
from vlae_codec.io.writing import FORMATS

Run = Callable[..., Result]
ALL = Keeping(frozenset(KINDS), True)
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'


def colours(height: int = 12, width: int = 9) -> NDArray[np.uint8]:
    return np.random.default_rng(5).integers(0, 256, (height, width, 3), np.uint8)


@functools.cache  # it holds the time
def profile(description: str = "sRGB") -> bytes:
    """Return a profile that is not called sRGB, whose levels would be changed by turning it into that."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    place = data.find(b"sRGB".decode().encode("utf-16-be"))
    if description != "sRGB" and place >= 0:
        data[place : place + 8] = description.encode("utf-16-be")
    return bytes(data)


def exif(orientation: int = 6, order: str = "<") -> bytes:
    """Return EXIF data from their TIFF header on: an orientation, a maker, and a place."""
    entries = [
        struct.pack(order + "HHI4s", 0x010F, 2, 4, b"Cam\0"),
        struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0),
        struct.pack(order + "HHII", 0x8825, 4, 1, 8 + 2 + 36 + 4),
    ]
    inside = struct.pack(order + "HHHI4sI", 1, 1, 2, 2, b"N\0\0\0", 0)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    return head + struct.pack(order + "H", 3) + b"".join(entries) + bytes(4) + inside


def file_of(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def rich_png() -> bytes:
    texts = PngInfo()
    texts.add_text("Author", "Somebody")
    texts.add_itxt("Title", "Schöne Größe")
    texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
    return file_of(
        Image.fromarray(colours()), "PNG", pnginfo=texts, exif=b"Exif\0\0" + exif(), icc_profile=profile("Abcd"),
        dpi=(300, 150),
    )  # fmt: skip


RICH = Metadata(profile("Abcd"), exif(), XMP, (11811, 5906), (("Author", "Somebody"), ("Title", "Schöne Größe")))


def exact(data: bytes) -> bytes:
    return vlae_codec.compress(data, lossless=True, keep="all")


def test_an_envelope_gives_back_what_went_in() -> None:
    inner = vlae_codec.compress(colours(), lossless=True)
    wrapped = wrap(inner, RICH)
    assert unwrap(wrapped) == (inner, RICH) and wrap(inner, NOTHING) == inner == unwrap(inner)[0]
    for kind in KINDS:
        one = RICH.only((kind,))
        assert list(one.parts()) == [kind] and unwrap(wrap(inner, one)) == (inner, one)
    np.testing.assert_array_equal(vlae_codec.decompress_array(wrapped), colours())


def test_without_loss_pixels_profile_and_exif_come_back_bit_for_bit(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(rich_png())
    result = run("compress", tmp_path / "a.png", "--lossless", "--verify")
    assert result.exit_code == 0 and "left out" not in result.stderr, result.output
    assert unwrap((tmp_path / "a.vlz").read_bytes())[1] == RICH
    assert run("decompress", tmp_path / "a.vlz", "-o", tmp_path / "b.png").exit_code == 0
    with Image.open(tmp_path / "a.png") as first, Image.open(tmp_path / "b.png") as second:
        np.testing.assert_array_equal(np.asarray(first), np.asarray(second))
        for name in ("icc_profile", "exif", "dpi"):
            assert first.info[name] == second.info[name], name
        assert first.info["XML:com.adobe.xmp"] == second.info["XML:com.adobe.xmp"]
        assert dict(first.text) == dict(second.text)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_exif_stay_as_they_are_and_pixels_as_they_are_stored(kind: str) -> None:
    for order in "<>":
        data = file_of(Image.fromarray(colours()), kind, exif=b"Exif\0\0" + exif(order=order))
        picture = decode_image(data, keep=ALL)
        assert picture.metadata.exif == exif(order=order) and picture.size == (12, 9) and TURNED not in picture.notices
        image = vlae_codec.decompress(exact(data))
        with Image.open(io.BytesIO(data)) as first:
            np.testing.assert_array_equal(np.asarray(first), np.asarray(image))
        assert image.info["exif"] == b"Exif\0\0" + exif(order=order) and image.getexif()[0x0112] == 6


@pytest.mark.parametrize("order", ["<", ">"])
def test_with_loss_pixels_are_turned_and_exif_say_so_no_more(order: str) -> None:
    data = file_of(Image.fromarray(colours()), "PNG", exif=b"Exif\0\0" + exif(order=order))
    picture = decode_image(data, keep=Keeping(frozenset({"exif"})))
    assert picture.size == (9, 12) and TURNED in picture.notices
    assert picture.metadata.exif == exif(1, order)
    kept = unwrap(vlae_codec.compress(data, keep="exif"))[1]
    assert orientation_of(kept.exif) == 1 and kept.only(("exif",)) == kept


def test_a_profile_that_is_kept_leaves_colours_alone() -> None:
    data = file_of(Image.fromarray(colours()), "PNG", icc_profile=profile("Abcd"))
    picture = decode_image(data, keep=Keeping(frozenset({"icc"})))
    np.testing.assert_array_equal(picture.pixels, colours())
    assert picture.notices == () and picture.metadata.icc == profile("Abcd")
    grey = np.repeat(colours()[:, :, :1], 3, axis=2)  # equal channels are coded as one
    data = file_of(Image.fromarray(grey), "PNG", icc_profile=profile("Abcd"))
    image = vlae_codec.decompress(exact(data))
    assert image.mode == "RGB" and image.info["icc_profile"] == profile("Abcd")
    vlae_codec.register_vlz_opener()
    with Image.open(io.BytesIO(exact(data))) as opened:
        assert opened.mode == "RGB" and opened.info["icc_profile"] == profile("Abcd")
        np.testing.assert_array_equal(np.asarray(opened), grey)


def test_a_profile_of_other_colours_is_not_kept() -> None:
    cmyk = bytearray(profile("Abcd"))
    cmyk[16:20] = b"CMYK"
    picture = decode_image(file_of(Image.fromarray(colours()), "PNG", icc_profile=bytes(cmyk)), keep=ALL)
    assert picture.metadata.icc == b"" and picture.notices


def test_lossy_files_hold_nothing_unless_they_are_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(rich_png())
    result = run("compress", tmp_path / "a.png", "-o", tmp_path / "plain.vlz")
    assert "left out: EXIF data, the place (GPS), XMP, texts, resolution" in result.stderr
    plain = (tmp_path / "plain.vlz").read_bytes()
    assert not envelope.is_wrapped(plain) and b"Cam" not in plain
    for kinds in ("dpi", "exif,xmp", "all", "none"):
        result = run("compress", tmp_path / "a.png", "-o", tmp_path / "a.vlz", "--keep", kinds, "--force")
        assert result.exit_code == 0
        kept = unwrap((tmp_path / "a.vlz").read_bytes())[1]
        assert set(kept.parts()) == parse_kinds(kinds)
        assert ("place" in result.stderr) == ("exif" not in parse_kinds(kinds))
    exact_plain = run("compress", tmp_path / "a.png", "-o", tmp_path / "e.vlz", "--lossless", "--keep", "none")
    assert exact_plain.exit_code in (0, 1) and (exact_plain.exit_code == 0 or "profile" in exact_plain.stderr)


def test_kinds_are_checked(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(rich_png())
    result = run("compress", tmp_path / "a.png", "--keep", "exif,gps")
    assert result.exit_code == 2 and "'gps' is no kind of metadata" in result.stderr
    result = run("compress", tmp_path / "a.png", tmp_path / "a.png", "-o", tmp_path / "b.vlz", "--keep", "all")
    assert result.exit_code == 2 and "archives hold no metadata" in result.stderr
    with pytest.raises(ImageError):
        vlae_codec.compress(colours(), keep="everything")


def test_info_lists_what_is_inside(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.vlz").write_bytes(exact(rich_png()))
    assert "icc, exif, xmp, dpi, texts" in run("info", tmp_path / "a.vlz").output
    tree = json.loads(run("info", tmp_path / "a.vlz", "--json").output)
    assert tree["metadata"]["exif"] == len(exif()) and tree["metadata"]["dpi"] == 8
    size = (tmp_path / "a.vlz").stat().st_size
    assert tree["file_bytes"] == size == sum(part["bytes"] for part in tree["sections"])
    assert [part["offset"] for part in tree["sections"]][:2] == [0, tree["sections"][0]["bytes"]]


def test_other_formats_hold_what_they_can(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.vlz").write_bytes(exact(rich_png()))
    held = {"jpg": {"icc", "exif", "xmp", "dpi"}, "webp": {"icc", "exif", "xmp"}, "bmp": {"dpi"}, "ppm": set()}
    held["tif"] = {"icc", "xmp", "dpi", "exif"}
    held |= {"avif": held["webp"]} if ".avif" in FORMATS else {}
    for ending, kinds in held.items():
        result = run("decompress", tmp_path / "a.vlz", "-o", tmp_path / f"a.{ending}")
        assert result.exit_code == 0 and "does not hold its" in result.stderr, result.output
        assert "texts" in result.stderr.rpartition("hold its ")[2]
        back = decode_image((tmp_path / f"a.{ending}").read_bytes(), keep=ALL)
        assert set(back.metadata.parts()) == kinds, ending
        if ending == "tif":
            assert b"Cam" in back.metadata.exif and b"N\0" in back.metadata.exif
        if "exif" in kinds and ending != "tif":
            assert back.metadata.exif == exif() and back.size == (12, 9)
        else:
            assert back.size == (9, 12)  # turned, as nothing says that it should be
        if ending == "bmp":
            assert back.metadata.density is not None and abs(back.metadata.density[0] - 11811) <= 1


def test_16_bits_and_metadata_go_together(run: Run, tmp_path: Path) -> None:
    samples = np.random.default_rng(3).integers(0, 1 << 16, (8, 6, 3))
    chunks = (
        (b"iCCP", b"name\0\0" + zlib.compress(profile("Abcd"))),
        (b"eXIf", exif()),
        (b"pHYs", struct.pack(">IIB", 11811, 11811, 1)),
        (b"tEXt", b"Author\0Somebody"),
    )
    data = png_file(samples, 16, COLOUR, chunks)
    (tmp_path / "a.png").write_bytes(data)
    assert run("compress", tmp_path / "a.png", "--lossless").exit_code == 0
    assert run("decompress", tmp_path / "a.vlz", "-o", tmp_path / "b.png").exit_code == 0
    first, second = (decode_image((tmp_path / name).read_bytes(), keep=ALL) for name in ("a.png", "b.png"))
    assert first.metadata == second.metadata and set(first.metadata.parts()) == {"icc", "exif", "dpi", "texts"}
    assert first.deep is not None and second.deep is not None
    np.testing.assert_array_equal(first.deep, samples)
    np.testing.assert_array_equal(second.deep, samples)


def test_models_of_black_and_white_have_envelopes_too(run: Run, tmp_path: Path) -> None:
    bits = np.random.default_rng(1).integers(0, 2, (28, 28)).astype(bool)
    Image.fromarray(bits).save(tmp_path / "a.png", dpi=(300, 300), exif=b"Exif\0\0" + exif(3))
    assert run("compress", tmp_path / "a.png", "-m", "mnist", "--lossless").exit_code == 0
    assert run("decompress", tmp_path / "a.vlz", "-o", tmp_path / "b.png").exit_code == 0
    with Image.open(tmp_path / "b.png") as image:
        np.testing.assert_array_equal(np.asarray(image), bits)
        assert image.info["exif"] == b"Exif\0\0" + exif(3) and round(image.info["dpi"][0]) == 300
    vlae_codec.register_vlz_opener()
    with Image.open(tmp_path / "a.vlz") as image:
        assert image.mode == "1" and image.getexif()[0x0112] == 3
        np.testing.assert_array_equal(np.asarray(image), bits)


def test_comparisons_see_pictures_as_they_are_shown(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(rich_png())
    (tmp_path / "a.vlz").write_bytes(exact(rich_png()))
    tree = json.loads(run("compare", tmp_path / "a.png", tmp_path / "a.vlz", "--json").output)
    assert tree["psnr"] is None or tree["psnr"] > 90


def test_a_target_counts_metadata() -> None:
    noise = np.random.default_rng(2).integers(0, 256, (60, 60, 3), np.uint8)
    data = file_of(Image.fromarray(noise), "PNG", exif=b"Exif\0\0" + exif(1))
    made = vlae_codec.compress(data, target_bytes=900, keep="all")
    assert envelope.is_wrapped(made) and len(made) <= 900


def test_what_is_too_long_is_left_out_and_said() -> None:
    texts = PngInfo()
    rng = np.random.default_rng(4)
    texts.add_itxt("Noise", "".join(map(chr, rng.integers(32, 126, 900_000))))
    texts.add_itxt("XML:com.adobe.xmp", "<x>" + "y" * 400_000 + "</x>")
    picture = decode_image(file_of(Image.fromarray(colours()), "PNG", pnginfo=texts), keep=ALL)
    assert set(picture.metadata.parts()) == {"xmp"} and picture.left_out == ("texts",)


@pytest.mark.parametrize("data", [b"", b"Exif", exif()[:9], exif()[:20], b"II*\0" + b"\xff" * 40, b"MM\0*" + bytes(9)])
def test_damaged_exif_data_ask_for_nothing(data: bytes) -> None:
    assert orientation_of(data) in (1, 6) and metadata.upright(Metadata(exif=data)).exif[:8] == data[:8]
    picture = file_of(Image.fromarray(colours()), "PNG")
    kept = decode_image(picture[:33] + chunk(b"eXIf", data) + picture[33:], keep=ALL).metadata.exif
    assert kept in (data, b"")
    wrapped = wrap(vlae_codec.compress(colours(), lossless=True), Metadata(exif=data))
    np.testing.assert_array_equal(np.asarray(vlae_codec.decompress(wrapped)), colours())


@functools.cache
def plain() -> bytes:
    return vlae_codec.compress(colours(), lossless=True)


def sealed(block: bytes, length: int | None = None) -> bytes:
    head = MAGIC + b"\x1b" + write_number(len(block) if length is None else length) + block
    return head + CHECKSUM.pack(checksum(bytes(32), head)) + plain()


LIES = {
    "unknown kind": zlib.compress(b"\x06\x01x"),
    "kind 0": zlib.compress(b"\x00\x01x"),
    "there twice": zlib.compress(b"\x02\x01x\x02\x01x"),
    "an entry of its metadata is cut": zlib.compress(b"\x02\x09x"),
    "cut short": zlib.compress(b"\x02\x80"),
    "does not end": zlib.compress(b"\x02" + b"\x80" * 9),
    "a resolution of 3": zlib.compress(b"\x04\x03xyz"),
    "texts cannot be read": zlib.compress(b"\x05\x02{{"),
    "object of strings": zlib.compress(b'\x05\x07{"a":1}'),
    "cannot be inflated": b"this is no stream",
    "too early": zlib.compress(bytes(9))[:-3],
    "too late": zlib.compress(b"\x02\x01x") + b"y",
    "more than 1048576": zlib.compress(bytes(MAX_INFLATED + 1)),
    "metadata of unknown": zlib.compress(b"\xff\x00"),
}


@pytest.mark.parametrize("reason", LIES)
def test_envelopes_that_lie_are_refused(run: Run, tmp_path: Path, reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        unwrap(sealed(LIES[reason]))
    (tmp_path / "a.vlz").write_bytes(sealed(LIES[reason]))
    for command in ("decompress", "info"):
        result = run(command, tmp_path / "a.vlz")
        assert result.exit_code == 1 and len(result.stderr.strip().splitlines()) == 1, result.stderr


def test_bombs_and_other_files_inside_are_refused() -> None:
    with pytest.raises(FormatError, match="the most that is read"):
        unwrap(sealed(zlib.compress(bytes(30_000_000), 1)))
    with pytest.raises(FormatError, match="are the most"):
        unwrap(sealed(b"", 1 << 21))
    with pytest.raises(FormatError, match="alone are more"):
        unwrap(sealed(b"", 1 << 20))
    archive = vlae_codec.compress_many(np.zeros((2, 28, 28), np.uint8), "mnist")
    for inner in (archive, wrap(archive, RICH)):
        with pytest.raises(FormatError, match="one picture"):
            unwrap(wrap(inner, RICH))
    with pytest.raises(FormatError, match="no picture behind"):
        unwrap(wrap(b"", RICH))
    wrapped = wrap(vlae_codec.compress(colours()), RICH)
    assert wrapped in write_part([("", wrapped)])


def test_damage_is_noticed_or_harmless() -> None:
    """Every byte of an envelope changed, and the file cut everywhere: an error of ours, never another one."""
    whole = exact(rich_png())
    size = len(whole) - len(unwrap(whole)[0])
    rng = np.random.default_rng(7)
    for place in range(size):
        changed = bytearray(whole)
        changed[place] ^= int(rng.integers(1, 256))
        with pytest.raises(VlaeError):
            vlae_codec.decompress(bytes(changed))
    for length in [*range(0, size + 20, 3), len(whole) - 1]:
        with pytest.raises(VlaeError):
            vlae_codec.decompress(whole[:length])


def test_damaged_entries_behind_a_sound_checksum_never_crash() -> None:
    entries = zlib.decompress(wrap(b"", RICH)[3 + 2 : -2])
    rng = np.random.default_rng(8)
    for _ in range(3000):
        changed = bytearray(entries)
        for place in rng.integers(0, len(changed), rng.integers(1, 6)):
            changed[place] = int(rng.integers(256))
        data = sealed(zlib.compress(bytes(changed[: rng.integers(len(changed) + 1)]), 1))
        try:
            _, told = unwrap(data)
        except FormatError as error:
            assert "\n" not in str(error)
            continue
        metadata.upright(told)
        metadata.in_info(told)
