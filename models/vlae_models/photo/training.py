"""The training loop of the colour model: seeded, resumable, with averaged weights and a time budget."""

from __future__ import annotations

import csv
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from ..training import learning_rate, read_checkpoint
from .crops import load_photos, load_validation, random_crops, shares
from .recipe import PhotoRecipe
from .restore import start_local
from .start import start_straight
from .vlae import Parts, PhotoVLAE, drifted

VALIDATE_EVERY = 500
VALIDATION_WIDTHS = (0.0, 2.0, 3.0)
"""Logarithms (base 2) of the widths at which validation looks, if the model is trained for them."""
VALIDATION_PLACES = 8192
"""The most pixels of a picture at which validation evaluates the local decoder."""
VALIDATION_PIXELS = 1 << 16
"""Pixels of the pictures that are validated at once."""
MAX_GRADIENT = 5.0
STARTED_FROM = 512
"""Crops whose principal components linear paths start from."""


@dataclass
class State:
    """What a checkpoint holds beside the weights."""

    step: int = 0
    seconds: float = 0.0
    rate_weight: float = 1.0
    skipped: int = 0
    log: list[dict[str, float]] = field(default_factory=list)


class PhotoTrainer:
    """Trains the model of one recipe in one folder, where checkpoint and log are kept.

    Args:
        recipe: what to train and how.
        data: folder of the data sets.
        folder: where `checkpoint.pt` and `log.csv` go; a checkpoint there is continued.
        minutes: time budget in all, resumed runs counted in; None for the recipe's updates alone.
        device: "cpu" or "cuda".
        quiet: show no progress.
    """

    def __init__(
        self, recipe: PhotoRecipe, data: Path, folder: Path, minutes: float | None, device: str, quiet: bool = False
    ) -> None:
        self.recipe, self.folder, self.minutes, self.device, self.quiet = recipe, folder, minutes, device, quiet
        torch.manual_seed(recipe.train.seed)
        self.pictures = load_photos(recipe.data, data, recipe.train.crop, quiet)
        self.often = shares(self.pictures)
        self.validation = load_validation(recipe.data, data)
        self.model, self.average = PhotoVLAE(recipe.model).to(device), PhotoVLAE(recipe.model).to(device)
        self._start()
        for net in (self.model, self.average):
            net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average.load_state_dict(self.model.state_dict())
        self.average.eval()
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=recipe.train.rate, betas=(0.9, 0.99))
        self.state = State(rate_weight=0.1 if recipe.train.kl_floor else 1.0)
        folder.mkdir(parents=True, exist_ok=True)
        if self.checkpoint.exists():
            self._load()

    def _start(self) -> None:
        train, model = self.recipe.train, self.model
        if train.init:
            start_local(model.local, train.init)
        if self.recipe.model.straight:
            rng = np.random.default_rng(train.seed)
            crops = random_crops(self.pictures, self.often, STARTED_FROM, train.crop, train.grey, rng, train.turned)
            start_straight(model.encoder, model.synthesis, crops)

    @property
    def checkpoint(self) -> Path:
        """Where weights, optimiser and progress are kept."""
        return self.folder / "checkpoint.pt"

    def progress(self) -> float:
        """How much of the training is done, 0 to 1: by updates or by time, whichever is further."""
        done = self.state.step / self.recipe.train.updates
        return done if self.minutes is None else max(done, self.state.seconds / (60 * self.minutes))

    def run(self) -> PhotoVLAE:
        """Train to the end of the updates or the time budget; the averaged model comes back."""
        bar = tqdm(
            total=self.recipe.train.updates, initial=self.state.step, unit="step", disable=self.quiet or None,
            desc=self.recipe.name,
        )  # fmt: skip
        last = time.monotonic()
        while self.progress() < 1:
            if self.state.step % VALIDATE_EVERY == 0 and self.state.step:
                self._validate()
                self._save()
            parts = self._step()
            now = time.monotonic()
            self.state.seconds += now - last
            last = now
            bar.update()
            if self.state.step % 50 == 0:
                rate, distortion, error = (float(part.detach().mean()) for part in parts)
                bar.set_postfix_str(f"KL {rate:.3f} + {distortion:.2f} bits a pixel, squared error {error:.0f}")
        bar.close()
        self._validate()
        self._save()
        return self.average

    def _step(self) -> Parts:
        train = self.recipe.train
        rng = np.random.default_rng([train.seed, self.state.step])
        crops = random_crops(self.pictures, self.often, train.batch, train.crop, train.grey, rng, train.turned)
        x = torch.from_numpy(crops).to(self.device).permute(0, 3, 1, 2).float()
        span = train.widest - train.finest
        log_width = train.finest + span * torch.from_numpy(rng.random(train.batch)).float().to(self.device)
        drifts = torch.from_numpy(rng.random(train.batch) < train.drift).float().to(self.device)
        places = torch.from_numpy(rng.integers(0, train.crop**2, (train.batch, train.places))).to(self.device)
        context = torch.where(drifts[:, None, None, None] > 0, drifted(x, train.drift_range), x)
        rate = learning_rate(train, self.progress())
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        asked = rate / train.rate if train.mean_fades else 1.0
        with torch.autocast(self.device, torch.bfloat16):
            parts: Parts = self.model(x, log_width, context, drifts, places, asked)
        weight = train.mean_weight * torch.exp2(-2 * log_width)
        loss = (self.state.rate_weight * parts.rate + parts.distortion + weight * parts.squared_error).mean()
        self._update(loss)
        self._soft_free_bits(float(parts.rate.detach().mean()))
        return parts

    def _soft_free_bits(self, rate: float) -> None:
        """Ease the KL's weight while the KL is below its floor (Chen et al., appendix C)."""
        floor = self.recipe.train.kl_floor
        if floor:
            factor = 1.01 if rate > 1.05 * floor else 1 / 1.01 if rate < floor else 1.0
            self.state.rate_weight = min(1.0, max(0.01, self.state.rate_weight * factor))

    def _update(self, loss: Tensor) -> None:
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), MAX_GRADIENT)
        if torch.isfinite(norm):
            self.optimiser.step()
        else:
            self.state.skipped += 1
        self.state.step += 1
        # A short memory at first, so that the random start does not linger in the average.
        decay = min(self.recipe.train.average, (1 + self.state.step) / (10 + self.state.step))
        with torch.no_grad():
            for kept, new in zip(self.average.parameters(), self.model.parameters(), strict=True):
                kept.lerp_(new, 1 - decay)

    @torch.no_grad()
    def _validate(self) -> None:
        row: dict[str, Any] = {"step": self.state.step, "minutes": round(self.state.seconds / 60, 2)}
        train = self.recipe.train
        widths = [one for one in VALIDATION_WIDTHS if train.finest <= one <= train.widest] or [train.finest]
        with torch.random.fork_rng():
            torch.manual_seed(0)
            for width in widths:
                found = self._look(width, drifting=False)
                rate, distortion = float(found.rate.mean()), float(found.distortion.mean())
                row |= {f"kl_bpp_{width:g}": round(rate, 4)}
                if self.recipe.model.latent:
                    row[f"psnr_{width:g}"] = round(float((255**2 / found.squared_error).log10().mean()) * 10, 3)
                row[f"bits_subpixel_{width:g}"] = round((rate + distortion) / 3, 4)
                if train.drift:
                    row[f"drifting_{width:g}"] = round(float(self._look(width, drifting=True).distortion.mean()) / 3, 4)
        row |= {"rate_weight": round(self.state.rate_weight, 3), "skipped": self.state.skipped}
        # A resumed run validates again where it was interrupted.
        self.state.log = [old for old in self.state.log if old["step"] < self.state.step] + [row]
        with (self.folder / "log.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, row)
            writer.writeheader()
            writer.writerows(self.state.log)

    def _look(self, width: float, drifting: bool) -> Parts:
        """What the validation pictures cost by the averaged network, (N,) each."""
        size = self.validation.shape[1] ** 2
        places = torch.randperm(size)[None, :VALIDATION_PLACES]
        found: list[Parts] = []
        for part in np.array_split(self.validation, -(-len(self.validation) * size // VALIDATION_PIXELS)):
            x = torch.from_numpy(part).to(self.device).permute(0, 3, 1, 2).float()
            context = drifted(x, self.recipe.train.drift_range) if drifting else x
            flags, widths = x.new_full((len(x),), float(drifting)), x.new_full((len(x),), width)
            found.append(self.average(x, widths, context, flags, places.expand(len(x), -1).to(self.device)))
        return Parts(*(torch.cat(parts) for parts in zip(*found, strict=True)))

    def _save(self) -> None:
        tree = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "state": asdict(self.state),
            "config": asdict(self.recipe.model),
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state_all() if self.device == "cuda" else [],
        }
        partial = self.checkpoint.with_suffix(".partial")
        torch.save(tree, partial)
        partial.replace(self.checkpoint)

    def _load(self) -> None:
        tree = read_checkpoint(self.checkpoint, self.recipe, self.device)
        self.model.load_state_dict(tree["model"])
        self.average.load_state_dict(tree["average"])
        self.optimiser.load_state_dict(tree["optimiser"])
        self.state = State(**tree["state"])
        torch.set_rng_state(tree["random"].cpu())
        if self.device == "cuda":
            torch.cuda.set_rng_state_all([state.cpu() for state in tree["random_cuda"]])
