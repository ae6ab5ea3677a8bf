"""Drawn pictures depend on their seed alone and are pictures of many kinds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vlae_models.data import drawn
from vlae_models.data.drawn import fonts

TURN = sum(often for _, often in drawn.KINDS)


@pytest.mark.parametrize("paths", [[], drawn.find_fonts()[:3]], ids=["no fonts", "three fonts"])
def test_every_kind_depends_on_the_seed_alone(paths: list[Path]) -> None:
    photos = [Image.fromarray(np.random.default_rng(1).integers(0, 256, (90, 120, 3), np.uint8))]
    first = [drawn.draw(seed, 160, drawn.Fonts(paths), photos) for seed in range(TURN)]
    for seed, image in enumerate(first):
        assert image.size == (160, 160) and image.mode == "RGB"
        assert drawn.draw(seed, 160, drawn.Fonts(paths), photos).tobytes() == image.tobytes()
    assert len({image.tobytes() for image in first}) == TURN


def test_few_pictures_are_empty() -> None:
    pictures = [drawn.draw(seed, 200, drawn.Fonts([])) for seed in range(2 * TURN)]
    assert sum(len(np.unique(np.asarray(image).reshape(-1, 3), axis=0)) < 2 for image in pictures) <= 1


def test_fonts_are_sorted_by_use_and_damaged_files_left_out(tmp_path: Path) -> None:
    (tmp_path / "Broken.ttf").write_bytes(b"no font")
    assert drawn.find_fonts([tmp_path]) == []
    sorted_fonts = drawn.Fonts([Path("AnySans.ttf"), Path("AnySerif.ttf"), Path("AnySansMono-Bold.ttf")])
    rng = np.random.default_rng(1)
    assert [sorted_fonts.choose(rng, kind) for kind in fonts.KINDS] == [
        Path("AnySans.ttf"), Path("AnySerif.ttf"), Path("AnySansMono-Bold.ttf"),
    ]  # fmt: skip
    assert drawn.Fonts([]).choose(rng, "mono") is None
