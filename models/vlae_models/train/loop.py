"""One training loop for every kind of model: seeded, resumable, with averaged weights and a time budget."""

from __future__ import annotations

import csv
import math
import pickle
import time
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import torch
from torch import Tensor, nn
from tqdm import tqdm

from vlae_codec.errors import ModelError

from ..recipe import Recipe, Schedule
from .optimiser import Optimiser

CHECKPOINT = "checkpoint.pt"
"""The file of a training folder that keeps weights, optimiser and progress."""
WARMING, PLANNED = 2, 8
"""Updates before, and during a measurement of the speed."""
SYNCHRONISE_EVERY = 25
"""Updates between two looks at the loss, which wait for the device."""


class Losses(NamedTuple):
    """Means over a batch, scalars: what is minimised, and the parts of the bound."""

    loss: Tensor
    rate: Tensor
    distortion: Tensor


@dataclass
class State:
    """What a checkpoint holds beside the weights."""

    step: int = 0
    seconds: float = 0.0
    rate_weight: float = 1.0
    skipped: int = 0
    log: list[dict[str, float | str]] = field(default_factory=list)


N = TypeVar("N", bound=nn.Module)


class Loop(ABC, Generic[N]):
    """Trains a network in one folder, where checkpoint and log are kept.

    Args:
        recipe: what to train and how.
        folder: where `checkpoint.pt` and `log.csv` go; a checkpoint there is continued.
        minutes: time budget in all, resumed runs counted in; None for the recipe's updates alone.
        device: "cpu" or "cuda".
        nets: the network and the one that averages its weights.
        optimiser: of the network.
        eased: whether the KL's weight starts at a tenth, as soft free bits need for a z that is not yet in use.
    """

    max_gradient: ClassVar[float]
    unit: ClassVar[str]
    validate_minutes: ClassVar[float] = 2.0
    validate_every: ClassVar[int] = 0

    def __init__(
        self,
        recipe: Recipe[Any, Any],
        folder: Path,
        minutes: float | None,
        device: str,
        nets: tuple[N, N],
        optimiser: Optimiser,
        eased: bool,
    ) -> None:
        self.name, self.shapes = recipe.name, recipe.model
        self.schedule: Schedule = recipe.train
        self.folder, self.minutes, self.device = folder, minutes, device
        self.model, self.average = nets
        self.optimiser = optimiser
        self.average.load_state_dict(self.model.state_dict())
        self.average.eval()
        self.state = State(rate_weight=0.1 if eased else 1.0)
        self.skipped_there = torch.zeros((), dtype=torch.int64, device=device)
        self.validated = 0.0
        folder.mkdir(parents=True, exist_ok=True)
        if self.checkpoint.exists():
            self._load(read_checkpoint(self.checkpoint, recipe, device))
            self.validated = self.state.seconds

    @abstractmethod
    def _losses(self) -> Losses:
        """Return the losses on the next step's batch."""

    @abstractmethod
    def _validation(self) -> dict[str, float]:
        """Figures of the averaged network on the validation images, as they go into the log."""

    @property
    def checkpoint(self) -> Path:
        """Where weights, optimiser and progress are kept."""
        return self.folder / CHECKPOINT

    def progress(self) -> float:
        """How much of the training is done, 0 to 1: by updates or by time, whichever is further."""
        done = self.state.step / self.schedule.updates
        return done if self.minutes is None else max(done, self.state.seconds / (60 * self.minutes))

    def left(self) -> float:
        """Return the share of the learning rate that has not faded, 1 to 0."""
        return share_left(self.schedule.hold, self.progress())

    def run(self, quiet: bool = False) -> N:
        """Train to the end of the updates or the time budget; the averaged model comes back."""
        total, done = self.schedule.updates, self.state.step
        bar = tqdm(total=total, initial=done, unit="step", disable=quiet or None, desc=self.name)
        last = time.monotonic()
        while self.progress() < 1:
            if self._validation_is_due():
                self._validate()
                self._save()
            losses = self._step()
            now = time.monotonic()
            self.state.seconds += now - last
            last = now
            bar.update()
            if self.state.step % SYNCHRONISE_EVERY == 0:
                rate, distortion = float(losses.rate.detach()), float(losses.distortion.detach())
                bar.set_postfix_str(f"-ELBO {rate + distortion:.3f} KL {rate:.3f} {self.unit}")
        bar.close()
        self._validate()
        self._save()
        return self.average

    def measured(self, updates: int = PLANNED) -> float:
        """Return the updates a second, over some updates that change the network and are not saved."""
        for _ in range(WARMING):
            float(self._step().loss.detach())
        start = time.monotonic()
        for _ in range(updates):
            losses = self._step()
        float(losses.loss.detach())  # waits for the device
        return updates / (time.monotonic() - start)

    def plan(self, minutes: float) -> dict[str, float]:
        """Return what a budget will reach from here on, by measuring some updates: figures by name."""
        speed = self.measured()
        updates = min(round(60 * minutes * speed), self.schedule.updates)
        return {"updates_a_second": round(speed, 3), "updates": updates}

    def _step(self) -> Losses:
        losses = self._losses()
        self.optimiser.zero_grad()
        losses.loss.backward()  # type: ignore[no-untyped-call]
        if self._clip():
            self.optimiser.step(self.left())
        self.state.step += 1
        self._average()
        if self.schedule.kl_floor:
            self._soft_free_bits(float(losses.rate.detach()))
        return losses

    def _clip(self) -> bool:
        """Scale the gradients down to the largest norm; return whether to step: not along one that is not finite."""
        gradients = [weight.grad for weight in self.model.parameters() if weight.grad is not None]
        norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
        finite = torch.isfinite(norm)
        if self.device == "cpu" and not finite:
            self.state.skipped += 1
            return False
        torch._foreach_mul_(gradients, torch.where(finite, (self.max_gradient / (norm + 1e-6)).clamp(max=1.0), 0.0))
        if self.device != "cpu":
            # To look at the norm would wait for the GPU in every update: what is not finite becomes a step of momentum.
            self.skipped_there += ~finite
            for gradient in gradients:
                gradient.nan_to_num_(0.0, 0.0, 0.0)
        return True

    def _validation_is_due(self) -> bool:
        """Return whether to validate and save before the next update: by updates where that is set, or by the clock."""
        if self.validate_every:
            return self.state.step > 0 and self.state.step % self.validate_every == 0
        return self.state.seconds - self.validated >= 60 * self.validate_minutes

    def _average(self) -> None:
        # A short memory at first, so that the random start does not linger in the average.
        decay = min(self.schedule.average, (1 + self.state.step) / (10 + self.state.step))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.model.parameters()), 1 - decay)

    def _soft_free_bits(self, rate: float) -> None:
        """Ease the KL's weight while the KL is below its floor (Chen et al., appendix C)."""
        floor = self.schedule.kl_floor
        if floor:
            factor = 1.01 if rate > 1.05 * floor else 1 / 1.01 if rate < floor else 1.0
            self.state.rate_weight = min(self._largest_rate_weight(), max(0.01, self.state.rate_weight * factor))

    def _largest_rate_weight(self) -> float:
        """Return the largest weight that the KL may have; at 1 the bound itself is minimised."""
        return 1.0

    @torch.no_grad()
    def _validate(self) -> None:
        self.validated = self.state.seconds
        self.state.skipped += int(self.skipped_there)
        self.skipped_there.zero_()
        row: dict[str, float | str] = {"step": self.state.step, "minutes": round(self.state.seconds / 60, 2)}
        with torch.random.fork_rng():
            torch.manual_seed(0)
            row |= self._validation()
        row |= {"rate_weight": round(self.state.rate_weight, 3), "skipped": self.state.skipped}
        row["device"] = torch.cuda.get_device_name() if self.device == "cuda" else "cpu"
        # A resumed run validates again where it was interrupted.
        self.state.log = [old for old in self.state.log if float(old["step"]) < self.state.step] + [row]
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
            "config": asdict(self.shapes),
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state_all() if self.device == "cuda" else [],
        }
        partial = self.checkpoint.with_suffix(".partial")
        torch.save(tree, partial)
        partial.replace(self.checkpoint)

    def _load(self, tree: dict[str, Any]) -> None:
        self.model.load_state_dict(tree["model"])
        self.average.load_state_dict(tree["average"])
        self.optimiser.load_state_dict(tree["optimiser"])
        self.state = State(**tree["state"])
        torch.set_rng_state(tree["random"].cpu())
        if self.device == "cuda":
            torch.cuda.set_rng_state_all([state.cpu() for state in tree["random_cuda"]])


