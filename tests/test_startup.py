"""Commands whose standard streams are closed or cannot hold a name, signals that end them, numbers that are none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from PIL import Image

import vlae_codec
from vlae_cli.startup import signals_held
from vlae_codec.errors import VlaeError

Run = Callable[..., Result]


def shell(line: str, *arguments: object, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of sh in which "$@" is a command of this checkout."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))} | variables
    call = ["sh", "-c", line, "sh", sys.executable, "-m", "vlae_cli", *map(str, arguments)]
    return subprocess.run(call, env=environment, capture_output=True, timeout=120)


@pytest.fixture
def packed(mnist: str, digits: list[Path], tmp_path: Path) -> Path:
    """A file of a digit."""
    path = tmp_path / "x.vlz"
    path.write_bytes(vlae_codec.compress(digits[3], mnist, effort=1))
    return path


@pytest.mark.parametrize("closed", [">&-", ">&- 2>&- <&-"])
@pytest.mark.parametrize("command", ["info", "decompress", "--version", "completion"])
def test_closed_streams(packed: Path, tmp_path: Path, closed: str, command: str) -> None:
    rest: dict[str, list[object]] = {"info": [packed], "decompress": [packed, "--json"], "completion": ["bash"]}
    done = shell(f'"$@" {closed}', command, *rest.get(command, []))
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "x.png").exists() == (command == "decompress")


def test_results_and_inputs_need_their_streams(packed: Path, digits: list[Path]) -> None:
    for line, arguments, word in (
        ('"$@" >&-', ["compress", digits[3], "-c", "-q"], b"output is closed"),
        ('"$@" >&-', ["decompress", packed, "-c"], b"output is closed"),
        ('"$@" <&-', ["compress", "-", "-c"], b"input is closed"),
        ('"$@" <&-', ["info", "-"], b"input is closed"),
    ):
        done = shell(line, *arguments)
        assert done.returncode == 1
        assert word in done.stderr and len(done.stderr.splitlines()) == 1
    assert shell('"$@" 2>&-', "info", "none").returncode == 1


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8"])
@pytest.mark.parametrize("name", ["caf\u00e9-\u0416.png", os.fsdecode(b"caf\xe9.png")])
def test_names_that_a_stream_cannot_hold(digits: list[Path], tmp_path: Path, encoding: str, name: str) -> None:
    try:
        digits[3].rename(tmp_path / name)
    except OSError:
        pytest.skip("this file system holds no such names")
    done = shell('"$@"', "compress", tmp_path / name, "-m", "mnist", "-v", PYTHONIOENCODING=encoding)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr
    assert (tmp_path / name).with_suffix(".vlz").exists()
    done = shell('"$@"', "info", (tmp_path / name).with_suffix(".vlz"), PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    done = shell('"$@"', "info", tmp_path / name, PYTHONIOENCODING=encoding)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)


def children(parent: int) -> set[int]:
    """Processes whose parent is this one, by Linux's /proc."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.add(int(status.parent.name))
    return found


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="Windows has no signal masks")
def test_signals_wait_while_processes_start() -> None:
    sleeper = [sys.executable, "-c", "print(flush=True); input()"]
    started = []

    def start() -> None:
        with signals_held():
            os.kill(os.getpid(), signal.SIGINT)
            started.append(subprocess.Popen(sleeper, stdin=subprocess.PIPE, stdout=subprocess.PIPE))

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
    try:
        with pytest.raises(KeyboardInterrupt):
            start()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    (child,) = started
    assert child.stdout and child.stdout.readline() == b"\n"
    child.send_signal(signal.SIGINT)  # as from a terminal
    child.communicate(b"\n", timeout=60)
    assert child.returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_end_of_a_command_ends_its_processes(mnist: str, tmp_path: Path, number: signal.Signals) -> None:
    rng = np.random.default_rng(0)
    for name in range(60):
        Image.fromarray(255 * (rng.random((28, 28)) < 0.2).astype(np.uint8)).save(tmp_path / f"{name}.png")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    call = [
        sys.executable,
        "-m",
        "vlae_cli",
        "compress",
        *tmp_path.glob("*.png"),
        "-m",
        mnist,
        "--effort",
        "8",
        "-j",
        "2",
    ]
    out = tmp_path / "out"
    started = subprocess.Popen([*map(str, call), "-o", str(out)], env=environment)
    deadline = time.monotonic() + 120
    while not list(out.glob("*.vlz")) and time.monotonic() < deadline:
        time.sleep(0.05)
    workers = children(started.pid)
    assert workers
    started.send_signal(number)
    assert started.wait(60) == (143 if number == signal.SIGTERM else -number)
    while any(map(is_running, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_running, workers))
    written = sorted(out.iterdir())
    assert 0 < len(written) < 60
    for path in written:
        assert path.suffix == ".vlz"
        vlae_codec.inspect(path)


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "NaN", "1e999"])
@pytest.mark.parametrize(
    ("command", "option"),
    [("compress", "--quality"), ("compress", "--target-bpp"), ("decompress", "--temperature"), ("compare", "--gain")],
)
def test_what_is_no_finite_number_is_wrong_usage(run: Run, command: str, option: str, number: str) -> None:
    result = run(command, "a", *["b"][: command == "compare"], option, number)
    assert result.exit_code == 2 and "finite" in result.stderr


def test_the_api_refuses_them_too(digits: list[Path], packed: Path) -> None:
    for number in (float("nan"), float("inf")):
        with pytest.raises(VlaeError):
            vlae_codec.compress(digits[3], quality=number)
        with pytest.raises(VlaeError):
            vlae_codec.decompress(packed, temperature=number)


@pytest.mark.parametrize("command", ["compress", "decompress", "info"])
def test_help_imports_nothing_slow(command: str) -> None:
    code = (
        f"import sys\nfrom vlae_cli.{command} import main\nmain(['--help'], standalone_mode=False)\n"
        "slow = {'numpy', 'PIL', 'constriction', 'multiprocessing', 'logging', 'tqdm', 'torch', 'vlae_codec.api'}\n"
        "sys.exit(' '.join(slow & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "Usage" in done.stdout and done.stderr.strip() == ""


def test_a_command_that_is_run_as_a_file_says_how_it_is_run() -> None:
    call = [sys.executable, "-m", "vlae_cli.info", "a.vlz"]
    found = subprocess.run(call, capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert "python -m vlae_cli NAME" in found.stderr
