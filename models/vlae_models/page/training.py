"""Training of page models; `loop` has what all kinds of models share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from vlae_codec.families.page.model import ONE

from ..train.loop import Loop, Losses
from ..train.optimiser import Optimiser
from .config import PageRecipe, count_logs
from .net import PageNet
from .samples import load_samples

SAMPLES = "samples.npz"
VALIDATED = 1 << 16
"""Samples by which the averaged network is looked at, which training does not see."""


class PageTrainer(Loop[PageNet]):
    """Trains the model of one recipe; arguments as `kinds.Way` says."""

    max_gradient, unit = 1.0, "bits a pixel"

    def __init__(
        self, recipe: PageRecipe, data: Path, folder: Path, minutes: float | None, device: str, quiet: bool = False
    ) -> None:
        self.train = train = recipe.train
        folder.mkdir(parents=True, exist_ok=True)
        self.samples = load_samples(data, train, folder / SAMPLES, quiet)
        order = np.random.default_rng(train.seed).permutation(len(self.samples.pixels))
        held_out = min(VALIDATED, len(order) // 2)
        self.held_out, self.seen = order[:held_out], order[held_out:]
        self.logs = count_logs().astype(np.float32) / ONE
        torch.manual_seed(train.seed)
        model, average = (PageNet(recipe.model).to(device) for _ in range(2))
        optimiser = Optimiser(model, train.rate, 0.0, torch.optim.Adam)
        super().__init__(recipe, folder, minutes, device, (model, average), optimiser, eased=False)

    def _losses(self) -> Losses:
        # The draw of an update is a function of its number, so that a resumed run draws the same batches.
        random = np.random.default_rng([self.train.seed, self.state.step])
        bits = self._bits(self.model, self.seen[random.integers(len(self.seen), size=self.train.batch)])
        return Losses(bits, torch.zeros(()), bits)

    def _bits(self, net: PageNet, chosen: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> torch.Tensor:
        """Mean code length of some samples."""
        window = torch.from_numpy(np.unpackbits(self.samples.window[chosen], axis=1).astype(np.float32))
        logs = torch.from_numpy(self.logs[self.samples.counts[chosen]])
        pixels = torch.from_numpy(self.samples.pixels[chosen].astype(np.float32)).to(self.device)
        logits = net(window.to(self.device), logs.to(self.device))
        return nn.functional.binary_cross_entropy_with_logits(logits, pixels) / float(np.log(2))

    def _validation(self) -> dict[str, float]:
        return {"bits_a_pixel": round(float(self._bits(self.average, self.held_out)), 5)}
