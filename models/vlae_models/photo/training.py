"""Training of photo models; `loop` has what all kinds of models share."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from vlae_codec.errors import ModelError
from vlae_codec.families.registry import find_model, read_tree
from vlae_codec.model.folder import WEIGHTS, read_arrays, read_limited
from vlae_codec.model.info import PHOTO
from vlae_codec.model.limits import MAX_FILE

from ..data.held_out import validation_crops
from ..data.sampler import Mix, Sampler
from ..data.shards import load_training
from ..train.loop import Loop, Losses, read_checkpoint
from ..train.optimiser import Optimiser
from .config import PhotoRecipe, PhotoTraining
from .growth import grow, renew_channels, smaller
from .nets import Gains, Residual, conv
from .restore import restore_photo
from .vlae import STRUCTURE_UNIT, Parts, PhotoVLAE, start_linear

QUALITIES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Qualities at which validation looks."""
STARTED_FROM = 256
"""Crops whose principal components, or those of what a restored model loses of them, linear paths start from."""
WATCHED = 64
"""Crops on which units of a restored model have to fire once, or start anew."""
LEFT_OUT = ("stem", "out", "linear")
"""Layers that Muon leaves to Adam: first, last and linear ones, each with a scale of its own."""
LOSS_SCALES = 1
"""Scales that MS-SSIM leaves out in training: the finest has 4 % of the weight and most of the work."""

Cost = Callable[[Tensor, Tensor], Parts]


