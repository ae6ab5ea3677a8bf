"""One picture of a large collection over HTTP: a few range requests, not the file; and imageio by Pillow's plugin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import vlae_codec
from benchmarks.range_server import serving
from vlae_codec.collections import Collection
from vlae_codec.container.collection import PAGE, write_part
from vlae_codec.container.header import write_container
from vlae_codec.errors import VlaeError


def test_ranges() -> None:
    pytest.importorskip("fsspec")
    pytest.importorskip("aiohttp")
    files = [write_container(0, bytes(32), (number % 65_536).to_bytes(2, "big") * 20) for number in range(60 * PAGE)]
    data = write_part([(f"{number}.png", one) for number, one in enumerate(files)])
    with serving({"/set.vlz": data}) as server:
        collection = Collection(f"{server.url}/set.vlz")
        assert collection.file(34_567)[:2] == ("34567.png", files[34_567])
    assert len(server.sent) <= 6
    assert sum(server.sent) < 100_000 < len(data) / 20


def test_a_server_without_ranges() -> None:
    pytest.importorskip("fsspec")
    pytest.importorskip("aiohttp")
    data = write_part([("a.png", write_container(0, bytes(32), bytes(20)))])
    with serving({"/set.vlz": data}, ranges=False) as server, pytest.raises(VlaeError, match="does not send parts"):
        Collection(f"{server.url}/set.vlz")


def test_imageio(tmp_path: Path) -> None:
    imageio = pytest.importorskip("imageio.v3")
    vlae_codec.register_vlz_opener()
    picture = np.zeros((20, 30, 3), np.uint8)
    picture[..., 0] = 8 * np.arange(30)
    imageio.imwrite(tmp_path / "x.vlz", picture, plugin="pillow", extension=".vlz", lossless=True)
    assert np.array_equal(imageio.imread(tmp_path / "x.vlz"), picture)
