"""One training loop for every recipe: seeded, resumable, with averaged weights and a time budget."""

from __future__ import annotations

import csv
import math
import pickle
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from vlae_codec.errors import ModelError

from .batches import batch_of, draw_batch
from .data import WHITE, Images, binarise, load_ink
from .photo.recipe import PhotoRecipe
from .recipe import Recipe
from .vlae import VLAE, Bound
from .warm_start import start_from

VALIDATE_EVERY = 500
MAX_GRADIENT = 200.0


@dataclass
class State:
    """What a checkpoint holds beside the weights."""

    step: int = 0
    seconds: float = 0.0
    rate_weight: float = 1.0
    skipped: int = 0
    log: list[dict[str, float]] = field(default_factory=list)


class Trainer:
    """Trains the model of one recipe in one folder, where checkpoint and log are kept.

    Args:
        recipe: what to train and how.
        data: folder of the data sets.
        folder: where `checkpoint.pt` and `log.csv` go; a checkpoint there is continued.
        minutes: time budget in all, resumed runs counted in; None for the recipe's updates alone.
        device: "cpu" or "cuda".
    """

    def __init__(self, recipe: Recipe, data: Path, folder: Path, minutes: float | None, device: str) -> None:
        self.recipe, self.folder, self.minutes, self.device = recipe, folder, minutes, device
        torch.manual_seed(recipe.train.seed)
        ink = load_ink(recipe.data, data)
        train = np.concatenate([ink.train, ink.valid]) if recipe.train.use_valid else ink.train
        self.train_ink, self.valid_images = as_tensor(train) / WHITE, as_tensor(binarise(ink.valid, 1))
        self.model = VLAE(recipe.model, recipe.train.dropout).to(device)
        if recipe.train.init:
            start_from(self.model, recipe.train.init)
        self.average = VLAE(recipe.model).to(device)
        for net in (self.model, self.average):
            net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average.load_state_dict(self.model.state_dict())
        self.average.eval()
        self.optimiser = torch.optim.Adamax(self.model.parameters(), lr=recipe.train.rate)
        eased = recipe.train.kl_floor and not recipe.train.init  # z is in use already where training goes on
        self.state = State(rate_weight=0.1 if eased else 1.0)
        folder.mkdir(parents=True, exist_ok=True)
        if self.checkpoint.exists():
            self._load()

    @property
    def checkpoint(self) -> Path:
        """Where weights, optimiser and progress are kept."""
        return self.folder / "checkpoint.pt"

    def progress(self) -> float:
        """How much of the training is done, 0 to 1: by updates or by time, whichever is further."""
        done = self.state.step / self.recipe.train.updates
        return done if self.minutes is None else max(done, self.state.seconds / (60 * self.minutes))

    def run(self, quiet: bool = False) -> VLAE:
        """Train to the end of the updates or the time budget; the averaged model comes back."""
        train = self.recipe.train
        bar = tqdm(
            total=train.updates, initial=self.state.step, unit="step", disable=quiet or None, desc=self.recipe.name
        )
        last = time.monotonic()
        while self.progress() < 1:
            if self.state.step % VALIDATE_EVERY == 0 and self.state.step:
                self._validate()
                self._save()
            bound = self._step()
            now = time.monotonic()
            self.state.seconds += now - last
            last = now
            bar.update()
            if self.state.step % 50 == 0:
                rate, distortion = float(bound.rate.detach().mean()), float(bound.distortion.detach().mean())
                bar.set_postfix_str(f"-ELBO {rate + distortion:.2f} KL {rate:.2f} nats")
        bar.close()
        self._validate()
        self._save()
        return self.average

    def _step(self) -> Bound:
        train, step = self.recipe.train, self.state.step
        x = draw_batch(batch_of(self.train_ink, step, train), step, train)
        bound_parts = self._losses(x.to(self.device))
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(train, self.progress())
        self.optimiser.zero_grad(set_to_none=True)
        loss, bound = bound_parts
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), MAX_GRADIENT)
        if torch.isfinite(norm):
            self.optimiser.step()
        else:
            self.state.skipped += 1
        self.state.step += 1
        self._average()
        self._soft_free_bits(float(bound.rate.detach().mean()))
        return bound

    def _losses(self, x: Tensor) -> tuple[Tensor, Bound]:
        train = self.recipe.train
        with torch.autocast(self.device, torch.bfloat16):
            bound: Bound = self.model(x)
        rate = bound.rate.mean()
        if self.state.step < train.free_updates:
            rate = bound.rate_per_dim.mean(0).clamp(min=train.free_bits).sum()  # Kingma et al. (2016), free bits
        # The auxiliary decoder's weight fades with the learning rate: what is released is an optimum of the bound.
        auxiliary = train.auxiliary * learning_rate(train, self.progress()) / train.rate * bound.auxiliary.mean()
        loss = self.state.rate_weight * rate + bound.distortion.mean() + auxiliary
        return loss, bound

    def _average(self) -> None:
        # A short memory at first, so that the random start does not linger in the average.
        decay = min(self.recipe.train.average, (1 + self.state.step) / (10 + self.state.step))
        with torch.no_grad():
            for kept, new in zip(self.average.parameters(), self.model.parameters(), strict=True):
                kept.lerp_(new, 1 - decay)

    def _soft_free_bits(self, rate: float) -> None:
        """Ease the KL's weight while the KL is below its floor (Chen et al., appendix C).

        As the learning rate fades, the weight may also rise above 1, up to the recipe's `kl_weight`, while the KL is
        more than 5 % above its floor.
        """
        train = self.recipe.train
        if train.kl_floor:
            factor = 1.01 if rate > 1.05 * train.kl_floor else 1 / 1.01 if rate < train.kl_floor else 1.0
            faded = 1 - learning_rate(train, self.progress()) / train.rate
            most = 1 + (train.kl_weight - 1) * faded
            self.state.rate_weight = min(most, max(0.01, self.state.rate_weight * factor))

    @torch.no_grad()
    def _validate(self) -> None:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            parts = [self.average(part.to(self.device)) for part in torch.split(self.valid_images, 500)]
        means = {name: float(torch.cat([getattr(part, name) for part in parts]).mean()) for name in Bound._fields}
        rate, distortion, auxiliary = means["rate"], means["distortion"], means["auxiliary"]
        active = float((torch.cat([p.rate_per_dim for p in parts]).mean(0) > 0.01).sum())
        row = {
            "step": self.state.step,
            "minutes": round(self.state.seconds / 60, 2),
            "neg_elbo_nats": round(rate + distortion, 3),
            "kl_nats": round(rate, 3),
            "distortion_nats": round(distortion, 3),
            "auxiliary_nats": round(auxiliary, 3),
            "active_dims": active,
            "rate_weight": round(self.state.rate_weight, 3),
            "skipped": self.state.skipped,
        }
        # A resumed run validates again where it was interrupted.
        self.state.log = [old for old in self.state.log if old["step"] < self.state.step] + [row]
        with (self.folder / "log.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, row)
            writer.writeheader()
            writer.writerows(self.state.log)

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


def read_checkpoint(path: Path, recipe: Recipe | PhotoRecipe, device: str) -> dict[str, Any]:
    """The contents of a checkpoint that was trained with the shapes of a recipe.

    Raises:
        ModelError: it cannot be read, or it has other shapes.
    """
    try:
        tree: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
        # A setting that is younger than the checkpoint had its default.
        shapes = {**asdict(type(recipe.model)()), **tree["config"]}
    except (OSError, EOFError, KeyError, RuntimeError, TypeError, pickle.UnpicklingError) as error:
        raise ModelError(f"{path}: cannot be read as a checkpoint ({type(error).__name__})") from error
    if shapes != asdict(recipe.model):
        raise ModelError(f"{path}: was trained with other shapes than recipe {recipe.name}; use another folder")
    return tree


def prepare_torch(device: str, threads: int | None) -> str:
    """The device to train on, "auto" resolved; torch computes with so many threads (None: as it is)."""
    if threads:
        torch.set_num_threads(threads)
    return ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device


def as_tensor(images: Images) -> Tensor:
    """Float tensor (N, 1, H, W) of uint8 images (N, H, W)."""
    return torch.from_numpy(images).unsqueeze(1).float()


class Schedule(Protocol):
    """A learning rate, and for which share of the training it is held."""

    @property
    def rate(self) -> float:
        """The rate at first."""

    @property
    def hold(self) -> float:
        """The share."""


def learning_rate(train: Schedule, progress: float) -> float:
    """Constant, then a half cosine to zero over the last 1 - hold of the training."""
    if progress < train.hold:
        return train.rate
    return train.rate * 0.5 * (1 + math.cos(math.pi * min(1.0, (progress - train.hold) / (1 - train.hold))))


def load_trained(folder: Path, recipe: Recipe) -> VLAE:
    """The averaged model of a training folder, in evaluation mode on the CPU.

    Raises:
        ModelError: there is no checkpoint, or it has other shapes than the recipe.
    """
    path = folder / "checkpoint.pt"
    if not path.exists():
        raise ModelError(f"{path}: no such checkpoint; train it first: vlae-train {recipe.name} --out {folder}")
    model = VLAE(recipe.model)
    model.load_state_dict(read_checkpoint(path, recipe, "cpu")["average"])
    model.eval()
    return model