class PhotoTrainer(Loop[PhotoVLAE]):
    """Trains the model of one recipe in one folder, where checkpoint and log are kept.

    Args:
        recipe: what to train and how.
        data: folder of the data sets, or of packed shards of them.
        folder: where `checkpoint.pt` and `log.csv` go; a checkpoint there is continued.
        minutes: time budget in all, resumed runs counted in; None for the recipe's updates alone.
        device: "cpu" or "cuda".
        quiet: show no progress while pictures are read.
    """

    max_gradient, unit = 1.0, "bits a pixel"

    def __init__(
        self, recipe: PhotoRecipe, data: Path, folder: Path, minutes: float | None, device: str, quiet: bool = False
    ) -> None:
        self.train = train = recipe.train
        torch.manual_seed(train.seed)
        self.random = torch.Generator(device)
        mix = Mix(train.drawn, train.grey, train.halved)
        self.sampler = Sampler(load_training(data, folder / "shards"), train.crop, mix, device)
        self.validation = validation_crops(data)
        model, average = (PhotoVLAE(recipe.model, train.coarsest, train.log_range) for _ in range(2))
        self.random.manual_seed(train.seed)
        for net in (model, average):
            net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        if train.init:
            start_from(model, recipe, folder.parent / train.init)
        elif train.restore:
            restore_released(model, train)
            renew_channels(model, self._crops(STARTED_FROM))
            revive(model, self._crops(WATCHED))
        else:
            start_linear(model, self._crops(STARTED_FROM))
        optimiser = Optimiser(
            model, train.rate, train.muon, functools.partial(adam, model, train), LEFT_OUT, train.muon_decay
        )
        super().__init__(recipe, folder, minutes, device, (model, average), optimiser, eased=False)
        self.flops = update_flops(model, train.batch, train.crop)
        self.cost: Cost = self._plain_cost
        if device == "cuda":
            torch.backends.cudnn.benchmark = True
            torch.backends.cudnn.allow_tf32 = False  # the linear paths' products are exact to less than a step
            self.cost = compiled_or_not(self._plain_cost, self._crops(train.batch))
        self.started = (self.state.step, self.state.seconds)

    def _crops(self, count: int) -> Tensor:
        """Random training crops (N, 3, S, S), 0 ... 255."""
        return self.sampler.crops(count, self.random).float()

    def _plain_cost(self, levels: Tensor, quality: Tensor) -> Parts:
        return cast(Parts, self.model(levels, quality, start=LOSS_SCALES, reduced=True))

    def _losses(self) -> Losses:
        train = self.train
        # The draw of an update is a function of its number, so that a resumed run draws what it would have drawn.
        self.random.manual_seed((train.seed << 32) + self.state.step)
        levels = self._crops(train.batch)
        quality = torch.rand(train.batch, generator=self.random, device=self.device)
        parts = self.cost(levels.contiguous(memory_format=torch.channels_last), quality)
        slope = train.coarsest * torch.exp(train.log_range * quality)
        distortion = slope * photo_distortion(parts, train.structure)
        floor = train.hyper_floor * self.left()
        bits = parts.bits + (floor - parts.hyper_bits).clamp(min=0)
        weight = torch.exp(train.log_range * train.balance * (0.5 - quality))
        loss = (weight * (bits + distortion) + parts.texture).mean()
        return Losses(loss, parts.bits.mean(), distortion.mean())

    def plan(self, minutes: float) -> dict[str, float]:
        """Return what a budget will reach, as `Loop.plan`, in pixels and FLOP as well."""
        found = super().plan(minutes)
        pixels, speed = self.train.batch * self.train.crop**2, found["updates_a_second"]
        return {
            **found,
            "gigapixels": round(found["updates"] * pixels / 1e9, 3),
            "megapixels_a_second": round(speed * pixels / 1e6, 3),
            "teraflops": round(speed * self.flops / 1e12, 3),
        }

    def _validation(self) -> dict[str, float]:
        row: dict[str, float] = {}
        levels = torch.from_numpy(self.validation).permute(0, 3, 1, 2).float().to(self.device)
        with watched_units(self.average) as firing:
            for q in QUALITIES:
                found = self.average(levels, torch.full((len(levels),), q, device=self.device), hard=True)
                row[f"bpp_{q:g}"] = round(float(found.bits.mean()), 4)
                row[f"hyper_{q:g}"] = round(float(found.hyper_bits.mean()), 5)
                row[f"psnr_{q:g}"] = round(float((255**2 / found.squared_error).log10().mean()) * 10, 3)
                row[f"ms_ssim_{q:g}"] = round(float(found.similarity.mean()), 4)
                row[f"texture_{q:g}"] = round(float(found.texture.mean()), 4)
        row["alive"] = round(float(torch.cat(list(firing.values())).float().mean()), 4)
        updates, seconds = self.state.step - self.started[0], self.state.seconds - self.started[1]
        speed = updates / max(seconds, 1e-9)
        row["megapixels_a_second"] = round(speed * self.train.batch * self.train.crop**2 / 1e6, 3)
        row["teraflops"] = round(speed * self.flops / 1e12, 3)
        return row


@contextmanager
def watched_units(model: nn.Module) -> Iterator[dict[str, Tensor]]:
    """Yield a table that fills with which units behind each ReLU fired in any forward pass.

    Units that never fire have no gradient and do not come back: a share that falls in training is a warning.
    """
    firing: dict[str, Tensor] = {}

    def note(name: str, output: Tensor) -> None:
        fired = (output > 0).amax((0, 2, 3))
        firing[name] = firing[name] | fired if name in firing else fired

    hooks = [
        module.register_forward_hook(lambda _, __, output, name=name: note(name, output))
        for name, module in model.named_modules()
        if isinstance(module, nn.ReLU)
    ]
    yield firing
    for hook in hooks:
        hook.remove()


@torch.no_grad()
def revive(model: PhotoVLAE, levels: Tensor) -> None:
    """Give hidden units that fire nowhere a random start, from which they change nothing at first.

    Args:
        model: the network to change.
        levels: training crops (N, 3, S, S), 0 ... 255.
    """
    with watched_units(model) as firing:
        for quality in QUALITIES:
            for part in torch.split(levels, 8):
                model(part, levels.new_full((len(part),), quality), hard=True, reduced=True)
    for name, before, after in hidden_units(model):
        dead, fresh = ~firing[name], conv(before.in_channels, before.out_channels, before.kernel_size[0])
        assert before.bias is not None
        before.weight[dead] = fresh.weight[dead].to(levels.device)
        before.bias[dead] = 0
        after.weight[:, dead] = 0