def read_checkpoint(path: Path, recipe: Recipe[Any, Any], device: str) -> dict[str, Any]:
    """Read a checkpoint that was trained with the shapes of a recipe.

    Raises:
        ModelError: it is missing, cannot be read, or has other shapes.
    """
    if not path.exists():
        raise ModelError(f"{path}: no such checkpoint; train it first: vlae-train {recipe.name} --out {path.parent}")
    try:
        tree: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
        shapes = type(recipe.model)(**tree["config"])  # a key that is newer than the checkpoint has its default
    except (OSError, EOFError, KeyError, RuntimeError, TypeError, pickle.UnpicklingError) as error:
        raise ModelError(f"{path}: cannot be read as a checkpoint ({type(error).__name__})") from error
    if shapes != recipe.model:
        raise ModelError(f"{path}: was trained with other shapes than recipe {recipe.name}; use another folder")
    return tree


def load_average(net: N, folder: Path, recipe: Recipe[Any, Any]) -> N:
    """Give a network the averaged weights of a training folder; return it, in evaluation mode on the CPU.

    Raises:
        ModelError: as `read_checkpoint`.
    """
    net.load_state_dict(read_checkpoint(folder / CHECKPOINT, recipe, "cpu")["average"])
    return net.eval()


def prepare_torch(device: str, threads: int | None) -> str:
    """Set torch's threads (None: as they are) and return the device to train on, "auto" resolved."""
    if threads:
        torch.set_num_threads(threads)
    return ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device


def share_left(hold: float, progress: float) -> float:
    """1 for a share `hold` of the training, then a half cosine to zero."""
    if progress < hold:
        return 1.0
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (progress - hold) / (1 - hold))))
