"""What does not fit: one line that says so, exit code 1, nothing half-written, and the other inputs go on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from PIL import Image

Run = Callable[..., Result]


def refused(result: Result, pattern: str) -> None:
    """One line on stderr that matches, nothing on stdout, exit code 1."""
    assert (result.exit_code, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert re.search(pattern, result.stderr), result.stderr


@pytest.fixture
def packed(run: Run, model_name: str, digits: list[Path]) -> Path:
    """A .vlz file."""
    assert run("compress", digits[3], "-m", model_name).exit_code == 0
    return digits[3].with_suffix(".vlz")


def test_not_an_image(run: Run, model_name: str, tmp_path: Path) -> None:
    (tmp_path / "letter.png").write_text("Dear reader")
    refused(run("compress", tmp_path / "letter.png", "-m", model_name), r"letter.png: not an image")
    assert [path.name for path in tmp_path.iterdir()] == ["letter.png"]


def test_truncated_png(run: Run, model_name: str, digits: list[Path]) -> None:
    digits[0].write_bytes(digits[0].read_bytes()[:60])
    refused(run("compress", digits[0], "-m", model_name), r"0.png: damaged or cut short")


def test_wrong_size(run: Run, model_name: str, tmp_path: Path) -> None:
    Image.new("L", (32, 30)).save(tmp_path / "large.png")
    result = run("compress", tmp_path / "large.png", "-m", model_name)
    refused(result, rf"large.png: 32 x 30 pixels, and {model_name} takes 28 x 28: --fit")


@pytest.mark.parametrize("mode", ["I;16", "RGBA", "LA", "P", "1", "CMYK"])
def test_modes_that_are_converted(run: Run, model_name: str, tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    image = Image.fromarray(np.arange(784, dtype=np.uint8).reshape(28, 28))
    (Image.fromarray(np.asarray(image).astype(np.uint16) * 257) if mode == "I;16" else image.convert(mode)).save(path)
    assert run("compress", path, "-m", model_name).exit_code == 0


def test_floating_point(run: Run, model_name: str, tmp_path: Path) -> None:
    Image.new("F", (28, 28)).save(tmp_path / "a.tif")
    refused(run("compress", tmp_path / "a.tif", "-m", model_name), r"a.tif: floating-point")


@pytest.mark.parametrize("command", ["compress", "decompress", "info"])
def test_empty_missing_and_folder(run: Run, model_name: str, tmp_path: Path, command: str) -> None:
    (tmp_path / "empty").touch()
    refused(run(command, tmp_path / "empty"), r"empty: the file is empty")
    refused(run(command, tmp_path / "none"), r"none: No such file")
    refused(run(command, tmp_path), r"a folder, not a file")
    for nameless in (".", "..", "/"):
        refused(run(command, nameless), r"a folder, not a file")


def test_cut_at_every_byte(run: Run, packed: Path) -> None:
    whole = packed.read_bytes()
    for length in range(len(whole)):
        packed.write_bytes(whole[:length])
        for command in ("decompress", "info"):
            refused(run(command, packed, *["--force"][: command == "decompress"]), r"3.vlz: ")


def test_one_byte_flipped_anywhere(run: Run, packed: Path) -> None:
    whole = packed.read_bytes()
    for place in range(len(whole)):
        for flip in (0x01, 0x10, 0xFF):
            packed.write_bytes(whole[:place] + bytes([whole[place] ^ flip]) + whole[place + 1 :])
            refused(run("decompress", packed, "--force"), r"3.vlz: ")


def test_any_image_is_no_vlz(run: Run, digits: list[Path]) -> None:
    refused(run("decompress", digits[0]), r"0.png: not a .vlz file: it starts with 89 50")
    refused(run("info", digits[0]), r"0.png: not a .vlz file")


def test_too_long(run: Run, packed: Path) -> None:
    packed.write_bytes(packed.read_bytes() + bytes(1000))
    refused(run("decompress", packed, "--force"), r"too long")


def test_unknown_fingerprint_is_named(run: Run, packed: Path, user_models: Path) -> None:
    next(user_models.iterdir()).rename(user_models.parent / "moved-elsewhere")
    refused(run("decompress", packed, "--force"), rf"fingerprint {packed.read_bytes()[3:6].hex()}")


def test_unknown_model(run: Run, digits: list[Path], model_name: str) -> None:
    refused(run("compress", digits[0], "-m", "nothing"), rf"no model 'nothing': installed are .*{model_name}")


def test_existing_output_is_kept_without_force(run: Run, model_name: str, digits: list[Path], packed: Path) -> None:
    before = packed.read_bytes()
    refused(run("compress", digits[3], "-m", model_name, "--bits", 40), r"3.vlz exists: --force")
    assert packed.read_bytes() == before
    refused(run("decompress", packed), r"3.png exists: --force")
    assert run("compress", digits[3], "-m", model_name, "--bits", 40, "--force").exit_code == 0
    assert packed.read_bytes() != before
    assert run("decompress", packed, "--force").exit_code == 0


def test_inputs_are_never_replaced(run: Run, model_name: str, digits: list[Path], packed: Path) -> None:
    plain = digits[0].rename(digits[0].with_suffix(""))
    refused(run("compress", plain, "-m", model_name, "-o", plain, "--force"), r"would replace the input")
    moved = packed.rename(packed.with_suffix(".png"))
    refused(run("decompress", moved, "-o", moved, "--force"), r"would replace the input")


def test_output_that_is_a_folder_of_that_name(run: Run, model_name: str, digits: list[Path]) -> None:
    digits[0].with_suffix(".vlz").mkdir()
    refused(run("compress", digits[0], "-m", model_name, "--force"), r"0.vlz is not a plain file")


def test_output_in_a_folder_that_is_not_there(run: Run, model_name: str, digits: list[Path], tmp_path: Path) -> None:
    result = run("compress", digits[0], "-m", model_name, "-o", tmp_path / "none" / "a.vlz")
    refused(result, r"a.vlz cannot be written: No such file or directory")


def test_unwritable_folder(run: Run, model_name: str, digits: list[Path], tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(0o500)
    if os.access(locked, os.W_OK):
        pytest.skip("this user may write anywhere, as root may")
    refused(
        run("compress", digits[0], "-m", model_name, "-o", locked / "a.vlz"), r"cannot be written: Permission denied"
    )


def test_failed_writing_leaves_nothing(
    run: Run, model_name: str, digits: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*paths: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    before = set(tmp_path.iterdir())
    refused(run("compress", digits[0], "-m", model_name), r"0.vlz cannot be written: No space left")
    assert set(tmp_path.iterdir()) == before


def test_two_inputs_for_one_output(run: Run, model_name: str, digits: list[Path], tmp_path: Path) -> None:
    twin = digits[0].with_suffix(".gif")
    Image.open(digits[0]).save(twin)
    result = run("compress", digits[0], twin, digits[1], "-m", model_name)
    assert result.exit_code == 1
    told = result.stderr.splitlines()
    assert "0.gif: " in told[0] and "0.png is written to" in told[0]
    assert told[-1].endswith("1 of 3 inputs failed")
    assert {path.name for path in tmp_path.glob("*.vlz")} == {"0.vlz", "1.vlz"}
    refused(run("compress", *digits, "-c", "-m", model_name), r"10 inputs, and the standard output takes one")
    refused(run("compress", *digits, "-o", twin, "-m", model_name), r"a file, and a folder is needed for 10 inputs")


def test_others_go_on(run: Run, model_name: str, digits: list[Path], tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_text("no")
    result = run("compress", digits[0], tmp_path / "bad.png", tmp_path / "none.png", digits[1], "-m", model_name)
    assert result.exit_code == 1
    assert [name in result.stderr for name in ("bad.png: not", "none.png: No", "0.png: ")] == [True, True, False]
    files = sorted(tmp_path.glob("*.vlz"))
    assert [path.name for path in files] == ["0.vlz", "1.vlz"]
    files[0].write_bytes(b"\xd6Z")
    result = run("decompress", *files, "-o", tmp_path / "again")
    assert result.exit_code == 1
    assert [path.name for path in (tmp_path / "again").iterdir()] == ["1.png"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--bits", "8", "--quality", "50", "a.png"],
        ["--bits", "0", "a.png"],
        ["--bits", "999", "a.png"],
        ["--effort", "10", "a.png"],
        ["--quality", "101", "a.png"],
        ["--device", "abacus", "a.png"],
    ],
)
def test_wrong_usage_exits_with_2(run: Run, arguments: list[str]) -> None:
    assert run("compress", *arguments).exit_code == 2


def test_an_interrupt_ends_with_the_code_of_shells(
    monkeypatch: pytest.MonkeyPatch, run: Callable[..., Result], tmp_path: Path
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("vlae_codec.io.files.read_by_head", interrupted)
    (tmp_path / "a.vlz").write_bytes(b"\xd6Z")
    result = run("info", tmp_path / "a.vlz")
    assert result.exit_code == 130 and "interrupted" in result.stderr


@pytest.mark.parametrize(
    "arguments", [["-q", "80"], ["out.vlz"], ["-q", "0.5"], ["-o", "out.jpg"], ["-o", "out.HEIC"], ["-o", "out.txt"]]
)
def test_misuse_of_compress_leaves_no_file(
    run: Run, digits: list[Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    result = run("compress", digits[3], *arguments)
    assert result.exit_code == 2 and re.search(r"--quiet|-o names|\.vlz", result.stderr)
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize("arguments", [["again.png"], ["-q", "7"], ["-o", "x.heic"], ["-o", "x.txt"]])
def test_misuse_of_decompress_leaves_no_file(
    run: Run, packed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "3.png").unlink()
    before = set(tmp_path.iterdir())
    result = run("decompress", packed, *arguments)
    assert result.exit_code and re.search(r"--quiet|-o names|\.webp", result.stderr)
    assert set(tmp_path.iterdir()) == before


def test_one_name_is_none_for_several_outputs(run: Run, digits: list[Path], packed: Path, tmp_path: Path) -> None:
    twin = packed.with_name("twin.vlz")
    twin.write_bytes(packed.read_bytes())
    before = set(tmp_path.iterdir())
    for arguments in (["compress", *digits[:2], "-o", tmp_path / "x.jpg"], ["decompress", packed, twin, "-o", "x.png"]):
        result = run(*arguments)
        assert result.exit_code == 2 and "need a folder" in result.stderr
    assert set(tmp_path.iterdir()) == before
    assert run("decompress", packed, twin, "-o", f"{tmp_path}/x.png/").exit_code == 0
    assert {path.name for path in (tmp_path / "x.png").iterdir()} == {"3.png", "twin.png"}


def test_two_names_are_an_input_and_its_output_in_other_tools(
    run: Run, digits: list[Path], packed: Path, tmp_path: Path
) -> None:
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for arguments in (["compress", digits[5], packed], ["decompress", packed, digits[5]]):
        assert "-o names" in run(*arguments, "--force").stderr
        assert run(*arguments, "--force").exit_code == 2
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_number_is_a_good_name_of_a_file(run: Run, digits: list[Path], model_name: str) -> None:
    assert run("compress", digits[8].rename(digits[8].with_name("80")), "-m", model_name).exit_code == 0


def test_bytes_do_not_go_to_a_terminal(digits: list[Path]) -> None:
    pty = pytest.importorskip("pty")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    main, second = pty.openpty()
    for arguments in (["compress", digits[0], "-c"], ["decompress", "x.vlz", "-o", "-"], ["compress", "-"]):
        call = [sys.executable, "-m", "vlae_cli", *map(str, arguments)]
        done = subprocess.run(call, env=environment, stdout=second, stderr=subprocess.PIPE, input=b"", timeout=60)
        assert done.returncode == 2 and b"terminal" in done.stderr
    call = [sys.executable, "-m", "vlae_cli", "compress", str(digits[0]), "-c", "--force", "-q", "-m", "mnist"]
    assert subprocess.run(call, env=environment, stdout=second, timeout=60).returncode == 0
    assert os.read(main, 100).startswith(b"\xd6Z")
    os.close(second)
    os.close(main)
