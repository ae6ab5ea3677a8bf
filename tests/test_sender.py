"""What the sender chooses: bits and quality of fixed pictures stay within 1 % of what they were."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.sender_figures import figures

EXPECTED = json.loads((Path(__file__).parent / "sender.json").read_text())


def test_bits_and_quality_stay() -> None:
    found = figures()
    assert found.keys() == EXPECTED.keys()
    for name, values in EXPECTED.items():
        for key, value in values.items():
            # A byte or two of a tiny file is more than a percent.
            slack = 2.0 if key in ("bytes", "archive") else 1e-4
            assert found[name][key] == pytest.approx(value, rel=0.01, abs=slack), f"{name}: {key}"