def hidden_units(model: nn.Module) -> Iterator[tuple[str, nn.Conv2d, nn.Conv2d]]:
    """Iterate over the names of ReLUs between two convolutions, and these."""
    for name, module in model.named_modules():
        if isinstance(module, Residual):
            yield f"{name}.relu", module.first, module.second
        elif isinstance(module, nn.Sequential):
            layers = list(module)
            for index, (before, unit, after) in enumerate(zip(layers, layers[1:], layers[2:], strict=False)):
                if isinstance(before, nn.Conv2d) and isinstance(unit, nn.ReLU) and isinstance(after, nn.Conv2d):
                    yield f"{name}.{index + 1}", before, after


def start_from(model: PhotoVLAE, recipe: PhotoRecipe, run: Path) -> None:
    """Start from the averaged weights of another run.

    Raises:
        ModelError: the run has no weights of these shapes.
    """
    found = [path for name in ("checkpoint.pt", "average.pt") if (path := run / name).exists()]
    if not found:
        raise ModelError(f"{run}: no checkpoint to start from; train it first, into that folder")
    model.load_state_dict(read_checkpoint(found[0], recipe, "cpu")["average"])


def restore_released(model: PhotoVLAE, train: PhotoTraining) -> None:
    """Start from a released model, by name or fingerprint.

    Raises:
        ModelError: there is none of that name in this family, or it has other shapes.
    """
    info = find_model(train.restore)
    if info.family != PHOTO:
        raise ModelError(f"recipe: restore = {train.restore!r} is no model of the photo family")
    tree, arrays = read_tree(info.folder), read_arrays(read_limited(info.folder, WEIGHTS, MAX_FILE))
    released = PhotoVLAE(smaller(model.config, tuple(tree["slices"])), train.coarsest, train.log_range)
    restore_photo(released, tree, arrays)
    grow(model, released)


def photo_distortion(parts: Parts, structure: float) -> Tensor:
    """Return the distortion of pictures in units of squared error, (B,): a share of it is 1 - MS-SSIM."""
    return (1 - structure) * parts.squared_error + structure * STRUCTURE_UNIT * (1 - parts.similarity)


def adam(model: PhotoVLAE, train: PhotoTraining, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
    """Return Adam for these weights, the gain units' at a larger learning rate."""
    gains = {id(weight) for module in model.modules() if isinstance(module, Gains) for weight in module.parameters()}
    groups: list[dict[str, Any]] = [
        {"params": [weight for weight in weights if id(weight) not in gains]},
        {"params": [weight for weight in weights if id(weight) in gains], "factor": train.gain_rate},
    ]
    return torch.optim.Adam(groups, betas=(0.9, 0.95))


def update_flops(model: PhotoVLAE, batch: int, crop: int) -> float:
    """Return the counted FLOP of the networks' products in an update: a backward pass costs two forward ones."""
    device = next(model.parameters()).device
    levels, quality = torch.zeros(1, 3, crop, crop, device=device), torch.zeros(1, device=device)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(levels, quality, start=LOSS_SCALES)
    return 3.0 * batch * float(counter.get_total_flops())


def compiled_or_not(cost: Cost, levels: Tensor) -> Cost:
    """Return the cost compiled for CUDA, or as it is where torch cannot compile it."""
    compiled: Cost = torch.compile(cost)
    try:
        parts = compiled(levels.contiguous(memory_format=torch.channels_last), levels.new_zeros(len(levels)))
        sum(part.sum() for part in parts).backward()  # type: ignore[union-attr]
    except Exception as error:  # whatever a compiler may raise, training without it is right
        print(f"trains without torch.compile: {error}", file=sys.stderr)
        return cost
    return compiled
