"""Files of pictures of any size: by the functions, by the commands, and damaged ones."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

import vlae_codec
from vlae_cli.compress import main as compress_command
from vlae_cli.decompress import main as decompress_command
from vlae_codec import api
from vlae_codec.errors import FormatError, ImageError, ModelError
from vlae_codec.families import registry
from vlae_codec.families.request import Rate
from vlae_codec.families.windowed import codec
from vlae_codec.families.windowed.container import WindowedFile, parse_file, write_file
from vlae_codec.io.images import Picture
from vlae_codec.model.folder import INFO, WEIGHTS, fingerprint
from vlae_models.release.packing import pack
from vlae_models.windowed.config import WindowedConfig, WindowedRecipe, WindowedTraining
from vlae_models.windowed.export import export_arrays, model_info
from vlae_models.windowed.vlae import WindowedVLAE

SMALL = WindowedConfig(
    latent=4, fine=6, mid=7, coarse=8, features=4, local=24, local_layers=1, prior=12, prior_layers=1
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A windowed model of random weights, in a folder of user models."""
    torch.manual_seed(5)
    recipe = WindowedRecipe("tiny", "photos", SMALL, WindowedTraining(), "random weights")
    exported = export_arrays(WindowedVLAE(SMALL))
    info = model_info(recipe, exported.shifts)
    info["fingerprint"] = fingerprint(info, exported.arrays).hex()
    made = tmp_path_factory.mktemp("models") / "tiny"
    made.mkdir()
    (made / WEIGHTS).write_bytes(pack(exported.arrays))
    (made / INFO).write_text(json.dumps(info))
    return made


@pytest.fixture(autouse=True)
def _installed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLAE_MODELS", str(folder.parent))


def noise(height: int, width: int, grey: bool = False) -> np.ndarray:
    rng = np.random.default_rng(height * width)
    smooth = rng.integers(0, 256, (height // 8 + 1, width // 8 + 1) + (() if grey else (3,)), np.uint8)
    return np.kron(smooth, np.ones((8, 8) + (() if grey else (1,)), np.uint8))[:height, :width]


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (33, 17)])
@pytest.mark.parametrize("grey", [False, True])
def test_any_size_keeps_its_size_and_exactly_if_asked(size: tuple[int, int], grey: bool) -> None:
    pixels = noise(*size, grey)
    lossy = api.compress(pixels, "tiny")
    drawn = np.asarray(api.decompress(lossy))
    assert drawn.shape == pixels.shape
    exact = api.compress(pixels, "tiny", lossless=True)
    assert (np.asarray(api.decompress(exact)) == pixels).all()
    assert api.inspect(exact).channels == (1 if grey or (pixels == pixels[..., :1]).all() else 3)
    assert len(lossy) - len(parse_file(lossy).payload) <= 13


def test_the_lossy_part_of_a_lossless_file_survives_a_cut() -> None:
    pixels = noise(20, 30)
    exact = api.compress(pixels, "tiny", lossless=True)
    cut = exact[: parse_file(exact).checked + 5]
    with pytest.raises(FormatError, match="`preview` draws"):
        api.decompress(cut)
    whole = api.decompress(exact, preview=True)
    assert np.asarray(api.decompress(cut, preview=True)).tolist() == np.asarray(whole).tolist()


def test_every_flipped_bit_of_a_lossy_file_is_noticed() -> None:
    data = api.compress(noise(18, 18), "tiny")
    for bit in range(0, 8 * len(data), 3):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises((FormatError, ModelError)):
            api.decompress(bytes(damaged))
    for length in range(len(data)):
        with pytest.raises((FormatError, ModelError)):
            api.decompress(data[:length])


def test_too_many_pixels_are_refused_before_memory_is_taken(folder: Path) -> None:
    print_ = bytes.fromhex(registry.read_tree(folder)["fingerprint"])
    huge = write_file(print_, WindowedFile(b"", False, 3, 60000, 60000, b"\1\2\3\4"))
    with pytest.raises(FormatError, match="max_pixels"):
        api.decompress(huge)


def test_finer_widths_cost_more_and_targets_are_kept() -> None:
    picture, info = Picture(noise(64, 64)), registry.find_model("tiny")
    assert info
    sizes = [len(codec.compress_photo(picture, info, Rate(quality=quality)).data) for quality in (0, 50, 100)]
    assert sizes == sorted(sizes) and sizes[0] < sizes[2]
    target = (sizes[0] + sizes[2]) // 2
    assert sizes[0] <= len(codec.compress_photo(picture, info, Rate(target_bytes=target)).data) <= target
    with pytest.raises(ImageError, match="too few"):
        codec.compress_photo(picture, info, Rate(target_bytes=9))


