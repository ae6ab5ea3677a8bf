"""One picture of a large collection over HTTP: a few range requests, not the file; and imageio by Pillow's plugin."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

import vlae_codec
from vlae_codec.collections import Collection
from vlae_codec.container.collection import PAGE, write_part
from vlae_codec.container.header import write_container

SENT: list[int] = []
CONTENT: dict[str, bytes] = {}


class Ranges(BaseHTTPRequestHandler):
    """A server that knows ranges, and counts what it sends."""

    def do_HEAD(self) -> None:
        self._answer(False)

    def do_GET(self) -> None:
        self._answer(True)

    def _answer(self, body: bool) -> None:
        data = CONTENT[self.path]
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        start, end = (int(wanted[1]), min(len(data), int(wanted[2]) + 1)) if wanted else (0, len(data))
        self.send_response(206 if wanted else 200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(end - start))
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(data)}")
        self.end_headers()
        if body:
            SENT.append(end - start)
            self.wfile.write(data[start:end])

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Ranges) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{found.server_port}"
        found.shutdown()


def test_ranges(server: str) -> None:
    pytest.importorskip("fsspec")
    pytest.importorskip("aiohttp")
    files = [write_container(0, bytes(32), (number % 65_536).to_bytes(2, "big") * 20) for number in range(60 * PAGE)]
    CONTENT["/set.vlz"] = write_part([(f"{number}.png", data) for number, data in enumerate(files)])
    SENT.clear()
    collection = Collection(f"{server}/set.vlz")
    assert collection.file(34_567)[:2] == ("34567.png", files[34_567])
    assert len(SENT) <= 6
    assert sum(SENT) < 100_000 < len(CONTENT["/set.vlz"]) / 20


def test_imageio(tmp_path: Path) -> None:
    imageio = pytest.importorskip("imageio.v3")
    vlae_codec.register_vlz_opener()
    picture = np.zeros((20, 30, 3), np.uint8)
    picture[..., 0] = 8 * np.arange(30)
    imageio.imwrite(tmp_path / "x.vlz", picture, plugin="pillow", extension=".vlz", lossless=True)
    assert np.array_equal(imageio.imread(tmp_path / "x.vlz"), picture)
