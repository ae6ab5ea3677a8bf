"""The reader that was written from the format's page gives the same pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from independent_family_reader import FamilyReader
from PIL import Image

import vlae_codec
from vlae_codec.coding import symbols
from vlae_codec.families import registry

SCALES = Path(symbols.__file__).parent / "scales.npz"
GOLDEN = sorted((Path(__file__).parent / "golden" / "photo").glob("*.vlz"))


@pytest.fixture(scope="module")
def reader() -> FamilyReader:
    info = registry.find_model("photo")
    assert info
    return FamilyReader(Path(str(info.folder)), SCALES)


def test_golden_files_read_alike(reader: FamilyReader) -> None:
    read = 0
    for path in GOLDEN:
        if path.stem.startswith(reader.fingerprint.hex()[:12]):
            with Image.open(path.with_suffix(".png")) as image:
                expected = np.asarray(image)
            found = reader.picture(path.read_bytes())
            np.testing.assert_array_equal(found.squeeze(), expected.squeeze())
            read += 1
    assert read == 2


@pytest.mark.parametrize("quality", [0, 50, 100])
def test_transparent_pictures_of_any_quality_read_alike(reader: FamilyReader, quality: float) -> None:
    rng = np.random.default_rng(2)
    # Large contrasts at the finest quality: symbols beyond the tables, which are escapes.
    picture = np.kron(rng.integers(0, 256, (9, 7, 4), np.uint8), np.ones((8, 8, 1), np.uint8))
    data = vlae_codec.compress(picture, "photo", quality=quality)
    np.testing.assert_array_equal(reader.picture(data), np.asarray(vlae_codec.decompress(data)))