def test_an_altered_model_is_refused(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes())
    info = registry.read_tree(folder)
    (other / INFO).write_text(json.dumps({**info, "latent": 5}))
    with pytest.raises(ModelError, match="install the model again"):
        api.compress(noise(16, 16), str(other))
    (other / INFO).write_text(json.dumps({**info, "window": [3, 3]}))
    with pytest.raises(ModelError, match="three numbers"):
        registry.read_tree(other)


def test_a_missing_model_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = api.compress(noise(16, 16), "tiny")
    monkeypatch.setenv("VLAE_MODELS", str(tmp_path))
    with pytest.raises(ModelError, match=parse_file(data).prefix.hex()):
        api.decompress(data)
    assert api.inspect(data).model is None and api.inspect(data).width == 16
    assert registry.user_folder() == tmp_path


def test_commands_and_plugin(tmp_path: Path) -> None:
    source = tmp_path / "picture.png"
    Image.fromarray(noise(24, 40)).save(source)
    run = CliRunner()
    done = run.invoke(compress_command, [str(source), "-m", "tiny", "--quality", "80", "--json", "--verify"])
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout)["images"][0]
    assert record["file_bytes"] == (tmp_path / "picture.vlz").stat().st_size
    assert 0 <= record["overhead_bits"] < 64
    sheet = tmp_path / "sheet.png"
    done = run.invoke(decompress_command, [str(tmp_path / "picture.vlz"), "-o", str(sheet), "--samples", "3"])
    assert done.exit_code == 0, done.output
    assert Image.open(sheet).size == (120, 24)
    vlae_codec.register_vlz_opener()
    with Image.open(tmp_path / "picture.vlz") as image:
        assert (image.size, image.mode, image.info["kind"]) == ((40, 24), "RGB", "lossy")
        assert np.asarray(image).shape == (24, 40, 3)
    stream = io.BytesIO()
    Image.fromarray(noise(9, 9)).save(stream, "VLZ", model="tiny", lossless=True)
    assert (np.asarray(Image.open(stream)) == noise(9, 9)).all()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "I;16"])
def test_what_a_file_would_not_keep_is_refused(tmp_path: Path, mode: str) -> None:
    if mode == "I;16":
        image = Image.fromarray(np.arange(81, dtype=np.uint16).reshape(9, 9) * 700)
    else:
        image = Image.new(mode, (9, 9), (90,) * len(mode))
    image.save(tmp_path / "picture.png")
    with pytest.raises(ImageError, match=r"16 to 8 bits" if mode == "I;16" else "transparent"):
        api.compress(tmp_path / "picture.png", "tiny", lossless=True)
    if mode == "I;16":
        assert api.decompress(api.compress(tmp_path / "picture.png", "tiny")).mode == "L"
    else:
        with pytest.raises(ImageError, match="transparent"):
            api.compress(tmp_path / "picture.png", "tiny")


def test_a_turned_photograph_is_kept_as_it_is_shown(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(noise(9, 14)).save(tmp_path / "picture.png", exif=exif)
    shown = np.rot90(noise(9, 14), -1)
    assert (np.asarray(api.decompress(api.compress(tmp_path / "picture.png", "tiny", lossless=True))) == shown).all()


def test_photographs_go_into_no_archive(tmp_path: Path) -> None:
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    for path in paths:
        Image.fromarray(noise(9, 9)).save(path)
    for options in ([], ["-m", "tiny"], ["-m", "tiny", "--fit"]):
        done = CliRunner().invoke(compress_command, [*map(str, paths), "-o", str(tmp_path / "set.vlz"), *options])
        assert done.exit_code == 1 and "collection" in done.output
    with pytest.raises(ImageError, match="go to a collection"):
        api.compress_many([noise(9, 9)], "tiny", fit=True)


def test_pictures_are_not_written_under_names_of_other_formats(tmp_path: Path) -> None:
    file = tmp_path / "a.vlz"
    file.write_bytes(api.compress(noise(9, 9), "tiny"))
    done = CliRunner().invoke(decompress_command, [str(file), "-o", str(tmp_path / "a.HEIC")])
    assert done.exit_code == 1 and ".png" in done.output
    assert not (tmp_path / "a.HEIC").exists()
    done = CliRunner().invoke(decompress_command, [str(file), "-o", str(tmp_path / "a.JPG")])
    assert done.exit_code == 0
    with Image.open(tmp_path / "a.JPG") as image:
        assert image.format == "JPEG"


def test_what_is_for_bilevel_models_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "picture.png"
    Image.fromarray(noise(24, 40)).save(source)
    done = CliRunner().invoke(compress_command, [str(source), "-m", "tiny", "--bits", "40"])
    assert done.exit_code == 2 and "--target-bytes" in done.output
    assert not (tmp_path / "picture.vlz").exists()
