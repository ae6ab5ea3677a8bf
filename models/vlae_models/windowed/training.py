"""Training of the models of colour pictures; `loop` has what all kinds of models share."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import torch

from ..data.crops import load_photos, load_validation, random_crops, shares
from ..train.loop import Loop, Losses
from ..train.optimiser import ENDS, FIRST, Optimiser
from ..train.precision import has_bfloat16
from .config import WindowedRecipe
from .restore import start_from, start_local
from .start import start_linear_path
from .vlae import Parts, WindowedVLAE, noised

VALIDATION_WIDTHS = (0.0, 2.0, 3.0)
"""Logarithms (base 2) of the widths at which validation looks, if the model is trained for them."""
VALIDATION_POSITIONS = 8192
"""The most pixels of a picture at which validation evaluates the local decoder."""
VALIDATION_PIXELS = 1 << 16
"""Pixels of the pictures that are validated at once."""
STARTED_FROM = 512
"""Crops whose principal components linear paths start from."""


class WindowedTrainer(Loop[WindowedVLAE]):
    """Trains the model of one recipe; arguments as `kinds.Way` says."""

    max_gradient, unit = 5.0, "bits a pixel"

    def __init__(
        self, recipe: WindowedRecipe, data: Path, folder: Path, minutes: float | None, device: str, quiet: bool = False
    ) -> None:
        self.train = recipe.train
        torch.manual_seed(recipe.train.seed)
        self.pictures = load_photos(recipe.data, data, recipe.train.crop, quiet)
        self.often = shares(self.pictures)
        self.validation = load_validation(recipe.data, data)
        model, average = WindowedVLAE(recipe.model), WindowedVLAE(recipe.model)
        self._start(model)
        for net in (model, average):
            net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        adam = functools.partial(torch.optim.Adam, betas=(0.9, 0.99))
        left_out = ENDS if recipe.train.muon_first else (*ENDS, FIRST)
        optimiser = Optimiser(model, recipe.train.rate, recipe.train.muon, adam, left_out)
        eased = self.train.kl_floor > 0 and not self.train.init  # z is in use already where training goes on
        super().__init__(recipe, folder, minutes, device, (model, average), optimiser, eased)

    def _start(self, model: WindowedVLAE) -> None:
        train = self.train
        if train.init_local:
            start_local(model.local, train.init_local)
        if train.init:
            start_from(model, train.init)
        elif model.config.linear_path:
            rng = np.random.default_rng(train.seed)
            crops = random_crops(self.pictures, self.often, STARTED_FROM, train.crop, train.grey, rng, train.turned)
            start_linear_path(model.encoder, model.synthesis, crops, train.base_weight)

    def _losses(self) -> Losses:
        train = self.train
        rng = np.random.default_rng([train.seed, self.state.step])
        crops = random_crops(self.pictures, self.often, train.batch, train.crop, train.grey, rng, train.turned)
        x = torch.from_numpy(crops).to(self.device).permute(0, 3, 1, 2).float()
        span = train.widest - train.finest
        log_width = train.finest + span * torch.from_numpy(rng.random(train.batch)).float().to(self.device)
        noisy = torch.from_numpy(rng.random(train.batch) < train.context_noise).float().to(self.device)
        positions = torch.from_numpy(rng.integers(0, train.crop**2, (train.batch, train.positions))).to(self.device)
        context = torch.where(noisy[:, None, None, None] > 0, noised(x, train.context_noise_range), x)
        base_grad_scale = train.base_grad_scale * (self.left() if train.base_grad_decay else 1.0)
        with torch.autocast(self.device, torch.bfloat16, enabled=has_bfloat16(self.device)):
            parts: Parts = self.model(
                x, log_width, context, noisy, positions, base_grad_scale, train.decoder_grad_scale
            )
        mean = train.base_weight * torch.exp2(-2 * log_width) * parts.squared_error
        loss = (self.state.rate_weight * parts.rate + parts.distortion + mean).mean()
        return Losses(loss, parts.rate.mean(), parts.distortion.mean())

    def _validation(self) -> dict[str, float]:
        train, row = self.train, {}
        for width in [one for one in VALIDATION_WIDTHS if train.finest <= one <= train.widest] or [train.finest]:
            found = self._look(width, noisy=False)
            rate, distortion = float(found.rate.mean()), float(found.distortion.mean())
            row[f"kl_bpp_{width:g}"] = round(rate, 4)
            if self.model.config.latent:
                row[f"psnr_{width:g}"] = round(float((255**2 / found.squared_error).log10().mean()) * 10, 3)
            row[f"bits_subpixel_{width:g}"] = round((rate + distortion) / 3, 4)
            if train.context_noise:
                row[f"noised_{width:g}"] = round(float(self._look(width, noisy=True).distortion.mean()) / 3, 4)
        return row

    def _look(self, width: float, noisy: bool) -> Parts:
        """Return the bound's parts of the validation pictures by the averaged network, (N,) each."""
        size = self.validation.shape[1] ** 2
        positions = torch.randperm(size)[None, :VALIDATION_POSITIONS]
        found: list[Parts] = []
        for part in np.array_split(self.validation, -(-len(self.validation) * size // VALIDATION_PIXELS)):
            x = torch.from_numpy(part).to(self.device).permute(0, 3, 1, 2).float()
            context = noised(x, self.train.context_noise_range) if noisy else x
            flags, widths = x.new_full((len(x),), float(noisy)), x.new_full((len(x),), width)
            found.append(self.average(x, widths, context, flags, positions.expand(len(x), -1).to(self.device)))
        return Parts(*(torch.cat(parts) for parts in zip(*found, strict=True)))
