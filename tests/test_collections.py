"""Collections: any picture by its number, parts that come together in any way, and damage that is told."""

from __future__ import annotations

import io
import os
import pickle
import struct
import zlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import vlae_codec
from vlae_codec.collections import Collection, append, encode_part, join, read_stream, recover
from vlae_codec.container.collection import FOOTER_SIZE, PAGE, check_path, write_part
from vlae_codec.container.header import write_container
from vlae_codec.errors import FormatError, ModelError, VlaeError

FINGERPRINT = bytes(range(7, 39))


def fake_file(number: int) -> bytes:
    return write_container(0, FINGERPRINT, number.to_bytes(1 + number % 7, "big", signed=False))


def part_of(start: int, stop: int, named: bool = True) -> bytes:
    return write_part([(f"{number}.png" if named else "", fake_file(number)) for number in range(start, stop)])


def same(found: Iterable[Any], expected: Iterable[Any]) -> bool:
    return all(np.array_equal(np.asarray(a), np.asarray(b)) for a, b in zip(found, expected, strict=True))


def files_of(collection: Collection) -> list[tuple[str, bytes]]:
    return [collection.file(number)[:2] for number in range(len(collection))]


@pytest.mark.parametrize("count", [0, 1, 5, 250])
@pytest.mark.parametrize("named", [True, False])
def test_every_record_comes_back(count: int, named: bool) -> None:
    files = [(f"{number}.png" if named else "", fake_file(number)) for number in range(count)]
    data = write_part(files)
    collection = Collection(data)
    assert (len(collection), collection.files) == (count, count)
    assert files_of(collection) == files == list(read_stream(io.BytesIO(data)))
    assert list(collection.names()) == [name for name, _ in files]
    assert collection.models() == ([FINGERPRINT[:3].hex()] if count else [])
    for number in (count, -count - 1):
        with pytest.raises(IndexError):
            collection.file(number)


def test_pages_are_crossed() -> None:
    files = [("", fake_file(number % 250)) for number in range(2 * PAGE + 3)]
    collection = Collection(write_part(files))
    for number in (0, PAGE - 1, PAGE, 2 * PAGE - 1, 2 * PAGE, 2 * PAGE + 2, -1):
        assert collection.file(number)[1] == files[number][1]


@settings(max_examples=30)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=6))
def test_parts_that_lie_behind_one_another_are_one_collection(sizes: list[int]) -> None:
    ends = np.cumsum([0, *sizes]).tolist()
    parts = [part_of(start, stop) for start, stop in zip(ends, ends[1:], strict=False)]
    whole = Collection(b"".join(parts))
    assert files_of(whole) == files_of(Collection(part_of(0, ends[-1])))
    assert [whole.find(name) for name in whole.names()] == list(range(ends[-1]))


def test_join_and_append(tmp_path: Path) -> None:
    one, grown, single = tmp_path / "one.vlz", tmp_path / "grown.vlz", tmp_path / "single.vlz"
    assert append(one, part_of(0, 30)) == 30
    before = one.read_bytes()
    assert append(one, part_of(30, 50)) == 50
    assert one.read_bytes().startswith(before)
    single.write_bytes(fake_file(50))
    assert join([one, single, part_of(51, 60)], grown) == 60
    found = Collection(grown)
    assert len(found.parts) == 1
    assert files_of(found)[:50] == files_of(Collection(one))
    assert found.file(50)[:2] == ("single.vlz", fake_file(50))
    assert found.file(59)[:2] == ("59.png", fake_file(59))
    assert list(found.names()) == [name for name, _ in read_stream(grown.open("rb"))]
    with pytest.raises(VlaeError, match="exists"):
        join([one], grown)
    assert join([grown, grown], grown, force=True) == 120
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grown.vlz", "one.vlz", "single.vlz"]


def test_a_large_index_goes_through_the_disk_and_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [part_of(start, start + 40) for start in range(0, 200, 40)] * 30
    join(parts, tmp_path / "memory.vlz")
    monkeypatch.setattr("vlae_codec.container.collection.SPOOL", 100)
    monkeypatch.setattr("vlae_codec.container.collection.PIECE", 77)
    join(parts, tmp_path / "disk.vlz")
    assert (tmp_path / "disk.vlz").read_bytes() == (tmp_path / "memory.vlz").read_bytes()
    assert len(Collection(tmp_path / "disk.vlz")) == 6000


