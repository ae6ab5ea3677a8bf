"""The limit of memory: as it is written, kept, refused in one line, and without effect on bytes; likewise threads."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from numpy.typing import NDArray
from PIL import Image

import vlae_codec
from vlae_codec import memory, parallel
from vlae_codec.errors import VlaeError
from vlae_codec.families import registry
from vlae_codec.families.page import codec as page_codec
from vlae_codec.families.photo import codec, cost
from vlae_codec.families.photo.model import PhotoModel
from vlae_codec.families.request import Rate
from vlae_codec.families.stored import codec as stored
from vlae_codec.io.images import Picture

MIB = 1 << 20


def scene(height: int, width: int) -> NDArray[np.uint8]:
    """Return waves of colour with grain."""
    rows, columns = np.mgrid[:height, :width]
    grain = np.random.default_rng(3).normal(0, 6, (height, width, 3))
    return np.asarray((128 + 60 * np.sin(rows / 9 + columns / 13)[:, :, None] + grain).clip(0, 255), np.uint8)


@pytest.mark.parametrize(
    ("text", "size"),
    [("800M", 800 * MIB), ("1.5G", 1536 * MIB), ("2gib", 2048 * MIB), ("64 MB", 64 * MIB), ("1000", 1000)],
)
def test_amounts_are_read_as_people_write_them(text: str, size: int) -> None:
    assert memory.parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "0", "M", "-5M", "1e9", "800 megabytes", "nan"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(VlaeError, match="no amount of memory"):
        memory.parse_bytes(text)


def test_a_limit_holds_within_its_block_and_none_changes_nothing() -> None:
    with memory.limited(memory.held() + 50 * MIB), memory.limited(None):
        memory.require(1 * MIB, "a little")
        with pytest.raises(VlaeError, match=r"too much takes \d+M of memory at the least, and \d+M are allowed"):
            memory.require(90 * MIB, "too much")
    memory.require(1 << 50, "anything")


def peak_of(work: Callable[[], object]) -> int:
    """Return the bytes that Python and numpy take at the most during some work."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("target", [None, 34_000])
def test_coding_takes_no_more_than_is_said(target: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "WORK", 56 * MIB)  # what is left is of libraries, which take theirs unseen
    info = registry.find_model("photo")
    model = registry.load(info, PhotoModel)
    picture = Picture(scene(576, 768))
    with parallel.limited(1):
        said = cost.encoding_bytes(model, picture.size, 1 if target is None else 2)
        files: list[bytes] = []
        taken = peak_of(lambda: files.append(codec.compress(picture, info, Rate(target_bytes=target)).data))
        assert 0.4 * said < taken < said
        said = cost.decoding_bytes(model, picture.size)
        assert 0.4 * said < peak_of(lambda: codec.decompress(files[0])) < said


def test_pages_take_no_more_than_is_said() -> None:
    rows, columns = np.mgrid[:600, :800]
    page = Picture(np.where(np.sin(rows / 7) + np.cos(columns / 5) > 0.8, np.uint8(0), np.uint8(255)))
    info, files = registry.find_model("page"), list[bytes]()
    page_codec.compress(Picture(page.pixels[:40, :40]), info)  # loads the model
    taken = peak_of(lambda: files.append(page_codec.compress(page, info).data))
    shown = peak_of(lambda: page_codec.decompress(files[0]))
    for peak, each in ((taken, page_codec.ENCODING), (shown, page_codec.DECODING)):
        said = page_codec.WORK + each * page.pixels.size
        assert 0.4 * said < peak < said
    with pytest.raises(VlaeError, match="at the least"):
        vlae_codec.compress(page.pixels, "page", max_memory=memory.held() + MIB)
    with pytest.raises(VlaeError, match="at the least"):
        vlae_codec.decompress(files[0], max_memory=memory.held() + MIB)


def test_what_does_not_fit_is_refused_and_what_fits_has_the_same_bytes() -> None:
    picture = scene(60, 80)
    data = vlae_codec.compress(picture, "photo")
    plenty = memory.held() + 400 * MIB
    assert vlae_codec.compress(picture, "photo", max_memory=plenty) == data
    np.testing.assert_array_equal(
        vlae_codec.decompress_array(data, max_memory=plenty), vlae_codec.decompress_array(data)
    )
    exact = vlae_codec.compress(picture, lossless=True)
    for one in (data, exact):
        with pytest.raises(VlaeError, match="at the least"):
            vlae_codec.decompress(one, max_memory=memory.held() // 2)
    for options in ({}, {"lossless": True}, {"model": "photo-exact"}):
        with pytest.raises(VlaeError, match="at the least"):
            vlae_codec.compress(picture, max_memory=memory.held() // 2, **options)


def test_where_no_exact_file_can_be_tried_a_lossy_one_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = np.repeat(np.repeat(scene(20, 25) // 64 * 64, 16, 0), 16, 1)  # which is drawn: kept exactly, or nearly so
    assert vlae_codec.inspect(vlae_codec.compress(steps)).model == "stored"
    lossy = vlae_codec.compress(steps, "photo")
    monkeypatch.setattr(memory, "held", lambda: 0)
    monkeypatch.setattr(stored, "ENCODING", 10**6)
    assert vlae_codec.compress(steps, max_memory=400 * MIB) == lossy
    with pytest.raises(VlaeError, match="at the least"):
        vlae_codec.compress(steps, lossless=True, max_memory=400 * MIB)


def test_threads_change_no_byte() -> None:
    picture = scene(200, 900)
    found = []
    for count in (1, 3):
        with parallel.limited(count):
            assert parallel.threads() == count
            data = vlae_codec.compress(picture, "photo", quality=60)
            found.append((data, vlae_codec.decompress(data).tobytes()))
    assert found[0] == found[1]


def test_commands_take_both_options(tmp_path: Path, run: Callable[..., Result]) -> None:
    Image.fromarray(scene(120, 90)).save(tmp_path / "a.png")
    made = [tmp_path / f"{name}.vlz" for name in "ab"]
    for target, options in zip(made, ([], ["--threads", 3, "--max-memory", "2G"]), strict=True):
        assert run("compress", tmp_path / "a.png", "-o", target, "-q", *options).exit_code == 0
    assert made[0].read_bytes() == made[1].read_bytes()
    refused = run("decompress", made[0], "-o", tmp_path / "b.png", "--max-memory", "20M")
    assert refused.exit_code == 1 and refused.stderr.count("\n") == 1 and "20M are allowed" in refused.stderr
    assert not (tmp_path / "b.png").exists()
    assert run("compress", tmp_path / "a.png", "--max-memory", "lots").exit_code == 2
    assert run("compress", tmp_path / "a.png", "--threads", 2, "--device", "cuda").exit_code == 2
    assert parallel.threads() == parallel.cores() and memory.allowed() is None


def test_processes_share_the_memory(
    tmp_path: Path, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "held", lambda: 10 * MIB)  # of this process, which has imported all kinds of things
    for name in "ab":
        Image.fromarray(scene(120, 90)).save(tmp_path / f"{name}.png")
    inputs = tmp_path / "a.png", tmp_path / "b.png"
    share = 60  # half of it is too little for any process
    refused = run("compress", *inputs, "--output-dir", tmp_path / "out", "-j", 2, "--max-memory", f"{share}M")
    assert refused.exit_code == 1 and refused.stderr.count(f"{share // 2}M are allowed") == 2
