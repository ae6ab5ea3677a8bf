"""Training of models with labels: the bound given the label, and a classifier q(y|x) on the encoder's features.

Two further terms teach what edits need: the noise in an image's z by the prior p(z|y), under any label y', is decoded.
The auxiliary decoder's mean image should be read as y' by q(y|x), whose weights are held; and the local decoder's be as
thick and as slanted among the images of y' as that of z under y is among those of y. Without the latter noise means in
each class what it happens to: nothing in the bound says that what makes a 1 thick makes a 0 thick.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..data.sets import load_labels
from ..nets.label import one_hot
from ..nets.vlae import VLAE, Bound, sample
from ..recipe import BilevelRecipe
from .batches import batch_of, draw_batch
from .bilevel import Trainer
from .label_start import start_labels
from .style import ClassStyles

VALID_STEP = 5
"""Of the validation images each fifth is looked at: they are read several times."""
STYLED = 10_000
"""Most images by which styles within classes are measured."""


class LabelledTrainer(Trainer):
    """Trains a model with labels; arguments as of `Trainer`.

    A model that starts from another gets what that one lacks fitted first.
    """

    validate_minutes = 12.0

    def __init__(
        self, recipe: BilevelRecipe, data: Path, folder: Path, minutes: float | None, device: str, quiet: bool = False
    ) -> None:
        super().__init__(recipe, data, folder, minutes, device, quiet)
        labels = load_labels(recipe.train.ink or recipe.data, data)
        seen = np.concatenate([labels.train, labels.valid]) if recipe.train.use_valid else labels.train
        self.valid_images = self.valid_images[::VALID_STEP]
        self.train_labels, self.valid_labels = (
            torch.from_numpy(part.astype(np.int64)) for part in (seen, labels.valid[::VALID_STEP])
        )
        step = -(-len(seen) // STYLED)
        ink, own = self.train_ink[::step], self.train_labels[::step]
        self.styles = ClassStyles(draw_batch(ink, 0, recipe.train).to(device), own.to(device))
        if recipe.train.init and not self.state.step:
            start_labels(self.model, self.train_ink, self.train_labels, recipe.train)
            self.average.load_state_dict(self.model.state_dict())
        self.average.requires_grad_(False)

    def _costs(self, x: Tensor) -> tuple[Bound, Tensor | float]:
        net, train = self.model, self.train
        label = batch_of(self.train_labels, self.state.step, train).to(self.device)
        known = one_hot(label, net.config.labels)
        h = net.encoder.trunk(x)
        mean, log_scale = net.encoder.head(h)
        z = sample(mean, log_scale)
        cost = train.label * F.cross_entropy(net.label(h).float(), label)
        if train.edit or train.style:
            cost = cost + self._edit_cost(label, z)
        return net.bound(x, known, mean, log_scale, z), cost

    def _edit_cost(self, label: Tensor, z: Tensor) -> Tensor:
        """Return what edits of half of a batch cost, a scalar: labels (B,), latents (B, D)."""
        net, train, half = self.model, self.train, len(z) // 2
        label, z = label[:half], z[:half]
        known = one_hot(label, net.config.labels)
        other = torch.randint(net.config.labels, (half,), device=self.device)
        whole, drawn = expected_images(net, relabelled(net, z, known, other), other)
        cost = train.edit * F.cross_entropy(self._read(whole).float(), other)
        if train.style:
            with torch.no_grad():
                style = self.styles(expected_images(net, z, label)[1], label)
            cost = cost + train.style * F.smooth_l1_loss(self.styles(drawn, other), style)
        return cost

    def _read(self, x: Tensor) -> Tensor:
        """Return the logits of q(y|x) by the averaged weights, which get no gradient."""
        logits: Tensor = self.average.label(self.average.encoder.trunk(x))
        return logits

    def _validation(self) -> dict[str, float]:
        """Return figures as of any model, under the inferred label, and two shares.

        They are the images whose label is misread, and those whose noise under another label is not read as that.
        """
        wrong = {"label": 0, "edit": 0}
        net, part = self.average, 500
        for start in range(0, len(self.valid_labels), part):
            x = self.valid_images[start : start + part].to(self.device)
            label = self.valid_labels[start : start + part].to(self.device)
            h = net.encoder.trunk(x)
            z, other = sample(*net.encoder.head(h)), label.roll(1)
            edited = relabelled(net, z, one_hot(label, net.config.labels), other)
            wrong["label"] += int((net.label(h).argmax(1) != label).sum())
            wrong["edit"] += int((self._read(expected_images(net, edited, other)[0]).argmax(1) != other).sum())
        count = len(self.valid_labels)
        shares = {f"{name}_errors": round(number / count, 4) for name, number in wrong.items()}
        return {**super()._validation(), **shares}


def relabelled(net: VLAE, z: Tensor, known: Tensor, other: Tensor) -> Tensor:
    """Return latents (B, D) of the same noise under other labels (B,); the known ones are one-hot, (B, K)."""
    noise, _ = net.prior.flow(z, known)
    return net.prior.sample(noise, one_hot(other, net.config.labels))


def expected_images(net: VLAE, z: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
    """Return two mean images (B, 1, 28, 28) of latents under labels (B,): the auxiliary and the local decoder's.

    The local decoder's windows are of the auxiliary one's picture. That one's own weights get no gradient: they follow
    the features that pictures are drawn from.
    """
    features = net.features(z, one_hot(label, net.config.labels))
    weight, bias = (part.detach() for part in net.auxiliary.parameters())
    whole = torch.sigmoid(F.conv2d(features, weight, bias))
    return whole, torch.sigmoid(net.local((whole > 0.5).float(), features)).unsqueeze(1)
