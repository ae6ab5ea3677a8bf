"""Files of the released colour models that must give the same pictures for ever, on every backend."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.make_photo_golden import KINDS, OF_MAIN, PAGE_SIZES, SIZES, decode, picture, two_levels

FILES = sorted((Path(__file__).parent / "golden" / "photo").glob("*.vlz"))


def test_every_kind_is_there() -> None:
    kinds = {path.stem.split("-", 1)[1] for path in FILES}
    wanted = {f"{colour}-{kind}{added}" for colour in ("colour", "grey") for kind in KINDS for added in OF_MAIN}
    wanted |= {f"{colour}-{kind}-small" for colour in ("colour", "grey") for kind in ("lossy", "lossless")}
    assert kinds == wanted | {f"{colour}-page{added}" for colour in ("colour", "grey") for added in PAGE_SIZES}


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
@pytest.mark.parametrize("device", ["cpu", "torch"])
def test_golden_files_give_the_same_pictures(path: Path, device: str) -> None:
    if device == "torch":
        pytest.importorskip("torch")
    with Image.open(path.with_suffix(".png")) as image:
        expected = np.asarray(image)
    found = decode(path.read_bytes(), device)
    np.testing.assert_array_equal(found, expected)
    if "page" in path.stem:
        size = PAGE_SIZES["-tiny" if path.stem.endswith("-tiny") else ""]
        np.testing.assert_array_equal(found, two_levels("grey" in path.stem, size))
    if "lossless" in path.stem:
        size = SIZES[next((added for added in SIZES if added and path.stem.endswith(added)), "")]
        np.testing.assert_array_equal(found, picture("grey" in path.stem, size))
