"""Files that were written once and must give the same pictures for ever, on every backend."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.make_golden import decode_golden
from vlae_codec.container.header import parse_head
from vlae_codec.families import registry
from vlae_codec.families.bilevel.identify import is_archive

FOLDER = Path(__file__).parent / "golden"
FILES = sorted(FOLDER.glob("*.vlz"))
MODES = {0, 1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
@pytest.mark.parametrize("device", ["cpu", "torch"])
def test_golden_files_give_the_same_pictures(path: Path, device: str, mnist: str) -> None:
    if device == "torch":
        pytest.importorskip("torch")
    with Image.open(path.with_suffix(".png")) as image:
        expected = np.asarray(image).astype(np.uint8).reshape(-1, 28, 28)
    np.testing.assert_array_equal(decode_golden(path.read_bytes(), device), expected)


def test_every_kind_of_file_has_a_golden_one(mnist: str) -> None:
    fingerprint = bytes.fromhex(registry.find_model(mnist).fingerprint)
    heads = [parse_head(path.read_bytes()) for path in FILES]
    modes = {mode for mode, prefix in heads if prefix == fingerprint[:3]}
    assert modes <= MODES and {0, 5, 6} <= modes and modes & {1, 2, 3, 4}
    assert {is_archive(path.read_bytes()) for path in FILES} == {True, False}