def test_archives_count_with_all_their_pictures(digits: list[Path], mnist: str) -> None:
    lossless = vlae_codec.compress_many(digits[:5], mnist, lossless=True, binarise=True, effort=1)
    lossy = vlae_codec.compress_many(digits, mnist, effort=1)
    collection = Collection(write_part([("exact", lossless), ("one", vlae_codec.compress(digits[7])), ("", lossy)]))
    assert (len(collection), collection.files) == (16, 3)
    pictures = [*vlae_codec.decompress_many(lossless), vlae_codec.decompress(vlae_codec.compress(digits[7]))]
    pictures += vlae_codec.decompress_many(lossy)
    for number in (15, 0, 4, 5, 6, 10):
        assert np.array_equal(np.asarray(collection[number]), np.asarray(pictures[number])), number
    assert same(collection.decode(range(16)), pictures)
    assert same((pixels for _, pixels in collection.numbered()), pictures)
    striped = sorted([*collection.numbered(0, 2), *collection.numbered(1, 2)], key=lambda pair: pair[0])
    assert [number for number, _ in striped] == list(range(16))
    assert same((pixels for _, pixels in striped), pictures)
    assert same(collection.decode([15, 6, 7, 8, 15]), [pictures[number] for number in (15, 6, 7, 8, 15)])
    assert collection.file(4)[::2] == ("exact", 4)


def test_threads_share_a_collection(digits: list[Path], mnist: str) -> None:
    exact: dict[str, Any] = {"model": mnist, "lossless": True, "binarise": True, "effort": 1}
    halves = [vlae_codec.compress_many(some, **exact) for some in (digits[:5], digits[5:])]
    collection = Collection(write_part([("", half) for half in halves]))
    expected = [pixels for _, pixels in collection.numbered()]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda number: collection.decode([number])[0], [0, 5, 1, 6, 2, 7, 3, 8, 4, 9] * 3))
    assert same(found, [expected[number] for number in [0, 5, 1, 6, 2, 7, 3, 8, 4, 9] * 3])


def test_any_vlz_file_reads_as_a_collection(digits: list[Path], mnist: str, tmp_path: Path) -> None:
    path = tmp_path / "set.vlz"
    path.write_bytes(vlae_codec.compress_many(digits, mnist, lossless=True, binarise=True, effort=1))
    with Collection(path) as collection:
        assert (len(collection), collection.files, list(collection.names())) == (10, 1, [])
        assert same(collection, vlae_codec.decompress_many(path))


def test_encode_part_of_mixed_pictures(digits: list[Path]) -> None:
    photo = np.zeros((20, 30, 3), np.uint8)
    bad: list[tuple[int, str]] = []
    part = encode_part(
        [digits[0], photo, "missing.png", digits[1]],
        names=["a", "b", "c", "d"],
        failed=lambda number, error: bad.append((number, str(error))),
    )
    collection = Collection(part)
    assert [image.size for image in collection] == [(28, 28), (30, 20), (28, 28)]
    assert list(collection.names()) == ["a", "b", "d"]
    assert [number for number, _ in bad] == [2]
    with pytest.raises(FileNotFoundError):
        encode_part(["missing.png"])
    packed = encode_part(digits, pack=4, model="mnist", effort=1)
    assert (len(Collection(packed)), Collection(packed).files) == (10, 3)
    bad.clear()
    packed = encode_part(
        [*digits[:3], b"no picture", *digits[3:7], photo, None],
        names=[f"p/{number}" for number in range(10)], pack=4, effort=1, binarise=True, lossless=True,
        failed=lambda number, error: bad.append((number, str(error))),
    )  # fmt: skip
    assert (len(Collection(packed)), Collection(packed).files) == (7, 2)
    said = dict(bad)
    assert sorted(said) == [3, 8, 9] and "binarise" in said[8]


def test_files_with_metadata_of_16_bits_and_without_a_model(tmp_path: Path) -> None:
    flat, deep = np.full((20, 30, 3), 200, np.uint8), np.arange(600, dtype=np.uint16).reshape(20, 30) * 100
    image = Image.fromarray(flat)
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(tmp_path / "turned.png", exif=exif, dpi=(300, 300))
    every: list[Any] = [tmp_path / "turned.png", flat, deep]
    settings: list[dict[str, Any]] = [{"lossless": True}, {"lossless": True, "keep": "all"}, {"keep": "all"}, {}]
    for options in settings:
        given = every if "lossless" in options else every[:2]
        collection = Collection(encode_part(given, **options))
        files = [vlae_codec.compress(one, **options) for one in given]
        assert [data for _, data in files_of(collection)] == files
        assert same(collection.decode(range(len(given))), [vlae_codec.decompress_array(data) for data in files])
        assert {model for one in files for model in Collection(one).models()} == set(collection.models())


