"""`vlae-bench FOLDER` measures anybody's pictures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from click.testing import CliRunner
from PIL import Image
from small_models import some_images

from vlae_cli import bench


def test_a_folder_of_pictures_is_measured(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    for number, image in enumerate(some_images(2)):
        Image.fromarray(image * np.uint8(255)).save(tmp_path / "inside" / f"{number}.png")
    Image.fromarray(np.arange(8 * 9 * 3, dtype=np.uint8).reshape(8, 9, 3)).save(tmp_path / "colour.bmp")
    (tmp_path / "notes.txt").write_text("no picture")
    done = CliRunner().invoke(bench.main, [str(tmp_path), "--json"])
    assert done.exit_code == 0, done.output
    result = json.loads(done.output)
    assert (result["pictures"], result["pixels"], result["not_exact"]) == (3, 2 * 784 + 72, 0)
    assert result["bytes"]["vlz"] < result["bytes"]["exact_vlz"] < result["bytes"]["png"]
    shown = CliRunner().invoke(bench.main, [str(tmp_path / "inside")]).output
    assert shown.startswith("2 pictures, 1568 pixels") and ".vlz --lossless" in shown


def test_grey_pixels_that_a_bilevel_model_would_lose(tmp_path: Path) -> None:
    Image.fromarray(np.full((28, 28), 90, np.uint8)).save(tmp_path / "grey.png")
    done = CliRunner().invoke(bench.main, [str(tmp_path), "-m", "mnist"])
    assert done.exit_code == 0 and "1 pictures are kept exactly by no model" in done.output


def test_a_folder_without_pictures_is_one_line(tmp_path: Path) -> None:
    done = CliRunner().invoke(bench.main, [str(tmp_path)])
    assert done.exit_code == 1 and "no pictures" in done.output and done.output.count("\n") == 1
