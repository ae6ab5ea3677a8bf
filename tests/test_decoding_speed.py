from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_models import tiny_model

from benchmarks import decoding_speed, results
from benchmarks.decoding_speed import (
    Book,
    Checked,
    digit_multiplications,
    digits,
    photographs,
    ratios,
)
from benchmarks.random_net import multiplications
from benchmarks.tables import decoding, gpu_decoding
from vlae_codec.autoregressive import engine
from vlae_codec.errors import VlaeError
from vlae_codec.parallel import cores


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Book:
    def store(name: str, data: Any) -> Path:
        return results.write_result(name, data, tmp_path)

    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(decoding_speed, "write_result", store)
    monkeypatch.setattr(decoding_speed, "ONCE", 0.0)
    monkeypatch.setattr(decoding_speed, "RASTER_PIXELS", 100)
    monkeypatch.setattr(decoding_speed, "PLAIN_PIXELS", 100)
    monkeypatch.setattr(decoding_speed, "open_model", lambda name, device="cpu": tiny_model(device=device))
    monkeypatch.setattr(engine, "Workspace", decoding_speed.Timed)
    return Book({}, 1e9, {})


def test_rows_are_measured_once_and_stored(book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digits(book, "tiny", ["numpy", "torch"], (1, 2))
    photographs(book, ["numpy", "torch"], ((12, 20),))
    assert len(book.rows) == 11
    for name, row in book.rows.items():
        assert row["over_floor"] > 0
        assert name.endswith("plain") or 0 < row["network_share"] < 1
    assert book.rows["12x20, numpy, raster"]["share"] == 5 / 12
    stored = results.read_result("decoding_speed", tmp_path)
    assert stored is not None and stored["rows"] == book.rows
    figures = stored["figures"]["default"]
    assert figures["raster_over_wavefront_one_digit"] > 1 and figures["plain_over_wavefront_one_digit"] > 1
    assert figures["seconds_1024x1024"] is None

    page = "\n".join(decoding(tmp_path))
    assert "12x20, numpy, raster (scaled from 41.7 % of it)" in page

    digits(book, "tiny", ["numpy"], (40,))
    row = book.rows["digits 40, numpy, wavefront"]
    assert row["threads"] == min(cores(), 3) and 0 < row["network_share"] < 1

    before = {name: dict(row) for name, row in book.rows.items()}
    digits(book, "tiny", ["numpy"], (1, 2))
    assert book.rows == before


def test_a_gpu_stands_beside_the_cpu_of_its_machine(book: Book, tmp_path: Path) -> None:
    book.raster = False
    assert book.orders("numpy", plain=True) == ("wavefront",)
    digits(book, "tiny", ["numpy"], (1,))
    name = "digits 1, numpy, wavefront"
    assert list(book.rows) == [name]
    rows = {name: {"seconds": 3.0}, "digits 1, cuda, wavefront": {"seconds": 0.5}}
    results.write_result("decoding_speed-gpu", {"gpu": "a GPU", "rows": rows}, tmp_path)
    lines = gpu_decoding(tmp_path)
    assert "a GPU" in lines[0] and lines[-1] == "| digits 1 | 3 | 0.5 | 6.0 |"
    assert not gpu_decoding(tmp_path / "none")


def test_other_pixels_are_noticed() -> None:
    pictures = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    checked = Checked()
    checked(lambda: pictures)
    checked(lambda: pictures[:1, :2])
    with pytest.raises(VlaeError, match="different pixels"):
        checked(lambda: pictures + 1)


def test_operations_of_a_digit() -> None:
    """All layers of the tiny model's decoder, counted by hand."""
    per_place = {49: 16 * 8 + 4 * 9 * 8 * 8 + 8 * 32, 196: 2 * 9 * 8 * 8 + 9 * 8 * 16, 1: 16 * 16 + 16 * 784}
    local = 784 * ((6 + 4) * 8 + 4 * 8 * 8 + 8)
    assert multiplications(tiny_model().local_net) == local / 784
    assert digit_multiplications(tiny_model()) == local + sum(places * each for places, each in per_place.items())


def test_nothing_is_claimed_of_what_was_not_measured() -> None:
    assert set(ratios({}).values()) == {None}