def test_it_travels(tmp_path: Path) -> None:
    path = tmp_path / "set.vlz"
    append(path, part_of(0, 20))
    for collection in (Collection(path), Collection(part_of(0, 20))):
        assert files_of(pickle.loads(pickle.dumps(collection))) == files_of(collection)
    collection = Collection(path)
    child = os.fork()
    if not child:
        os._exit(0 if all(collection.file(number)[1] == fake_file(number) for number in range(20)) else 1)
    assert all(collection.file(number)[1] == fake_file(number) for number in reversed(range(20)))
    assert os.waitpid(child, 0)[1] == 0


def test_urls_by_ranges(tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    assert join([part_of(0, 30), part_of(30, 60)], "memory://set/all.vlz") == 60
    with pytest.raises(VlaeError, match="exists"):
        join([part_of(0, 1)], "memory://set/all.vlz")
    assert files_of(Collection("memory://set/all.vlz")) == files_of(Collection(part_of(0, 60)))
    with fsspec.open("memory://set/all.vlz") as file:
        assert files_of(Collection(file)) == files_of(Collection(part_of(0, 60)))
    with pytest.raises(VlaeError, match="cannot be opened"):
        Collection("nosuch://x")


def test_a_pipe_is_read_as_a_stream(tmp_path: Path) -> None:
    data = part_of(0, 20) + part_of(20, 40)
    read, write = os.pipe()
    with os.fdopen(write, "wb") as file:
        file.write(data)
    with os.fdopen(read, "rb") as file:
        with pytest.raises(VlaeError, match="read_stream"):
            Collection(file)
        assert [found for _, found in read_stream(file)] == [fake_file(number) for number in range(40)]


def test_a_read_of_one_picture_is_three_small_reads() -> None:
    data, reads = write_part([("", fake_file(number % 250)) for number in range(100 * PAGE)]), list[int]()

    class Counting(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            reads.append(size or 0)
            return super().read(size)

    collection = Collection(Counting(data))
    reads.clear()
    assert collection.file(77_777)[1] == fake_file(77_777 % 250)
    assert len(reads) <= 3
    assert sum(reads) < 8192


@pytest.mark.parametrize("cut", [1, 7, FOOTER_SIZE, FOOTER_SIZE + 9, 100])
def test_a_half_written_part_is_told_and_mended(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "set.vlz"
    last = part_of(20, 40)
    path.write_bytes(part_of(0, 20) + last[:-cut])
    with pytest.raises(FormatError, match="no index at its end"):
        Collection(path)
    with pytest.raises(FormatError):
        append(path, part_of(40, 50))
    recover(path)
    found = files_of(Collection(path))
    assert found == files_of(Collection(part_of(0, 40)))[: len(found)]
    assert len(found) == 40
    assert path.with_name("set.vlz.lost").exists()
    assert recover(path) == 0
    assert not list(tmp_path.glob("*.lock"))


@pytest.mark.parametrize("back", [1, FOOTER_SIZE - 2, FOOTER_SIZE + 5, FOOTER_SIZE + 30, FOOTER_SIZE + 50])
def test_an_index_in_the_middle_is_built_anew(back: int, tmp_path: Path) -> None:
    path, first = tmp_path / "set.vlz", bytearray(part_of(0, 20))
    first[-back] ^= 64
    path.write_bytes(first + part_of(20, 40))
    assert recover(path) == 0
    assert files_of(Collection(path)) == files_of(Collection(part_of(0, 40)))
    assert [found.name for found in tmp_path.iterdir()] == ["set.vlz"]


def test_what_recovering_cuts_off_is_kept(tmp_path: Path) -> None:
    path, whole = tmp_path / "set.vlz", part_of(0, 40)
    damaged = whole[:100] + b"\xff" * 9 + whole[100:]
    path.write_bytes(damaged)
    lost = recover(path)
    assert lost > 0
    assert path.with_name("set.vlz.lost").read_bytes() == damaged[-lost:]


@pytest.mark.parametrize("length", range(27, 300, 7))
def test_whole_records_of_a_stopped_writer_are_saved(length: int, tmp_path: Path) -> None:
    path, part = tmp_path / "set.vlz", part_of(0, 40)
    path.write_bytes(part[:length])
    recover(path)
    found = files_of(Collection(path))
    assert found == files_of(Collection(part))[: len(found)]
    assert length - sum(len(name) + len(data) + 2 for name, data in found) < 40
    path.write_bytes(part[:20])
    with pytest.raises(FormatError, match="nothing in it is whole"):
        recover(path)


def test_two_writers(tmp_path: Path) -> None:
    path = tmp_path / "set.vlz"
    append(path, part_of(0, 20))
    before = path.read_bytes()
    (tmp_path / "set.vlz.lock").write_text("1234")
    calls: list[Callable[[], int]] = [
        lambda: append(path, part_of(0, 1)), lambda: join([path], path, force=True), lambda: recover(path)
    ]  # fmt: skip
    for write in calls:
        with pytest.raises(VlaeError, match=r"another writer \(process 1234\)"):
            write()
    assert path.read_bytes() == before


def test_a_full_disk_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "set.vlz"
    append(path, part_of(0, 20))
    before = path.read_bytes()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    calls: list[Callable[[], int]] = [
        lambda: append(path, part_of(0, 1)), lambda: join([path, path], path, force=True),
        lambda: join([path], tmp_path / "new.vlz"),
    ]  # fmt: skip
    for write in calls:
        with pytest.raises(VlaeError, match="cannot be written: No space left"):
            write()
        assert path.read_bytes() == before
        assert [found.name for found in tmp_path.iterdir()] == ["set.vlz"]


def test_an_interrupted_join_leaves_all_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "bad.vlz").write_bytes(part_of(0, 20)[:-1])
    with pytest.raises(FormatError, match=r"bad\.vlz: no index at its end"):
        join([part_of(0, 5), tmp_path / "bad.vlz"], tmp_path / "new.vlz")
    with pytest.raises(VlaeError, match=r"gone\.vlz: no such file"):
        join([tmp_path / "gone.vlz"], tmp_path / "new.vlz")
    assert [found.name for found in tmp_path.iterdir()] == ["bad.vlz"]


@settings(max_examples=400)
@given(st.integers(0, 10_000), st.integers(1, 255))
def test_damage_is_told_or_does_not_matter(place: int, flip: int) -> None:
    part = part_of(0, 30)
    data = bytearray(part * 2)
    data[place % len(data)] ^= flip
    try:
        collection = Collection(bytes(data))
        assert len(collection) == 60
        list(collection.names())
        for number in range(60):
            collection.file(number)
        list(read_stream(io.BytesIO(bytes(data))))
    except FormatError as error:
        assert "\n" not in str(error)


def read_all(data: bytes) -> None:
    collection = Collection(data)
    assert len(collection.models()) < 2
    list(collection.names())
    files_of(collection)


@settings(max_examples=300)
@given(st.integers(0, 35), st.integers(1, 255), st.booleans())
def test_footers_that_lie_under_a_right_checksum_are_told(place: int, flip: int, empty: bool) -> None:
    part = bytearray(part_of(0, 0 if empty else 30))
    footer = part[-FOOTER_SIZE:]
    footer[place] ^= flip
    pages, models = struct.unpack_from("<II", footer, 24)
    root = part[-FOOTER_SIZE - 40 * pages - 3 * models : -FOOTER_SIZE]
    if place < 32:
        footer[32:36] = zlib.crc32(root).to_bytes(4, "little")
    footer[36:40] = zlib.crc32(footer[:36]).to_bytes(4, "little")
    with pytest.raises(FormatError):
        read_all(bytes(part[:-FOOTER_SIZE] + footer))


def test_a_wrong_model_is_named() -> None:
    with pytest.raises(ModelError, match=FINGERPRINT[:3].hex()):
        Collection(part_of(0, 3))[0]


def test_other_readers_say_what_it_is() -> None:
    for read in (vlae_codec.decompress, vlae_codec.inspect):
        with pytest.raises(FormatError, match="a collection"):
            read(part_of(0, 3))


@pytest.mark.parametrize("name", ["/a", "a/../b", "..", "a//b", "a\\b", "a\nb", "x" * 1025, "\ud800"])
def test_names_that_lead_elsewhere(name: str) -> None:
    with pytest.raises(FormatError):
        check_path(name)
    with pytest.raises(FormatError):
        write_part([(name, fake_file(1))])


def test_functions_for_programs_take_urls(digits: list[Path]) -> None:
    fsspec = pytest.importorskip("fsspec")
    files = fsspec.filesystem("memory")
    files.pipe_file("/pictures/3.png", digits[3].read_bytes())
    data = vlae_codec.compress("memory://pictures/3.png")
    assert data == vlae_codec.compress(digits[3])
    files.pipe_file("/pictures/3.vlz", data)
    assert vlae_codec.inspect("memory://pictures/3.vlz").images == 1
    assert same([vlae_codec.decompress("memory://pictures/3.vlz")], [vlae_codec.decompress(data)])
    with pytest.raises(FileNotFoundError):
        vlae_codec.compress("memory://pictures/4.png")
