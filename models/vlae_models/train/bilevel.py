"""Training of the models of bilevel images; `loop` has what all kinds of models share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..data.sets import WHITE, binarise, load_ink
from ..nets.vlae import VLAE, Bound, as_tensor
from ..recipe import BilevelRecipe
from .batches import batch_of, draw_batch
from .loop import Loop, Losses, load_average
from .optimiser import Optimiser
from .precision import has_bfloat16
from .warm_start import start_from


class Trainer(Loop[VLAE]):
    """Trains the model of one recipe; arguments as `kinds.Way` says."""

    max_gradient, unit = 200.0, "nats"

    def __init__(
        self, recipe: BilevelRecipe, data: Path, folder: Path, minutes: float | None, device: str, quiet: bool = False
    ) -> None:
        self.train = train = recipe.train
        torch.manual_seed(train.seed)
        ink = load_ink(train.ink or recipe.data, data)
        seen = np.concatenate([ink.train, ink.valid]) if train.use_valid else ink.train
        self.train_ink, self.valid_images = as_tensor(seen) / WHITE, as_tensor(binarise(ink.valid, 1))
        model = VLAE(recipe.model, train.dropout)
        if train.init:
            start_from(model, train.init)
        average = VLAE(recipe.model)
        for net in (model, average):
            net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimiser = Optimiser(model, train.rate, train.muon, torch.optim.Adamax)
        eased = train.kl_floor > 0 and not train.init  # z is in use already where training goes on
        super().__init__(recipe, folder, minutes, device, (model, average), optimiser, eased)

    def _losses(self) -> Losses:
        train, step = self.train, self.state.step
        x = draw_batch(batch_of(self.train_ink, step, train), step, train).to(self.device)
        with torch.autocast(self.device, torch.bfloat16, enabled=has_bfloat16(self.device)):
            bound, label_cost = self._costs(x)
        rate, distortion = bound.rate.mean(), bound.distortion.mean()
        counted = rate
        if step < train.free_updates:
            counted = bound.rate_per_dim.mean(0).clamp(min=train.free_bits).sum()  # Kingma et al. (2016), free bits
        # The auxiliary decoder's weight fades with the learning rate: what is released is an optimum of the bound.
        auxiliary = train.auxiliary * self.left() * bound.auxiliary.mean()
        return Losses(self.state.rate_weight * counted + distortion + auxiliary + label_cost, rate, distortion)

    def _costs(self, x: Tensor) -> tuple[Bound, Tensor | float]:
        """Return the bound's parts of a batch, and what else is minimised."""
        return self.model(x), 0.0

    def _largest_rate_weight(self) -> float:
        """As the learning rate fades, the KL's weight may rise to the recipe's `kl_weight`."""
        return 1 + (self.train.kl_weight - 1) * (1 - self.left())

    def _validation(self) -> dict[str, float]:
        parts = [self.average(part.to(self.device)) for part in torch.split(self.valid_images, 500)]
        means = {name: float(torch.cat([getattr(part, name) for part in parts]).mean()) for name in Bound._fields}
        rate, distortion, auxiliary = means["rate"], means["distortion"], means["auxiliary"]
        return {
            "neg_elbo_nats": round(rate + distortion, 3),
            "kl_nats": round(rate, 3),
            "distortion_nats": round(distortion, 3),
            "auxiliary_nats": round(auxiliary, 3),
            "active_dims": float((torch.cat([p.rate_per_dim for p in parts]).mean(0) > 0.01).sum()),
        }


def load_trained(folder: Path, recipe: BilevelRecipe) -> VLAE:
    """Load the averaged model of a training folder, in evaluation mode on the CPU.

    Raises:
        ModelError: there is no checkpoint, or it has other shapes than the recipe.
    """
    return load_average(VLAE(recipe.model), folder, recipe)
