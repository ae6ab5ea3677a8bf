"""`vlae-demo` with the shipped model."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from vlae_cli.decompress import main as decompress
from vlae_cli.demo import MNIST, MNIST_COUNT, main
from vlae_codec.container.header import AROUND


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of one run over the bundled digits, and what it printed."""
    out = tmp_path_factory.mktemp("demo") / "out"
    result = CliRunner().invoke(main, ["--out", str(out), "--draws", "2"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return out, result.stdout


def test_digit_goes_through_a_file_of_a_few_bytes(made: tuple[Path, str]) -> None:
    out, _ = made
    for digit in range(10):
        assert AROUND < (out / f"digit-{digit}.vlz").stat().st_size <= 20
        again = np.asarray(Image.open(out / f"digit-{digit}-again.png"))
        assert again.shape == (28, 28) and again.any()


def test_report_counts_bits(made: tuple[Path, str]) -> None:
    out, printed = made
    assert "payload bits" in printed and "KL bits" in printed
    size = sum(path.stat().st_size for path in out.glob("*.vlz"))
    assert f"{size} bytes on disk" in printed


def test_sheet_shows_originals_above_draws(made: tuple[Path, str]) -> None:
    out, _ = made
    sheet = np.asarray(Image.open(out / "sheet.png"))
    assert sheet.shape == (1 + 3 * (4 * 28 + 1), 1 + 10 * (4 * 28 + 1))
    first = sheet[1 : 1 + 4 * 28 : 4, 1 : 1 + 4 * 28 : 4]
    np.testing.assert_array_equal(first, np.asarray(Image.open(out / "digit-0.png")))


def test_same_pixels_as_the_command(made: tuple[Path, str], tmp_path: Path) -> None:
    out, _ = made
    again = tmp_path / "again.png"
    assert CliRunner().invoke(decompress, [str(out / "digit-7.vlz"), "-o", str(again)]).exit_code == 0
    assert again.read_bytes() == (out / "digit-7-again.png").read_bytes()


def test_outputs_are_kept_without_force(made: tuple[Path, str]) -> None:
    out, _ = made
    refused = CliRunner().invoke(main, ["--out", str(out)])
    assert refused.exit_code == 1
    assert "force" in refused.output and len(refused.output.splitlines()) == 1


def test_mnist_from_a_folder(tmp_path: Path) -> None:
    path = tmp_path / MNIST
    path.parent.mkdir()
    pixels = np.zeros((20, 28, 28), np.uint8)
    pixels[:, 4:24, 13:15] = 255
    path.write_bytes(gzip.compress(struct.pack(">4B3I", 0, 0, 8, 3, *pixels.shape) + pixels.tobytes()))
    out = tmp_path / "out"
    result = CliRunner().invoke(main, ["--data", str(tmp_path), "--out", str(out), "--draws", "1"])
    assert result.exit_code == 0, result.output
    assert len(list(out.glob("mnist-*.vlz"))) == MNIST_COUNT


def test_missing_mnist_is_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--data", str(tmp_path), "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert MNIST.name in result.output and len(result.output.splitlines()) == 1
    assert not (tmp_path / "out").exists()
