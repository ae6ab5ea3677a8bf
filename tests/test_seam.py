"""No option is passed over where families meet: what a model or a file cannot honour is one line and exit code 2."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from PIL import Image

import vlae_codec
from vlae_codec.errors import ImageError, ModelError, OptionError

Run = Callable[..., Result]
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A small picture in colour."""
    rows, columns = np.mgrid[:24, :40]
    levels = np.stack([7 * rows + 3 * columns, 5 * columns, 4 * rows], axis=-1) % 256
    Image.fromarray(levels.astype(np.uint8)).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


@pytest.mark.parametrize(
    ("model", "arguments", "wrong"),
    [
        ("photo", ["--bits", "24"], "bits"),
        ("photo", ["--lossless"], "lossless"),
        ("photo", ["--code", "sample"], "code"),
        ("photo", ["--fit"], "fit"),
        ("auto", ["--bits", "24"], "bits"),
        ("auto", ["--lossless", "--binarise"], "binarise"),
    ],
)
def test_what_models_of_photographs_lack(model: str, arguments: list[str], wrong: str, photo: Path, run: Run) -> None:
    result = run("compress", photo, "-m", model, *arguments)
    assert result.exit_code == 2
    assert re.search(
        rf": --{wrong}: not for model [a-z-]+ of the \w+ family, which has [a-z, -]+$", result.stderr.strip()
    )
    assert not photo.with_suffix(".vlz").exists()


@pytest.mark.parametrize("arguments", [["--target-bytes", "50"], ["--target-bpp", "1"]])
def test_what_bilevel_models_lack(arguments: list[str], digits: list[Path], run: Run) -> None:
    result = run("compress", digits[0], *arguments)
    assert result.exit_code == 2 and "--target-bytes: not for model" in result.stderr


@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize(
    "arguments", [["--temperature", "0.5"], ["--temperature", "0"], ["--samples", "2"], ["--seed", "3"]]
)
def test_what_files_lack(lossless: bool, arguments: list[str], digits: list[Path], photo: Path, run: Run) -> None:
    packed = {source: source.with_suffix(".vlz") for source in (digits[0], photo)}
    for source in packed:
        exact = ["--lossless", *["--binarise"] * (source != photo)] if lossless else []
        assert run("compress", source, "--effort", "1", *exact).exit_code == 0
    for source, file in packed.items():
        result = run("decompress", file, "-o", file.with_suffix(".tif"), *arguments)
        textured = source != photo and not lossless and arguments[0] != "--temperature"
        assert result.exit_code == (0 if textured else 2), (source, result.stderr)
        assert file.with_suffix(".tif").exists() is textured
        assert textured or f"{arguments[0]}: not for model" in result.stderr


def test_rounding_pixels_of_lossy_files_is_refused(digits: list[Path], run: Run) -> None:
    assert run("compress", digits[0], "--binarise").exit_code == 2


def test_archives_refuse_what_they_lack(digits: list[Path], tmp_path: Path, run: Run) -> None:
    archive = tmp_path / "set.vlz"
    assert run("compress", *digits[:2], "-o", archive, "--target-bytes", "50").exit_code == 2
    assert run("compress", *digits[:2], "-o", archive, "--effort", "1").exit_code == 0
    assert run("decompress", archive, "-o", tmp_path / "out", "--temperature", "0.5").exit_code == 2
    with pytest.raises(OptionError, match="temperature"):
        vlae_codec.decompress(archive, temperature=0.5)


def test_evaluation_says_which_family_a_model_is_of(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    result = run("evaluate", "photo", "--data", tmp_path)
    assert result.exit_code == 1 and "photo family" in result.stderr and "no model" not in result.stderr


def test_archives_of_photographs_are_not_told_to_shrink_them(photo: Path) -> None:
    with pytest.raises(ImageError) as caught:
        vlae_codec.compress_many([photo])
    assert "28" not in str(caught.value) and "collection" in str(caught.value)


def test_the_api_keeps_within_bytes(photo: Path) -> None:
    assert len(vlae_codec.compress(photo, target_bytes=300)) <= 300
    with pytest.raises(OptionError, match="exclude one another"):
        vlae_codec.compress(photo, target_bytes=300, quality=50)


def test_the_library_names_no_flags_of_the_commands() -> None:
    """Its messages are read by programs, too."""
    flag = re.compile(r"""--[a-z][a-z-]+""")
    for path in sorted((ROOT / "vlae_codec").rglob("*.py")):
        for line in path.read_text().splitlines():
            assert not flag.search(line), f"{path.name}: {line.strip()}"


def test_an_unknown_model_is_an_error_of_the_command(photo: Path, run: Run) -> None:
    result = run("compress", photo, "-m", "nobody")
    assert result.exit_code == 1 and len(result.stderr.splitlines()) == 1
    with pytest.raises(ModelError, match="no model 'nobody'"):
        vlae_codec.compress(photo, "nobody")
