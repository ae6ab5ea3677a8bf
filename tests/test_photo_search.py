"""The search for latents: a better trade of bits and error, in tiles, by the networks that the integers stand for."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from vlae_cli.compress import main as compress
from vlae_codec.families.photo import coding, transform
from vlae_codec.families.photo.model import LEVELS, PhotoModel
from vlae_codec.model.folder import fingerprint
from vlae_models.photo import search
from vlae_models.photo.calibration import calibrated
from vlae_models.photo.config import PhotoConfig, PhotoRecipe, PhotoTraining
from vlae_models.photo.export import export_photo, model_info
from vlae_models.photo.search import STRUCTURE, Search, annealed, tiles
from vlae_models.photo.structure import ms_ssim
from vlae_models.photo.vlae import STRUCTURE_UNIT, PhotoVLAE, start_linear
from vlae_models.release.packing import pack

CONFIG = PhotoConfig((32, 32, 32), (1, 1, 1), (1, 1, 1), (16, 16), hyper=16, middle=32, head=32)
RECIPE = PhotoRecipe("small", "photos", CONFIG, PhotoTraining())


def scene(height: int, width: int) -> np.ndarray:
    """Return smooth colours with edges, uint8 (H, W, 3)."""
    rng = np.random.default_rng(height)
    coarse = Image.fromarray(rng.integers(0, 256, (height // 24, width // 24, 3), np.uint8))
    out = np.array(coarse.resize((width, height), Image.Resampling.BICUBIC))
    out[height // 3 : height // 2, width // 4 : width // 2] = (240, 30, 90)
    return out


@pytest.fixture(scope="module")
def exported() -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return a small model whose linear paths fit the scenes, as its folder has it."""
    torch.manual_seed(3)
    net = PhotoVLAE(CONFIG, RECIPE.train.coarsest, RECIPE.train.log_range)
    crops = torch.from_numpy(np.stack([scene(192, 192), scene(216, 192)[:192]])).permute(0, 3, 1, 2).float()
    start_linear(net, crops)
    tree, arrays = export_photo(net.eval(), calibrated(net, crops))
    info = model_info(RECIPE, tree)
    return {**info, "fingerprint": fingerprint(info, arrays).hex()}, arrays


def test_searched_latents_cost_less(
    exported: tuple[dict[str, Any], dict[str, np.ndarray]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "STEPS", 25)
    model, find = PhotoModel(*exported), Search(*exported)
    levels = scene(192, 256)
    y, level = transform.analyse(model, levels)[:, 1:-1, 1:-1], 140
    better = find(levels, y, level)

    def cost(latents: np.ndarray) -> float:
        rounded = transform.framed(model, *latents.shape[1:])
        rounded[:, 1:-1, 1:-1] = latents
        coded = coding.push(model, rounded, level, 1)
        drawn = transform.synthesise(model, rounded, level, levels.shape[:2])
        slope = find.coarsest * np.exp(find.log_range * level / LEVELS)
        error = np.square(drawn.astype(float) - levels).mean()
        a, b = (torch.from_numpy(one.copy()).permute(2, 0, 1)[None].float() / 255 for one in (drawn, levels))
        distortion = (1 - STRUCTURE) * error + STRUCTURE * STRUCTURE_UNIT * (1 - float(ms_ssim(a, b, 1)))
        return float(coded.ideal / levels[:, :, 0].size + slope * distortion)

    assert better.shape == y.shape and better.dtype == y.dtype
    assert cost(better) < 0.99 * cost(y)


def test_annealing_ends_in_rounding() -> None:
    x = torch.linspace(-3, 3, 400)
    generator = torch.Generator().manual_seed(1)
    cold = annealed(x, 0.01, generator)
    assert ((cold - x.round()).abs() < 1e-3).float().mean() > 0.97
    warm = annealed(x, 0.5, generator)
    assert ((warm - x).abs() <= 1).all() and (warm - x.round()).abs().mean() > 0.05


def test_tiles_cover_a_picture_once() -> None:
    seen = np.zeros((1600, 832), int)
    for inner, outer in tiles(1600, 832):
        seen[inner] += 1
        assert all(o.start <= i.start and i.stop <= o.stop for i, o in zip(inner, outer, strict=True))
        assert all(side.start % 64 == 0 and side.stop % 64 == 0 for side in outer)
    assert (seen == 1).all()


def test_the_command_searches_at_effort_9(
    exported: tuple[dict[str, Any], dict[str, np.ndarray]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "STEPS", 3)
    info, arrays = exported
    (tmp_path / "weights.npz").write_bytes(pack(arrays))
    (tmp_path / "model.json").write_text(json.dumps(info))
    Image.fromarray(scene(96, 96)).save(tmp_path / "a.png")
    monkeypatch.setenv("VLAE_MODELS", str(tmp_path.parent))
    run, files = CliRunner(), list[bytes]()
    for effort in ("8", "9"):
        made = tmp_path / f"{effort}.vlz"
        asked = [
            str(tmp_path / "a.png"),
            "-m",
            str(tmp_path),
            "--effort",
            effort,
            "-o",
            str(made),
            "--json",
            "--verify",
        ]
        said = run.invoke(compress, asked)
        assert said.exit_code == 0, said.output
        files.append(made.read_bytes())
        assert json.loads(said.stdout)["images"][0]["file_bytes"] == len(files[-1])
    assert files[0] != files[1]
