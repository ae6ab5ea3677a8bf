"""The precision that a device multiplies matrices in where bfloat16 suffices."""

from __future__ import annotations

import torch

WITHOUT = ("DEFAULT", "AVX2")
"""Processors, by torch's names, that have no instructions for bfloat16: it is emulated, at a fraction of the speed."""


def reduced(device: str) -> torch.dtype:
    """Return bfloat16, or float32 where the device ("cpu" or "cuda") would emulate it."""
    emulated = device == "cpu" and torch.backends.cpu.get_cpu_capability() in WITHOUT
    return torch.float32 if emulated else torch.bfloat16
