"""Where bfloat16 would be emulated, networks compute in float32."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from vlae_models.photo.config import PhotoConfig  # noqa: E402
from vlae_models.photo.vlae import PhotoVLAE  # noqa: E402
from vlae_models.train.muon import orthogonal  # noqa: E402
from vlae_models.train.precision import has_bfloat16  # noqa: E402


@pytest.mark.parametrize(("capability", "has"), [("DEFAULT", False), ("AVX2", False), ("AVX512", True)])
def test_precision_goes_by_the_processor(capability: str, has: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    assert has_bfloat16("cpu") is has and has_bfloat16("cuda")
    assert orthogonal(torch.eye(4)[None]).dtype == (torch.bfloat16 if has else torch.float32)


def test_nothing_is_reduced_on_a_processor_without(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    shape = PhotoConfig(
        widths=(8, 8, 8),
        analysis_blocks=(1, 1, 1),
        synthesis_blocks=(1, 1, 1),
        slices=(4, 4),
        hyper=4,
        middle=8,
        head=8,
    )
    net, levels, quality = PhotoVLAE(shape, 6e-5, 6.5), 255 * torch.rand(1, 3, 192, 192), torch.full((1,), 0.5)
    drawn = {}
    for capability in ("AVX2", "AVX512"):
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda name=capability: name)
        parts = (net(levels, quality, hard=True, start=1, reduced=reduced) for reduced in (False, True))
        drawn[capability] = [float(part.squared_error) for part in parts]
    assert drawn["AVX2"][0] == drawn["AVX2"][1] and drawn["AVX512"][0] != drawn["AVX512"][1]
