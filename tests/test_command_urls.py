"""`vlae-compress`, `vlae-compare` and others read URLs of any file system, or say in one line why not."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from PIL import Image

import vlae_codec
from benchmarks.range_server import Server, serving

pytest.importorskip("fsspec")
pytest.importorskip("aiohttp")

Run = Callable[..., Result]
GONE = "http://127.0.0.1:9"
"""A port where nothing answers."""


@pytest.fixture
def frames(digits: list[Path]) -> bytes:
    """A document of three digits."""
    pages = [Image.open(digit) for digit in digits[:3]]
    stream = io.BytesIO()
    pages[0].save(stream, "TIFF", save_all=True, append_images=pages[1:])
    return stream.getvalue()


@pytest.fixture
def server(
    digits: list[Path], frames: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Server]:
    """A server of three digits, a document and a stack; commands run in an empty folder."""
    stack = io.BytesIO()
    np.save(stack, np.zeros((4, 28, 28), np.uint8))
    content = {f"/{digit.name}": digit.read_bytes() for digit in digits[:3]}
    content |= {"/pages.tif": frames, "/stack.npy": stack.getvalue(), "/empty.png": b""}
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with serving(content, ranges=getattr(request, "param", True), forbidden=frozenset({"/secret.png"})) as found:
        yield found


@pytest.mark.parametrize("server", [True, False], indirect=True, ids=["ranges", "no ranges"])
def test_compress_there_and_back(run: Run, server: Server, digits: list[Path]) -> None:
    result = run("compress", f"{server.url}/2.png", "--effort", 1, "--json")
    assert result.exit_code == 0, result.stderr
    data = Path("2.vlz").read_bytes()
    assert data == vlae_codec.compress(digits[2], effort=1)
    server.content = {"/2.vlz": data, **server.content}
    assert run("decompress", f"{server.url}/2.vlz", "-o", "again.png").exit_code == 0
    assert np.array_equal(np.asarray(Image.open("again.png")), np.asarray(vlae_codec.decompress(data)))
    found = json.loads(run("compare", f"{server.url}/2.png", f"{server.url}/2.vlz", "--json").stdout)
    assert found == json.loads(run("compare", digits[2], "2.vlz", "--json").stdout) | {
        "original": f"{server.url}/2.png", "other": f"{server.url}/2.vlz"
    }  # fmt: skip


def test_many_urls(run: Run, server: Server, digits: list[Path]) -> None:
    urls, plain = [f"{server.url}/{number}.png" for number in range(3)], ("-m", "mnist", "--effort", 1)
    assert run("compress", *urls, *plain, "-o", "out/").exit_code == 0
    assert Path("out/1.vlz").read_bytes() == vlae_codec.compress(digits[1], "mnist", effort=1)
    assert run("compress", *urls, f"{server.url}/stack.npy", *plain, "-o", "set.vlz").exit_code == 0
    assert vlae_codec.inspect("set.vlz").images == 7
    assert run("compress", f"{server.url}/pages.tif", "--all-frames", *plain).exit_code == 0
    assert sorted(path.name for path in Path().glob("pages*")) == [f"pages-000{number}.vlz" for number in range(3)]


def test_files_and_memory(run: Run, server: Server, digits: list[Path]) -> None:
    import fsspec

    fsspec.filesystem("memory").pipe_file("/bucket/three.png", digits[3].read_bytes())
    assert run("compress", "memory://bucket/three.png", f"file://{digits[3]}", "--effort", 1).exit_code == 0
    assert Path("three.vlz").read_bytes() == Path("3.vlz").read_bytes() == vlae_codec.compress(digits[3], effort=1)
    assert "no difference" in run("compare", "memory://bucket/three.png", digits[3]).stdout


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("SERVER/gone.png", "SERVER/gone.png: No such file or directory"),
        ("SERVER/secret.png", "cannot be reached: 403"),
        ("SERVER/empty.png", "the file is empty"),
        (f"{GONE}/x.png", "cannot be reached: Cannot connect to host"),
        ("memory://bucket/gone.png", "memory://bucket/gone.png: No such file or directory"),
        ("nosuch://bucket/x.png", "pip install 'vlae-codec[collections]'"),
        ("http://", "a URL that ends without a name"),
    ],
)
def test_what_cannot_be_read_is_one_line(run: Run, server: Server, digits: list[Path], url: str, says: str) -> None:
    url, says = url.replace("SERVER", server.url), says.replace("SERVER", server.url)
    result = run("compress", url)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1), result.stderr
    assert says in result.stderr
    result = run("compare", digits[0], url)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1), result.stderr
    assert list(Path().iterdir()) == []


def test_one_bad_url_does_not_stop_the_others(run: Run, server: Server) -> None:
    result = run("compress", f"{server.url}/gone.png", f"{server.url}/1.png", "--effort", 1, "-o", "out/")
    assert result.exit_code == 1 and "1 of 2 inputs failed" in result.stderr
    assert [path.name for path in Path("out").iterdir()] == ["1.vlz"]


def test_without_fsspec(run: Run, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    for command in ("compress", "decompress", "info"):
        result = run(command, f"{server.url}/2.png")
        assert (result.exit_code, result.stderr.count("\n")) == (1, 1), result.stderr
        assert "pip install 'vlae-codec[collections]'" in result.stderr


def test_outputs_are_local(run: Run, digits: list[Path]) -> None:
    for where in (("-o", "memory://bucket/x.vlz"), ("--output-dir", "memory://bucket/")):
        result = run("compress", digits[0], *where)
        assert result.exit_code == 2 and "outputs are local files" in result.stderr
