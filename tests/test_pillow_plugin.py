"""Pillow with .vlz files: open, look, seek, save."""

from __future__ import annotations

import copy
import io
import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

import vlae_codec
from vlae_codec import FormatError, ImageError, ModelError, pillow_plugin
from vlae_codec.collections import Collection, encode_part, join
from vlae_codec.families import registry


@pytest.fixture(autouse=True)
def opener() -> None:
    vlae_codec.register_vlz_opener()


@pytest.fixture
def archive(mnist: str, digits: list[Path], tmp_path: Path) -> Path:
    """A lossless archive of the ten digits."""
    path = tmp_path / "set.vlz"
    path.write_bytes(vlae_codec.compress_many(digits, mnist, lossless=True, binarise=True, effort=1))
    return path


def test_save_and_open(mnist: str, digits: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "x.vlz"
    with Image.open(digits[3]) as image:
        image.save(path, model=mnist)
    assert path.read_bytes() == vlae_codec.compress(digits[3], mnist)
    with Image.open(path) as image:
        assert (image.format, image.size, image.mode, image.get_format_mimetype()) == (
            "VLZ", (28, 28), "1", "image/x-vlz",
        )  # fmt: skip
        assert image.info["model"] == mnist and image.info["kind"] == "lossy"
        assert np.array_equal(np.asarray(image), np.asarray(vlae_codec.decompress(path)))
        assert (image.n_frames, image.is_animated) == (1, False)


def test_lossless_and_options(mnist: str, digits: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "x.vlz"
    bits = np.asarray(Image.open(digits[8]).convert("L")) >= 128
    Image.fromarray(bits).save(path, lossless=True, model=mnist)
    with Image.open(path) as image:
        assert image.info["kind"] == "lossless"
        assert np.array_equal(np.asarray(image), bits)
    Image.fromarray(bits).save(path, quality=90, effort=2, model=mnist)
    assert path.read_bytes() == vlae_codec.compress(bits, mnist, quality=90, effort=2)
    with pytest.raises(ImageError):
        Image.new("L", (300, 200), 40).save(tmp_path / "y.vlz", model=mnist)
    assert not (tmp_path / "y.vlz").exists()


def test_opening_reads_the_header_only(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError("opening needs no weights")

    monkeypatch.setattr(registry, "load", refuse)
    whole = archive.read_bytes()
    head = int(vlae_codec.inspect(archive).sections[0]["bytes"])
    assert head < 40
    archive.write_bytes(whole[:head])
    with Image.open(archive) as image:
        assert (image.size, image.n_frames) == ((28, 28), 10)


def test_frames(archive: Path, digits: list[Path]) -> None:
    originals = [np.asarray(Image.open(path).convert("L")) >= 128 for path in digits]
    with Image.open(archive) as image:
        assert (image.n_frames, image.is_animated) == (10, True)
        for number in (7, 0, 9, 9):
            image.seek(number)
            assert image.tell() == number
            assert np.array_equal(np.asarray(image), originals[number])
        for number in (10, -1):
            with pytest.raises(EOFError):
                image.seek(number)
        assert image.tell() == 9


def test_a_collection_has_frames_of_their_own_sizes(archive: Path, digits: list[Path], tmp_path: Path) -> None:
    photo = np.arange(1800, dtype=np.uint8).reshape(20, 30, 3)
    part = encode_part([photo, digits[3]], names=["photo.png", "3.png"], effort=1)
    path = tmp_path / "collection.vlz"
    join([part, archive, part], path)
    found = Collection(path)
    with Image.open(path) as image:
        assert (image.n_frames, image.size, image.mode, image.info["name"]) == (14, (30, 20), "RGB", "photo.png")
        for number, size, mode in ((1, (28, 28), "1"), (6, (28, 28), "1"), (12, (30, 20), "RGB"), (0, (30, 20), "RGB")):
            image.seek(number)
            assert (image.tell(), image.size, image.mode) == (number, size, mode)
            assert np.array_equal(np.asarray(image), np.asarray(found[number]))
        with pytest.raises(EOFError):
            image.seek(14)
        copied = copy.deepcopy(image)
    assert np.array_equal(np.asarray(copied), np.asarray(found[0]))
    path.write_bytes(encode_part([]))
    with pytest.raises(UnidentifiedImageError):
        Image.open(path)


def test_save_all(mnist: str, digits: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "all.vlz"
    bits = [Image.open(digit).convert("L").point(lambda v: 255 * (v >= 128)) for digit in digits]
    names = [digit.name for digit in digits]
    bits[0].save(path, save_all=True, append_images=bits[1:], names=names, model=mnist, lossless=True, effort=1)
    assert path.read_bytes() == vlae_codec.compress_many(
        digits, mnist, names=names, lossless=True, binarise=True, effort=1
    )
    with Image.open(path) as image:
        again = tmp_path / "again.vlz"
        image.save(again, save_all=True, model=mnist, lossless=True, effort=1)
    assert vlae_codec.inspect(again).images == 10


def test_copies_keep_the_pixels(archive: Path, tmp_path: Path) -> None:
    photo = tmp_path / "photo.vlz"
    photo.write_bytes(vlae_codec.compress(np.zeros((20, 30, 3), np.uint8)))
    for path, frame in ((archive, 4), (photo, 0)):
        with Image.open(path) as image:
            image.seek(frame)
            for copied in (pickle.loads(pickle.dumps(image)), copy.deepcopy(image), copy.copy(image), image.copy()):
                assert (copied.size, copied.mode, copied.info["model"]) == (image.size, image.mode, image.info["model"])
                assert np.array_equal(np.asarray(copied), np.asarray(image))
                copied.load()
                copied.seek(0)
            untouched = Image.open(path)
            assert pickle.loads(pickle.dumps(untouched)).size == image.size


def test_options_are_known_or_refused(tmp_path: Path) -> None:
    rows, columns = np.mgrid[:200, :300]
    image = Image.fromarray(np.stack([rows, columns % 256, rows ^ columns], 2).astype(np.uint8))
    image.save(tmp_path / "x.vlz", target_bytes=900)
    assert (tmp_path / "x.vlz").read_bytes() == vlae_codec.compress(image, target_bytes=900)
    for options in ({"qualtiy": 3}, {"optimize": True}, {"names": ["a"]}):
        with pytest.raises(ValueError, match="no option of .vlz files: " + next(iter(options))):
            image.save(tmp_path / "y.vlz", **options)
    with pytest.raises(ValueError, match="target_bytes"):
        image.save(tmp_path / "y.vlz", save_all=True, target_bytes=900)
    assert not (tmp_path / "y.vlz").exists()


def test_warnings_of_the_host_stay_as_they_are(digits: list[Path]) -> None:
    """Decoding in threads must not leave the filters of another thread behind."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        before = list(warnings.filters)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda path: vlae_codec.compress(path, "mnist", effort=1), digits * 4))
        assert list(warnings.filters) == before


def test_damaged_files_say_so(archive: Path, mnist: str, digits: list[Path], tmp_path: Path) -> None:
    one = vlae_codec.compress(digits[3], mnist)
    for data in (one[:5], one[:-1], bytes([*one[:-1], one[-1] ^ 1]), one + b"more"):
        with pytest.raises(FormatError) as caught:
            Image.open(io.BytesIO(data))
        assert isinstance(caught.value, UnidentifiedImageError) and isinstance(caught.value, OSError)
    whole = archive.read_bytes()
    with pytest.raises(FormatError):
        Image.open(io.BytesIO(whole[:12]))
    with Image.open(io.BytesIO(whole[:-1])) as image, pytest.raises(OSError, match="cut short"):
        image.load()
    with pytest.raises(UnidentifiedImageError):
        Image.open(io.BytesIO(b"Z\xd6" + one))


def test_unknown_model_is_named(model_name: str, user_models: Path) -> None:
    data = vlae_codec.compress(np.zeros((28, 28), np.uint8), model_name)
    (user_models / model_name).rename(user_models.parent / "moved-off")
    with pytest.raises(ModelError, match=data[3:6].hex()):
        Image.open(io.BytesIO(data))


def test_seed_and_limit(mnist: str, digits: list[Path], archive: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.vlz"
    path.write_bytes(vlae_codec.compress(digits[3], mnist))
    vlae_codec.register_vlz_opener(seed=3, max_pixels=784)
    with Image.open(path) as image:
        assert np.array_equal(np.asarray(image), np.asarray(vlae_codec.decompress(path, 3)))
    with pytest.raises(FormatError, match="announces 10 pictures"):
        Image.open(archive)


def test_long_headers_are_read_in_parts() -> None:
    from vlae_codec.container.archive import BITS_BACK, write_archive

    chunks = [bytes([number % 251 + 1]) * (number % 200) for number in range(9000)]
    whole = write_archive(BITS_BACK, bytes(32), 9000, 1, chunks)
    stream = io.BytesIO(whole)
    head = pillow_plugin.read_archive_head(stream.read(6), stream.read)
    assert whole.startswith(head) and len(head) < len(whole) / 2
    with pytest.raises(FormatError):
        pillow_plugin.read_archive_head(whole[:6], io.BytesIO(whole[6:3000]).read)
