"""Whether layers are computed in bfloat16 where that suffices."""

from __future__ import annotations

import torch

WITHOUT = ("DEFAULT", "AVX2")
"""Processors, by torch's names, that have no instructions for bfloat16: it is emulated, at a fraction of the speed."""


def has_bfloat16(device: str) -> bool:
    """Return whether a device ("cpu" or "cuda") computes in bfloat16 at least as fast as in float32."""
    return device != "cpu" or torch.backends.cpu.get_cpu_capability() not in WITHOUT
