from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vlae_codec.container import header
from vlae_codec.errors import FormatError, ImageError, ModelError
from vlae_codec.families import registry
from vlae_codec.families.bilevel import codec
from vlae_codec.families.bilevel.identify import identify
from vlae_codec.families.choice import bilevel_models, plan
from vlae_codec.families.request import Rate
from vlae_codec.io.images import Picture, read_image

BLANK = np.zeros((28, 28), np.uint8)


def compress(pixels: np.ndarray, model: str, **options: Any) -> bytes:
    """Return the file of one picture."""
    return codec.compress_images([codec.prepare(Picture(pixels), bilevel_models(model))], **options)[0].data


def decompress(data: bytes, seed: int = 0) -> np.ndarray:
    """Return the picture of a file, 0 and 1."""
    return np.asarray(codec.draw_images([codec.open_file(data)], seed=seed)[0][0])


def test_round_trip(model_name: str) -> None:
    data = compress(BLANK, model_name)
    assert len(data) == 3 + header.AROUND
    drawn = decompress(data)
    assert drawn.shape == (28, 28)
    assert drawn.dtype == np.uint8
    assert set(np.unique(drawn)) <= {0, 1}
    assert np.array_equal(drawn, decompress(data))
    assert not np.array_equal(drawn, decompress(data, seed=1))


def test_bits_decide_the_length(model_name: str) -> None:
    assert len(compress(BLANK, model_name, bits=40)) == 5 + header.AROUND


def test_shipped_model(mnist: str, digits: list[Path]) -> None:
    """Digits survive: the drawing of each is nearer to its own original than the mean of all is."""
    originals = [read_image(path).pixels for path in digits]
    (model,) = bilevel_models(mnist)
    bits = np.stack([codec.prepare(Picture(pixels), [model])[model].pixels for pixels in originals])
    drawn = np.stack([decompress(compress(pixels, mnist)) for pixels in originals])
    apart = np.abs(drawn[:, None].astype(int) - bits[None]).sum((2, 3))
    assert (apart.argmin(axis=1) == np.arange(10)).sum() >= 7


@pytest.mark.parametrize("code", ["search", "sample"])
def test_a_file_does_not_depend_on_its_neighbours(mnist: str, digits: list[Path], code: str) -> None:
    models = bilevel_models(mnist)
    pictures = [codec.prepare(read_image(path), models) for path in digits[:3]]
    together = codec.compress_images(pictures, effort=1, code=code)
    alone = [codec.compress_images([picture], effort=1, code=code)[0] for picture in pictures]
    for one, other in zip(together, alone, strict=True):
        assert one.neg_elbo_bits == pytest.approx(other.neg_elbo_bits, abs=0.01)  # of single precision
        assert one == replace(other, neg_elbo_bits=one.neg_elbo_bits, naive_bits=one.naive_bits)
    files = [codec.open_file(one.data) for one in together]
    drawings = codec.draw_images(files, seed=3, samples=2)
    for file, drawing in zip(files, drawings, strict=True):
        assert np.array_equal(codec.draw_images([file], seed=3, samples=2)[0], drawing)


def test_auto_takes_the_shortest_then_the_likeliest(install: Callable[..., Path]) -> None:
    install("long", bits=32)
    install("unlikely", neg_elbo=120.0)
    install("likely", neg_elbo=100.0)
    install("hidden", bits=8, auto=False)
    install("small", bits=8, height=14, width=14)
    models = [info for info in bilevel_models() if info.name in ("long", "unlikely", "likely", "hidden", "small")]
    assert "hidden" not in [info.name for info in models]
    steps: list[tuple[int, int]] = []
    both = [codec.prepare(Picture(pixels), models) for pixels in (BLANK, BLANK[:14, :14])]
    results = codec.compress_images(both, progress=lambda done, total: steps.append((done, total)))
    assert [result.model.name for result in results] == ["likely", "small"]
    assert steps == [(1, 4)] * 4


def test_wrong_size_says_which_sizes_there_are(install: Callable[..., Path]) -> None:
    install("a")
    install("b", height=32, width=48)
    models = [bilevel_models(name)[0] for name in "ab"]
    with pytest.raises(ImageError, match=r"30 x 20 pixels, and a takes 28 x 28, b takes 48 x 32: `fit` resizes"):
        codec.prepare(Picture(np.zeros((20, 30), np.uint8)), models)
    forms = codec.prepare(Picture(np.zeros((20, 30), np.uint8)), models, fit=True)
    assert [picture.size for picture in forms.values()] == [(28, 28), (32, 48)]


def test_no_models_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "list_models", list)
    with pytest.raises(ModelError, match="reinstall"):
        plan(Picture(BLANK), registry.AUTO, Rate())


def test_models_that_begin_alike_are_told_apart(install: Callable[..., Path]) -> None:
    install("one", fingerprint="abcdef" + "0" * 58)
    install("two", fingerprint="abcdef" + "1" * 58)
    for name in ("one", "two"):
        info, _, _ = identify(compress(BLANK, name))
        assert info.name == name
    damaged = compress(BLANK, "one")[:-1] + b"\0"
    with pytest.raises(FormatError, match="checksum"):
        identify(damaged)


def test_drawing_in_batches_changes_nothing(model_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [codec.open_file(compress(BLANK + value, model_name, bits=8 * bits)) for value, bits in [(0, 3), (255, 4)]]
    whole = codec.draw_images(files, samples=3)
    monkeypatch.setattr(codec, "BATCH", 1)
    assert np.array_equal(codec.draw_images(files, samples=3), whole)
    assert whole[0].shape == (3, 28, 28)
