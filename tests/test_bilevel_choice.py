"""Which model an archive of black and white takes: the best one of a probe of its pictures."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from vlae_codec.families import registry
from vlae_codec.families.bilevel import archive
from vlae_codec.model.info import ModelInfo

MODELS = [ModelInfo(str(kind), f"{kind}" * 64, 28, 28, True, Path(), True) for kind in range(2)]


@pytest.fixture
def probed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let model 0 be good at pictures of 0 and model 1 at those of 1; return how many pictures each look took."""
    counts = list[int]()

    def rates(model: ModelInfo, images: Any, _: Any) -> SimpleNamespace:
        counts.append(len(images))
        return SimpleNamespace(neg_elbo=np.where(images[:, 0, 0] == int(model.name), 100.0, 150.0))

    monkeypatch.setattr(registry, "load", lambda info, *_: info)
    monkeypatch.setattr(archive, "posterior_of", lambda model, images: None)
    monkeypatch.setattr(archive, "rates", rates)
    return counts


def stack(kinds: list[int]) -> np.ndarray:
    return np.broadcast_to(np.array(kinds, np.uint8)[:, None, None], (len(kinds), 28, 28))


@pytest.mark.usefixtures("probed")
@pytest.mark.parametrize("odd", [0, 1])
@pytest.mark.parametrize("count", [1, 2, 40, 500, 1000])
def test_the_most_pictures_decide_wherever_they_stand(odd: int, count: int) -> None:
    most = 1 - odd
    assert archive.choose_model(MODELS, stack([most] * count)) is MODELS[most]
    if count > 2:
        for some in (1, 2 * count // 5):
            first, last = [odd] * some + [most] * (count - some), [most] * (count - some) + [odd] * some
            assert archive.choose_model(MODELS, stack(first)) is MODELS[most]
            assert archive.choose_model(MODELS, stack(last)) is MODELS[most]


def test_many_pictures_are_no_more_work_than_some(probed: list[int]) -> None:
    for count in (5, 10_000, 90_000):
        archive.choose_model(MODELS, stack([0] * count))
    assert probed[0] == 5 and 20 < probed[2] < 200
    assert probed[2] == pytest.approx(probed[4], abs=2)


def test_models_of_other_sizes_and_single_ones_need_no_look(probed: list[int]) -> None:
    large = ModelInfo("large", "c" * 64, 32, 32, True, Path(), True)
    assert archive.choose_model([large, MODELS[1]], stack([0, 0])) is MODELS[1]
    assert not probed
