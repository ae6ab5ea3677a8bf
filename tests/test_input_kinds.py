"""Every kind of input there and back: what is called exact is exact, and what is refused is refused in one line."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

import vlae_codec
from benchmarks import input_kinds, made_inputs
from benchmarks.made_inputs import Kind
from benchmarks.results import read_result

KINDS = list(made_inputs.all_kinds())


def rows() -> list[dict[str, str]]:
    """The rows of the kinds that this Pillow can write."""
    result = read_result("input_kinds")
    assert result is not None
    names = {kind.name for kind in KINDS}
    return [row for row in result["rows"] if row["kind"] in names]


def test_the_table_has_every_kind_and_nothing_wrong() -> None:
    assert [row["kind"] for row in rows()] == [kind.name for kind in KINDS]
    assert not [row for row in rows() if input_kinds.WRONG in "".join(row.values())]


def test_sound_pictures_are_not_called_damaged() -> None:
    for row, kind in zip(rows(), KINDS, strict=True):
        damaged = any("damaged" in row[way] or "not an image" in row[way] for way in ("lossy", "lossless"))
        assert not damaged or kind.samples is None, row


@pytest.mark.parametrize(
    "name",
    ["PNG, grey and alpha, 16 bits", "PNG, colour, 16 bits, one colour transparent", "TIFF, CMYK", "GIF, three frames"],
)
def test_without_loss_means_every_sample(name: str) -> None:
    (kind,) = (one for one in KINDS if one.name == name)
    row = input_kinds.measured(kind)
    assert row["lossless"].startswith(("exact", "refused: ")), row


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_every_kind(kind: Kind) -> None:
    row = input_kinds.measured(kind)
    assert row["lossless"].startswith(("exact", "refused: ")), row
    assert row["lossy"].startswith("refused: ") == (kind.samples is None or "floating" in kind.name), row
    assert "lost" not in row["lossy"]


def test_flat_pictures_of_16_bits_are_kept_too() -> None:
    deep = np.full((20, 20), 0x1234, np.uint16)
    stream = io.BytesIO()
    Image.fromarray(deep).save(stream, "PNG")
    with Image.open(stream) as image:
        assert (vlae_codec.decompress_array(vlae_codec.compress(image, lossless=True)) == deep).all()
