"""Lossless files and archives through the commands, with a small model that is really there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from PIL import Image
from small_models import exported, some_images

from vlae_codec.container.archive import parse_archive
from vlae_codec.container.header import parse
from vlae_codec.families import registry
from vlae_models.release.export import write_model

Run = Callable[..., Result]
PIXELS = some_images(12)
RECORD_KEYS = {
    "output", "model", "kind", "images", "chunks", "chunk_images", "file_bytes", "names_bytes", "payload_bits",
    "naive_bits", "neg_elbo_bits", "written_bits", "over_neg_elbo", "bits_per_image", "bits_per_pixel",
    "chunking_bits", "naive_latent_bits", "kl_bits", "latent_bits", "seeds", "notices",
}  # fmt: skip


@pytest.fixture(autouse=True)
def tiny(user_models: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A model of 28 x 28 pixels."""
    info, arrays = exported()
    write_model(user_models / "tiny", info, arrays)
    found = registry.find_model("tiny")
    monkeypatch.setattr(registry, "list_models", lambda: [found])
    return "tiny"


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Black and white files 00.png ... 11.png in a folder of their own."""
    (tmp_path / "in").mkdir()
    paths = [tmp_path / "in" / f"{number:02d}.png" for number in range(len(PIXELS))]
    for path, pixels in zip(paths, PIXELS, strict=True):
        Image.fromarray(pixels.astype(bool)).save(path)
    return paths


def pixels_of(path: Path) -> Any:
    with Image.open(path) as image:
        return np.asarray(image).astype(np.uint8)


def report(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(result: Result, says: str) -> None:
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert says in result.stderr


def test_one_picture_there_and_back(run: Run, pictures: list[Path], tmp_path: Path) -> None:
    tree = report(run("compress", *pictures[:3], "--lossless", "--verify", "--effort", 1, "-o", tmp_path, "--json"))
    for number, one in enumerate(tree["images"]):
        assert one["payload_bits"] == one["lossy_bits"] + one["residual_bits"]
        assert one["overhead_bits"] == pytest.approx(one["payload_bits"] - one["neg_elbo_bits"], abs=0.01)
        assert one["file_bytes"] == one["payload_bits"] / 8 + 8
        assert one["neg_elbo_bits"] < one["naive_bits"]
        again = tmp_path / "again.png"
        assert run("decompress", one["output"], "-o", again, "--force").exit_code == 0
        np.testing.assert_array_equal(pixels_of(again), PIXELS[number])
    info = json.loads(run("info", tree["images"][0]["output"], "--json").stdout)
    assert (info["mode"], info["images"]) == ("lossless", 1)
    assert [part["name"] for part in info["sections"]] == ["header", "payload and residual", "checksum"]


def test_preview_of_a_whole_and_of_a_cut_file(run: Run, pictures: list[Path], tmp_path: Path) -> None:
    run("compress", pictures[0], "--lossless", "--effort", 1, "-o", tmp_path / "a.vlz")
    whole = (tmp_path / "a.vlz").read_bytes()
    least = 7 + len(parse(whole).payload)
    result = run("decompress", tmp_path / "a.vlz", "--preview")
    assert (result.exit_code, result.stderr) == (0, "")
    preview = pixels_of(tmp_path / "a.png")
    for length in range(len(whole)):
        (tmp_path / "a.vlz").write_bytes(whole[:length])
        says = "the exact pixels are lost" if length >= least else "a.vlz: "
        refused(run("decompress", tmp_path / "a.vlz", "--force"), says)
        result = run("decompress", tmp_path / "a.vlz", "--preview", "--force")
        if length < least:
            refused(result, "a.vlz: ")
        else:
            assert result.exit_code == 0
            assert "warning" in result.stderr and "the exact pixels are lost" in result.stderr
            np.testing.assert_array_equal(pixels_of(tmp_path / "a.png"), preview)


@pytest.mark.parametrize("arguments", [["--lossless"], [], ["--code", "sample"]])
def test_archive_there_and_back(run: Run, pictures: list[Path], tmp_path: Path, arguments: list[str]) -> None:
    out = tmp_path / "set.vlz"
    tree = report(run("compress", tmp_path / "in", "-o", out, "--effort", 1, "--verify", "--json", *arguments))
    assert set(tree["archive"]) == RECORD_KEYS
    assert tree["archive"]["file_bytes"] == out.stat().st_size
    drawn = report(run("decompress", out, "--json"))
    assert drawn["images"] == drawn["wanted"] == 12
    written = sorted((tmp_path / "set").iterdir())
    assert [path.name for path in written] == [f"{number:04d}.png" for number in range(12)]
    if "--lossless" in arguments:
        np.testing.assert_array_equal([pixels_of(path) for path in written], PIXELS)
        record = tree["archive"]
        assert record["written_bits"] == pytest.approx(record["neg_elbo_bits"] * record["over_neg_elbo"], rel=1e-4)
    some = run("decompress", out, "-o", tmp_path / "some", "--index", "3:8:2")
    assert some.exit_code == 0
    for name in ("0003.png", "0005.png", "0007.png"):
        assert (tmp_path / "some" / name).read_bytes() == (tmp_path / "set" / name).read_bytes()
    assert len(list((tmp_path / "some").iterdir())) == 3
    info = json.loads(run("info", out, "--json").stdout)
    assert (info["images"], sum(part["bytes"] for part in info["sections"])) == (12, out.stat().st_size)


def test_lossy_archives_draw_what_single_files_draw(run: Run, pictures: list[Path], tmp_path: Path) -> None:
    run("compress", *pictures, "-o", tmp_path / "set.vlz", "--effort", 1, "--chunk", 5)
    run("compress", *pictures, "-o", tmp_path / "small", "--effort", 1)
    run("decompress", tmp_path / "set.vlz", "--seed", 3)
    run("decompress", *sorted((tmp_path / "small").iterdir()), "-o", tmp_path / "drawn", "--seed", 3)
    for one, other in zip(sorted((tmp_path / "set").iterdir()), sorted((tmp_path / "drawn").iterdir()), strict=True):
        np.testing.assert_array_equal(pixels_of(one), pixels_of(other))


def test_table_shows_the_three_code_lengths(run: Run, pictures: list[Path], tmp_path: Path) -> None:
    table = run("compress", *pictures, "--lossless", "-o", tmp_path / "set.vlz", "--effort", 1, "--names").stdout
    for line in ("naive two-part", "-ELBO", "written", "latents alone, KL", "latents alone, on the stack", "names"):
        assert line in table


def test_names_and_stacks(run: Run, pictures: list[Path], tmp_path: Path) -> None:
    np.save(tmp_path / "more.npy", PIXELS[:3])
    out = tmp_path / "set.vlz"
    inputs = [tmp_path / "more.npy", *pictures[:2]]
    record = report(run("compress", *inputs, "--lossless", "--names", "-o", out, "--effort", 1, "--json"))["archive"]
    assert record["names_bytes"] > 0
    assert run("decompress", out).exit_code == 0
    expected = {"more-0000": 0, "more-0001": 1, "more-0002": 2, "00": 0, "01": 1}
    assert {path.stem for path in (tmp_path / "set").iterdir()} == set(expected)
    for stem, number in expected.items():
        np.testing.assert_array_equal(pixels_of(tmp_path / "set" / f"{stem}.png"), PIXELS[number])
    assert run("decompress", out, "-o", tmp_path / "again.npy").exit_code == 0
    np.testing.assert_array_equal(np.load(tmp_path / "again.npy"), 255 * PIXELS[[0, 1, 2, 0, 1]])


def test_damaged_chunks(run: Run, pictures: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "set.vlz"
    run("compress", *pictures, "--lossless", "-o", out, "--effort", 1, "--chunk", 4)
    data = bytearray(out.read_bytes())
    archive = parse_archive(bytes(data))
    data[archive.header + archive.lengths[0] + 4 + 3] ^= 1
    out.write_bytes(data[:-1])
    refused(run("decompress", out, "-o", tmp_path / "a"), "chunk 1 of 3 (pictures 4 to 7) is damaged")
    result = run("decompress", out, "-o", tmp_path / "b", "--keep-going")
    assert result.exit_code == 1
    assert "chunk 1 of 3 (pictures 4 to 7) is damaged" in result.stderr
    assert "chunk 2 of 3 (pictures 8 to 11) is cut short: 1 of its" in result.stderr
    assert [path.name for path in sorted((tmp_path / "b").iterdir())] == [f"000{number}.png" for number in range(4)]
    assert run("decompress", out, "-o", tmp_path / "c", "--index", "1:4").exit_code == 0


def test_what_lossless_refuses(run: Run, pictures: list[Path], tmp_path: Path) -> None:
    grey = tmp_path / "grey.png"
    Image.fromarray(np.full((28, 28), 99, np.uint8)).save(grey)
    refused(run("compress", grey, "--lossless", "-m", "mnist"), "grey.png: it has grey pixels")
    refused(run("compress", grey, pictures[0], "--lossless", "-o", tmp_path / "a.vlz"), "grey.png: it has grey pixels")
    assert run("compress", grey, "--lossless", "--binarise", "--effort", 1).exit_code == 0
    assert not (tmp_path / "a.vlz").exists()
    Image.new("1", (30, 30)).save(tmp_path / "large.png")
    refused(run("compress", tmp_path / "large.png", pictures[0], "--lossless", "-o", tmp_path / "a.vlz"), "mixed sizes")
    (tmp_path / "empty").mkdir()
    refused(run("compress", tmp_path / "empty", "--lossless", "-o", tmp_path / "a.vlz"), "an empty folder")


def test_what_archives_refuse(run: Run, pictures: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "set.vlz"
    np.save(tmp_path / "more.npy", PIXELS[:3])
    refused(run("compress", tmp_path / "more.npy"), "more.npy: a stack of pictures: -o NAME.vlz")
    twice = ["--names", "-o", out, "--effort", 1]
    refused(run("compress", pictures[0], pictures[0], *twice), "two pictures are called 00.png")
    run("compress", *pictures[:3], "-o", out, "--effort", 1)
    refused(run("compress", *pictures[:3], "-o", out), "exists: --force")
    refused(run("decompress", out, "-o", "-"), "an archive of 3 pictures")
    refused(run("decompress", out, "--index", "3"), "0 to 2")
    refused(run("decompress", out, out), "alone")
    assert run("decompress", out, "--preview").exit_code == 2
    refused(run("decompress", out, "-o", pictures[0]), "an archive needs a folder")
    run("decompress", out)
    refused(run("decompress", out), "exists: --force")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--lossless", "--code", "sample"],
        ["--lossless", "--quality", "10"],
        ["--chunk", "3"],
        ["--names"],
        ["--chunk", "0"],
    ],
)
def test_wrong_usage_exits_with_2(run: Run, pictures: list[Path], arguments: list[str]) -> None:
    assert run("compress", pictures[0], *arguments).exit_code == 2


def test_streams(run: Run, pictures: list[Path], tmp_path: Path) -> None:
    packed = run("compress", "-", "--lossless", "--effort", 1, stdin=pictures[0].read_bytes())
    assert run("decompress", "-", "-o", tmp_path / "a.png", stdin=packed.stdout_bytes).exit_code == 0
    np.testing.assert_array_equal(pixels_of(tmp_path / "a.png"), PIXELS[0])


def test_all_black_pictures(run: Run, tmp_path: Path) -> None:
    """They cost next to nothing, so that there is next to nothing to choose z with."""
    np.save(tmp_path / "black.npy", np.zeros((40, 28, 28), bool))
    result = run("compress", tmp_path / "black.npy", "--lossless", "-o", tmp_path / "a.vlz", "--effort", 1, "--json")
    assert report(result)["archive"]["images"] == 40
    assert run("decompress", tmp_path / "a.vlz", "-o", tmp_path / "again.npy").exit_code == 0
    assert not np.load(tmp_path / "again.npy").any()
