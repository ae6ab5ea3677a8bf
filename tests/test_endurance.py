"""Files survive what happens to programs: kills, crowds of threads and processes, and long runs."""

from __future__ import annotations

import gc
import os
import resource
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import vlae_codec
from benchmarks.small_model import write_small_model
from benchmarks.small_photo_model import write_small_photo_model
from vlae_codec.errors import VlaeError
from vlae_codec.io import files

CYCLES = 400
WRITER = """
import os, resource, signal, sys
from pathlib import Path
from vlae_codec.io.files import write_whole

target, last, most = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
steps = 0

def count(event, arguments):
    global steps
    if steps >= 0 and event != "os.kill":
        steps += 1
        os.write(1, event.encode() + b"\\n")
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)

if most:
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # which kills, as far as the file has come
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
sys.addaudithook(count)
write_whole(target, b"new" * 100_000)
steps = -1
"""


@pytest.fixture
def small(user_models: Path) -> str:
    """A small model, installed; beside it lies a small one of colour, "small-photo"."""
    write_small_model(user_models / "small")
    write_small_photo_model(user_models / "small-photo")
    return "small"


def pictures(count: int, seed: int = 1) -> NDArray[np.bool_]:
    return np.random.default_rng(seed).random((count, 8, 8)) < 0.3


def photographs(count: int) -> list[NDArray[np.uint8]]:
    """Colour pictures of a few pixels, of several sizes."""
    rng = np.random.default_rng(7)
    return [rng.integers(0, 256, (1 + number % 3, 2 + number % 4, 3)).astype(np.uint8) for number in range(count)]


def write_and_die(target: Path, last: int, most: int = 0) -> tuple[int, list[str]]:
    """Replace a file in a process that is killed at a step, or so many bytes into the file; its end and its steps.

    Steps are the events that Python announces before it asks the system for something: opening, renaming and so on.
    """
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    call = [sys.executable, "-c", WRITER, str(target), str(last), str(most)]
    done = subprocess.run(call, env=environment, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout.split()


def test_killed_while_writing(tmp_path: Path) -> None:
    target = tmp_path / "x.vlz"
    old, new = b"old" * 70_000, b"new" * 100_000
    target.write_bytes(old)
    code, steps = write_and_die(target, 0)
    assert (code, target.read_bytes()) == (0, new)
    assert {"open", "os.rename"} <= set(steps)
    for last in range(1, len(steps) + 1):
        target.write_bytes(old)
        code, done = write_and_die(target, last)
        assert code == -signal.SIGKILL and done == steps[:last]
        renamed = "os.rename" in done[:-1]
        assert target.read_bytes() == (new if renamed else old)
        left = [path for path in tmp_path.iterdir() if path != target]
        assert len(left) == 0 if renamed else len(left) == 1 if done[-1] == "os.rename" else len(left) <= 1
        for path in left:
            assert path.name.startswith(".vlae-")
            path.unlink()


@pytest.mark.parametrize("most", [1, 4096, 299_999])
def test_killed_in_the_middle_of_the_bytes(tmp_path: Path, most: int) -> None:
    target = tmp_path / "x.vlz"
    target.write_bytes(b"old")
    code, steps = write_and_die(target, 0, most)
    assert code == -signal.SIGXFSZ and "os.rename" not in steps
    assert target.read_bytes() == b"old"
    (left,) = (path for path in tmp_path.iterdir() if path != target)
    assert left.stat().st_size == most


def test_many_threads_one_target(tmp_path: Path) -> None:
    target = tmp_path / "x.vlz"
    contents = [bytes([number]) * 50_000 for number in range(32)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda data: files.write_whole(target, data), contents))
    assert target.read_bytes() in contents
    assert os.listdir(tmp_path) == ["x.vlz"]


def test_threads_give_what_one_gives(small: str) -> None:
    many = pictures(24)
    alone = [vlae_codec.compress(one, small, lossless=True, effort=1) for one in many]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda one: vlae_codec.compress(one, small, lossless=True, effort=1), many))
        drawn = list(pool.map(vlae_codec.decompress, together))
    assert together == alone
    assert all(np.array_equal(np.asarray(one), other) for one, other in zip(drawn, many, strict=True))


def test_threads_give_what_one_gives_of_photographs(small: str) -> None:
    many = photographs(12)
    alone = [_compress_photograph(one) for one in many]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(_compress_photograph, many))
        drawn = list(pool.map(vlae_codec.decompress, together))
    assert together == alone
    assert all(np.array_equal(np.asarray(one), other) for one, other in zip(drawn, many, strict=True))


def test_processes_give_what_one_gives(small: str) -> None:
    many = list(pictures(6))
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        together = list(pool.map(_compress, many))
        colourful = list(pool.map(_compress_photograph, photographs(4)))
    assert together == [_compress(one) for one in many]
    assert colourful == [_compress_photograph(one) for one in photographs(4)]


def _compress_photograph(picture: NDArray[np.uint8]) -> bytes:
    return vlae_codec.compress(picture, "small-photo", lossless=True)


def _compress(picture: NDArray[np.bool_]) -> bytes:
    return vlae_codec.compress(picture, "small")


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    code = (
        "import resource, signal, sys; from pathlib import Path; from vlae_codec.io.files import write_whole\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: write_whole(Path(sys.argv[1]) / 'x.vlz', bytes(5000))\n"
        "except ValueError as error: print(error)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    call = [sys.executable, "-c", code, str(tmp_path)]
    told = subprocess.run(call, env=environment, capture_output=True, text=True, check=True).stdout
    assert told == f"{tmp_path}/x.vlz cannot be written: File too large\n"
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(VlaeError, match="cannot be written"):
        files.write_whole(tmp_path / "file" / "x.vlz", b"data")


@pytest.mark.slow
def test_hundreds_of_cycles_grow_nothing(small: str, tmp_path: Path) -> None:
    colourful, path = photographs(1)[0], tmp_path / "set.vlz"

    def cycle(number: int) -> None:
        many = pictures(1 if number % 10 else 6)  # batches take most of the time, and grow as fast
        files.write_whole(path, vlae_codec.compress_many(many, small, lossless=True, effort=1))
        assert sum(1 for _ in vlae_codec.decompress_many(path)) == len(many)
        files.write_whole(path, _compress_photograph(colourful))
        assert np.array_equal(np.asarray(vlae_codec.decompress(path)), colourful)

    def held() -> tuple[int, int]:
        gc.collect()
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, len(os.listdir("/proc/self/fd"))

    for number in range(CYCLES // 10):
        cycle(number)
    memory, handles = held()
    for number in range(CYCLES // 10, CYCLES):
        cycle(number)
    assert held()[0] - memory < 4 * 1024  # KiB of the peak
    assert held()[1] == handles
