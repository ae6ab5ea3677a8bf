from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from PIL import Image

from vlae_codec import __version__
from vlae_codec.families.bilevel import codec
from vlae_codec.report.records import SUMMED

Run = Callable[..., Result]
IMAGE_KEYS = {
    "input", "output", "model", "kl_bits", "payload_bits", "overhead_bits", "file_bytes", "neg_elbo_bits",
    "naive_bits", "notices", "lossy_bits", "residual_bits", "width", "height", "coded_width", "coded_height",
    "bits_per_pixel", "family",
}  # fmt: skip
INFO_KEYS = {
    "input", "model", "fingerprint", "mode", "images", "width", "height", "channels", "file_bytes", "header_bytes",
    "payload_bytes", "sections", "coded_width", "coded_height", "metadata",
}  # fmt: skip


def report(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_there_and_back_beside_the_input(run: Run, model_name: str, digits: list[Path], tmp_path: Path) -> None:
    one = report(run("compress", digits[3], "-m", model_name, "--json"))["images"][0]
    assert set(one) == IMAGE_KEYS
    assert one["output"] == str(tmp_path / "3.vlz")
    assert one["file_bytes"] == (tmp_path / "3.vlz").stat().st_size == one["payload_bits"] / 8 + 8
    assert one["overhead_bits"] == pytest.approx(one["payload_bits"] - one["kl_bits"])
    digits[3].unlink()
    drawn = report(run("decompress", tmp_path / "3.vlz", "--json"))["images"][0]
    assert drawn["output"] == str(digits[3])
    with Image.open(digits[3]) as image:
        assert (image.size, image.mode) == ((28, 28), "1")
    assert not list(tmp_path.glob(".vlae*"))


def test_shipped_model_end_to_end(run: Run, mnist: str, digits: list[Path], tmp_path: Path) -> None:
    tree = report(run("compress", *digits, "-o", tmp_path / "small", "--json", "--verify", "--effort", 1))
    assert {one["model"] for one in tree["images"]} == {mnist}
    assert all(one["file_bytes"] <= 12 for one in tree["images"])
    assert all(0 < one["kl_bits"] < one["neg_elbo_bits"] < one["naive_bits"] for one in tree["images"])
    files = sorted((tmp_path / "small").iterdir())
    assert run("decompress", *files, "-o", tmp_path / "again").exit_code == 0
    assert len(list((tmp_path / "again").glob("*.png"))) == 10


def test_totals(run: Run, model_name: str, digits: list[Path], tmp_path: Path) -> None:
    tree = report(run("compress", *digits, "-o", tmp_path / "small", "-m", model_name, "--json"))
    assert set(tree) == {"images", "totals"}
    totals = tree["totals"]
    assert totals["images"] == 10
    assert totals["failed"] == 0
    for key in IMAGE_KEYS & set(SUMMED):
        assert totals[key] == pytest.approx(sum(one[key] for one in tree["images"]))
        assert totals[f"mean_{key}"] == pytest.approx(totals[key] / 10)


def test_table_is_short_and_notices_are_gathered(run: Run, model_name: str, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.png" for number in range(30)]
    for path in paths:
        Image.fromarray(np.full((28, 28), 99, np.uint8)).save(path)
    result = run("compress", *paths, "-m", model_name)
    lines = result.stdout.splitlines()
    assert len(lines) == 1 + 20 + 1 + 1
    assert lines[-1].startswith("mean of 30")
    assert "note: 30 pictures: binarised" in result.stderr


def test_same_input_gives_the_same_file(run: Run, model_name: str, digits: list[Path], tmp_path: Path) -> None:
    for name in ("a.vlz", "b.vlz"):
        assert run("compress", digits[0], "-m", model_name, "-o", tmp_path / name).exit_code == 0
    assert (tmp_path / "a.vlz").read_bytes() == (tmp_path / "b.vlz").read_bytes()


def test_samples_stand_side_by_side(run: Run, model_name: str, digits: list[Path], tmp_path: Path) -> None:
    run("compress", digits[0], "-m", model_name)
    sheets = [tmp_path / "one.png", tmp_path / "two.png"]
    for seed, sheet in enumerate(sheets):
        drawn = report(run("decompress", tmp_path / "0.vlz", "-o", sheet, "--samples", 4, "--seed", seed, "--json"))
        assert drawn["images"][0] | {"input": "", "output": ""} == {
            "input": "", "output": "", "model": model_name, "seed": seed, "samples": 4, "width": 28, "height": 28,
        }  # fmt: skip
        with Image.open(sheet) as image:
            assert image.size == (4 * 29 + 1, 30)
    assert sheets[0].read_bytes() != sheets[1].read_bytes()


def test_streams(run: Run, model_name: str, digits: list[Path], tmp_path: Path) -> None:
    packed = run("compress", "-", "-m", model_name, stdin=digits[0].read_bytes())
    assert "payload bits" in packed.stderr
    assert codec.open_file(packed.stdout_bytes).model.name == model_name
    drawn = run("decompress", "-", "-o", tmp_path / "again.png", stdin=packed.stdout_bytes)
    assert drawn.exit_code == 0
    assert (tmp_path / "again.png").is_file()


def test_bits_reach_the_code(run: Run, model_name: str, digits: list[Path]) -> None:
    tree = report(run("compress", digits[0], "-m", model_name, "--bits", 40, "--json"))
    assert tree["totals"]["payload_bits"] == 40


def test_fit(run: Run, model_name: str, tmp_path: Path) -> None:
    Image.new("L", (300, 200)).save(tmp_path / "large.png")
    one = report(run("compress", tmp_path / "large.png", "-m", model_name, "--fit", "--json"))["images"][0]
    assert "resized from 300 x 200 to 28 x 28" in one["notices"]


def test_info(run: Run, model_name: str, digits: list[Path], tmp_path: Path) -> None:
    run("compress", *digits[:2], "-m", model_name)
    result = run("info", tmp_path / "0.vlz", tmp_path / "1.vlz", "--json")
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(records) == 2
    one = records[0]
    assert set(one) == INFO_KEYS
    assert (one["model"], one["mode"], one["images"], one["channels"]) == (model_name, "search", 1, 1)
    assert (one["width"], one["height"], len(one["fingerprint"])) == (28, 28, 64)
    assert one["header_bytes"] + one["payload_bytes"] == one["file_bytes"] == 11
    assert sum(part["bytes"] for part in one["sections"]) == 11
    assert model_name in run("info", tmp_path / "0.vlz").stdout


def test_info_of_an_unknown_model(run: Run, model_name: str, digits: list[Path], user_models: Path) -> None:
    run("compress", digits[0], "-m", model_name)
    (user_models / model_name).rename(user_models.parent / "moved-away")
    result = run("info", digits[0].with_suffix(".vlz"), "--json")
    one = json.loads(result.stdout)
    assert (one["model"], one["width"], len(one["fingerprint"])) == (None, None, 6)
    assert one["fingerprint"] in result.stderr


@pytest.mark.parametrize("command", ["compress", "decompress", "info"])
def test_version_and_help(run: Run, command: str) -> None:
    assert run(command, "--version").stdout == f"vlae-{command} {__version__}\n"
    shown = run(command, "--help").stdout
    assert "Examples:" in shown
    assert f"vlae-{command} digit" in shown
