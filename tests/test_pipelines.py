"""The commands between other programs: streams, folders, processes, reports line by line, and outputs that fail."""

from __future__ import annotations

import json
import os
import shutil
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

Run = Callable[..., Result]


def process(
    *arguments: object, stdin: bytes = b"", stdout: int = subprocess.PIPE
) -> subprocess.CompletedProcess[bytes]:
    """A command as a process of its own that sees the packages as this one does."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    environment.pop("PYTHONUNBUFFERED", None)  # with a buffer, as users have it, failures of the output come late
    call = [sys.executable, "-m", "vlae_cli", *map(str, arguments)]
    return subprocess.run(call, input=stdin, stdout=stdout, stderr=subprocess.PIPE, env=environment, timeout=120)


@pytest.fixture
def tree(digits: list[Path], tmp_path: Path) -> Path:
    """A tree of folders: in/a.png, in/deep/down/b.PNG, a hidden file, a text file."""
    folder = tmp_path / "in"
    (folder / "deep" / "down").mkdir(parents=True)
    digits[1].rename(folder / "a.png")
    digits[2].rename(folder / "deep" / "down" / "b.PNG")
    digits[3].rename(folder / ".hidden.png")
    (folder / "deep" / "notes.txt").write_text("not a picture")
    return folder


def files_of(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_stdout_and_stdin(run: Run, mnist: str, digits: list[Path]) -> None:
    packed = run("compress", digits[3], "-c", "-m", mnist)
    assert packed.stdout_bytes == vlae_codec.compress(digits[3], mnist)
    drawn = run("decompress", "-", "-c", stdin=packed.stdout_bytes)
    assert drawn.stdout_bytes.startswith(b"\x89PNG")
    again = run("compress", "-", "-m", mnist, "--json", stdin=digits[3].read_bytes())
    assert again.stdout_bytes == packed.stdout_bytes
    assert json.loads(again.stderr)["totals"]["images"] == 1


def test_folders_are_mirrored(run: Run, model_name: str, tree: Path, tmp_path: Path) -> None:
    small, again = tmp_path / "small", tmp_path / "again"
    result = run("compress", "-r", tree, "--output-dir", small, "-m", model_name, "-q")
    assert (result.exit_code, result.output) == (0, "")
    assert files_of(small) == ["a.vlz", "deep/down/b.vlz"]
    assert run("decompress", "-r", small, "--output-dir", again).exit_code == 0
    assert files_of(again) == ["a.png", "deep/down/b.png"]
    assert run("compress", "-r", tree, "-m", model_name).exit_code == 0
    assert {"a.vlz", "deep/down/b.vlz"} < set(files_of(tree))


def test_several_folders_keep_their_names(run: Run, model_name: str, tree: Path, tmp_path: Path) -> None:
    result = run("compress", "-r", tree, tree / "deep", "--output-dir", tmp_path / "out", "-m", model_name)
    assert result.exit_code == 0
    assert files_of(tmp_path / "out") == ["deep/down/b.vlz", "in/a.vlz", "in/deep/down/b.vlz"]


def test_archives_in_a_tree(run: Run, mnist: str, tree: Path, tmp_path: Path) -> None:
    (tree / "deep" / "set.vlz").write_bytes(vlae_codec.compress_many([tree / "a.png"] * 2, mnist))
    (tree / "one.vlz").write_bytes(vlae_codec.compress(tree / "a.png", mnist))
    result = run("decompress", "-r", tree, "-o", tmp_path / "out", "--json-lines")
    assert files_of(tmp_path / "out") == ["deep/set/0000.png", "deep/set/0001.png", "one.png"]
    assert [json.loads(line)["model"] for line in result.stdout.splitlines()] == [mnist] * 2


def test_folder_without_pictures(run: Run, model_name: str, tmp_path: Path) -> None:
    result = run("compress", "-r", tmp_path, "-m", model_name)
    assert result.exit_code == 1
    assert "no files of a known kind" in result.stderr
    (tmp_path / "file").touch()
    assert "needs a folder" in run("compress", "-r", tmp_path, "-m", model_name, "-o", tmp_path / "file").stderr


def test_processes_give_what_one_gives(mnist: str, digits: list[Path], tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_text("no picture")
    inputs = [*digits[:4], tmp_path / "bad.png", *digits[4:6]]
    for jobs in (1, 2):
        done = process(
            "compress", *inputs, "-m", mnist, "--output-dir", tmp_path / str(jobs), "-j", jobs, "--json-lines"
        )
        assert done.returncode == 1
        assert done.stderr.decode().splitlines() == [
            f"python -m vlae_cli compress: {tmp_path}/bad.png: not an image, or of a format that Pillow does not read:"
            " give a PNG",
            "python -m vlae_cli compress: 1 of 7 inputs failed",
        ]
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert [line["input"] for line in lines] == [str(path) for path in inputs]
        assert "error" in lines[4]
    assert files_of(tmp_path / "1") == files_of(tmp_path / "2")
    for name in files_of(tmp_path / "1"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()
    done = process("decompress", "-r", tmp_path / "1", "--output-dir", tmp_path / "drawn", "-j", 2, "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert len(files_of(tmp_path / "drawn")) == 6


def test_json_lines_come_one_for_each_input(run: Run, model_name: str, digits: list[Path], tmp_path: Path) -> None:
    result = run("compress", *digits[:2], tmp_path / "none.png", "-m", model_name, "--json-lines")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["input"] for line in lines] == [str(path) for path in (*digits[:2], tmp_path / "none.png")]
    assert lines[0]["file_bytes"] == 11
    assert lines[2]["error"] == f"{tmp_path}/none.png: No such file or directory"
    archive = run("compress", *digits, "-o", tmp_path / "x.vlz", "-m", "mnist", "--json-lines")
    assert json.loads(archive.stdout)["images"] == 10


def test_quiet_and_verbose(run: Run, model_name: str, digits: list[Path]) -> None:
    quiet = run("compress", digits[0], "-m", model_name, "-q")
    assert (quiet.exit_code, quiet.output) == (0, "")
    loud = run("compress", digits[1], "-m", model_name, "-v")
    assert f"{digits[1]} -> {digits[1].with_suffix('.vlz')}" in loud.stderr


@pytest.mark.parametrize(
    "arguments",
    [["-c", "-o", "x"], ["-o", "x", "--output-dir", "y"], ["-q", "-v"], ["--json", "--json-lines"], ["-r", "-c"],
     ["-j", "0"], ["--max-pixels", "0"]],
)  # fmt: skip
def test_options_that_exclude_one_another(run: Run, arguments: list[str]) -> None:
    assert run("compress", "a.png", *arguments).exit_code == 2


def test_max_pixels(run: Run, mnist: str, digits: list[Path], tmp_path: Path) -> None:
    Image.new("L", (600, 600)).save(tmp_path / "large.png")
    result = run("compress", tmp_path / "large.png", "-m", mnist, "--fit", "--max-pixels", 1000)
    assert "600 x 600 is more than the 1000 pixels" in result.stderr
    set_ = tmp_path / "set.vlz"
    assert "--max-pixels" in run("compress", *digits, "-m", mnist, "-o", set_, "--max-pixels", 7839).stderr
    assert run("compress", *digits, "-m", mnist, "-o", set_, "--max-pixels", 7840).exit_code == 0
    result = run("decompress", set_, "-o", tmp_path / "out", "--max-pixels", 7839)
    assert (result.exit_code, (tmp_path / "out").exists()) == (1, False)
    assert "announces 10 pictures of 28 x 28 pixels, more than the 7839 allowed" in result.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(
    "command", [["compress", "-c"], ["compress", "-q", "-c"], ["info", "--json"], ["models", "list"]]
)
def test_full_disk_behind_stdout(mnist: str, digits: list[Path], tmp_path: Path, command: list[str]) -> None:
    path = tmp_path / "x.vlz"
    path.write_bytes(vlae_codec.compress(digits[3], mnist))
    source = {"compress": [digits[3]], "info": [path]}.get(command[0], [])
    with open("/dev/full", "wb") as full:
        done = process(*command, *source, stdout=full.fileno())
    assert done.returncode == 1
    assert b"No space left on device" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_reader_that_is_gone(mnist: str, digits: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "x.vlz"
    path.write_bytes(vlae_codec.compress(digits[3], mnist))
    for command in (["info", path], ["compress", digits[3], "-c", "-q"], ["completion", "bash"]):
        reader, writer = os.pipe()
        os.close(reader)
        done = process(*command, stdout=writer)
        os.close(writer)
        assert done.returncode == 1
        assert b"Broken pipe" in done.stderr
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
def test_interrupt_leaves_no_partial_file(mnist: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(40):
        bits = 255 * (rng.random((28, 28)) < 0.2).astype(np.uint8)
        Image.fromarray(bits).save(tmp_path / f"{number}.png")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    out = tmp_path / "out"
    call = [
        sys.executable,
        "-m",
        "vlae_cli",
        "compress",
        *map(str, tmp_path.glob("*.png")),
        "-o",
        str(out),
        "-m",
        mnist,
    ]
    for options in (["--effort", "8"], ["--effort", "8", "-j", "2"]):
        started = subprocess.Popen(
            [*call, *options],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # ignored in the background
        )
        while not out.exists() and started.poll() is None:  # made right before the work
            time.sleep(0.01)
        started.send_signal(signal.SIGINT)
        _, told = started.communicate(timeout=60)
        assert started.returncode == 130, told
        assert told.decode().splitlines() == ["python -m vlae_cli compress: interrupted; nothing was left half-written"]
        for path in out.rglob("*"):
            assert path.suffix == ".vlz"
            vlae_codec.inspect(path)
        shutil.rmtree(out)


def test_no_colours_without_a_terminal(run: Run, tmp_path: Path) -> None:
    assert "\x1b" not in run("info", tmp_path / "none").stderr


@pytest.mark.parametrize("no_color", ["", "1"])
def test_colour_on_a_terminal(tmp_path: Path, no_color: str) -> None:
    pty = pytest.importorskip("pty")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "NO_COLOR": no_color}
    main, second = pty.openpty()
    call = [sys.executable, "-m", "vlae_cli", "info", str(tmp_path / "none")]
    subprocess.run(call, env=environment, stderr=second, timeout=60)
    os.close(second)
    text = os.read(main, 10_000)
    os.close(main)
    assert (b"\x1b[31m" in text) == (not no_color)


def test_group_lists_every_command(run: Run) -> None:
    from vlae_cli.commands import NAMES

    result = run("__main__", "--help")
    assert all(f"  {name} " in result.stdout for name in NAMES)
    assert run("__main__", "nothing").exit_code == 2


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completion_scripts(run: Run, shell: str) -> None:
    text = run("completion", shell).stdout
    assert text.count(f"={shell}_complete") >= 10
    assert "_VLAE_COMPRESS_COMPLETE" in text


def test_bash_completes_options_and_models(mnist: str, tmp_path: Path) -> None:
    words = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "_VLAE_COMPRESS_COMPLETE": "bash_complete",
        "COMP_WORDS": "vlae-compress -m mn",
        "COMP_CWORD": "2",
    }
    code = "from vlae_cli.compress import main; main(prog_name='vlae-compress')"
    done = subprocess.run([sys.executable, "-c", code], env=words, capture_output=True, text=True, timeout=60)
    assert f"plain,{mnist}" in done.stdout.splitlines()
    script = process("completion", "bash").stdout
    assert script.count(b"complete -o nosort") >= 10
    assert subprocess.run(["bash", "-n"], input=script, capture_output=True).returncode == 0


def test_manual_pages(run: Run, tmp_path: Path) -> None:
    from vlae_cli.commands import NAMES

    assert run("man", "--out", tmp_path / "man").exit_code == 0
    pages = {path.name: path.read_text() for path in (tmp_path / "man").iterdir()}
    assert set(pages) == {f"vlae-{name}.1" for name in NAMES}
    for section in (".SH NAME", ".SH SYNOPSIS", ".SH OPTIONS", ".SH EXAMPLES", ".SH EXIT STATUS"):
        assert all(section in page for page in pages.values()), section
    assert "\\-\\-output\\-dir" in pages["vlae-compress.1"]
    assert ".SH COMMAND install" in pages["vlae-models.1"]
