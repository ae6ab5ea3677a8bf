"""How much of the machine a training uses: its updates beside bare convolutions of the same sizes, in one process.

taskset -c 0 python -m benchmarks.training_speed photo --data ../shared/data --threads 1
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import click
import torch
from torch import Tensor, nn

from benchmarks.results import write_result
from vlae_cli.common import data_option
from vlae_models.photo.config import PHOTO
from vlae_models.photo.training import PhotoTrainer
from vlae_models.recipe import load_recipe
from vlae_models.train.loop import prepare_torch

UPDATES = 20
SECONDS = 0.4
"""Of each bare convolution's measurement."""


class Shape(NamedTuple):
    """A convolution as a training meets it: channels, side of its window, stride, and the shape of what it reads."""

    inputs: int
    outputs: int
    side: int
    stride: int
    maps: tuple[int, ...]

    def flops(self) -> float:
        """Return the FLOP of a forward and a backward pass."""
        positions = self.maps[0] * self.maps[2] * self.maps[3] / self.stride**2
        return 3 * 2 * positions * self.inputs * self.outputs * self.side**2


def shapes_of(trainer: PhotoTrainer) -> list[Shape]:
    """Return the convolutions of an update in bfloat16: all but the linear paths."""
    found: list[Shape] = []

    def note(layer: nn.Module, inputs: tuple[Tensor, ...], _: Tensor) -> None:
        assert isinstance(layer, nn.Conv2d)
        found.append(
            Shape(layer.in_channels, layer.out_channels, layer.kernel_size[0], layer.stride[0], tuple(inputs[0].shape))
        )

    layers = [(name, module) for name, module in trainer.model.named_modules() if isinstance(module, nn.Conv2d)]
    hooks = [module.register_forward_hook(note) for name, module in layers if not name.endswith("linear")]
    trainer.measured(1)
    for hook in hooks:
        hook.remove()
    return found[: len(hooks)]


def bare(shape: Shape, device: str) -> float:
    """Return the seconds of a forward and a backward pass of a convolution alone, bfloat16, channels_last."""
    layer = nn.Conv2d(shape.inputs, shape.outputs, shape.side, padding=shape.side // 2, stride=shape.stride)
    layer = layer.to(device, torch.bfloat16).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    x = torch.randn(shape.maps, device=device).bfloat16().to(memory_format=torch.channels_last).requires_grad_()
    gradient = torch.ones_like(layer(x))
    layer(x).backward(gradient)
    start, count = time.monotonic(), 0
    while time.monotonic() - start < SECONDS:
        layer(x).backward(gradient)
        if device == "cuda":
            torch.cuda.synchronize()
        count += 1
    return (time.monotonic() - start) / count


@click.command()
@click.argument("recipe", default="photo")
@data_option
@click.option("--threads", type=click.IntRange(1), help="CPU threads [default: all].")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto")
def main(recipe: str, data: Path, threads: int | None, device: str) -> None:
    """Measure a photo recipe's training."""
    device = prepare_torch(device, threads)
    loaded = load_recipe(recipe, PHOTO)
    with tempfile.TemporaryDirectory() as folder:
        trainer = PhotoTrainer(loaded, data, Path(folder), None, device, quiet=True)
        shapes = shapes_of(trainer)
        speed = trainer.measured(UPDATES)
    seconds = {shape: bare(shape, device) for shape in set(shapes)}
    flops = sum(shape.flops() for shape in shapes)
    achieved, alone = speed * trainer.flops / 1e12, flops / sum(seconds[shape] for shape in shapes) / 1e12
    pixels = loaded.train.batch * loaded.train.crop**2
    found = {
        "recipe": loaded.name, "device": device, "threads": torch.get_num_threads(), "batch": loaded.train.batch,
        "updates_a_second": round(speed, 3), "megapixels_a_second": round(speed * pixels / 1e6, 3),
        "gigaflop_an_update": round(trainer.flops / 1e9, 1), "teraflops": round(achieved, 3),
        "bare_convolutions_teraflops": round(alone, 3), "share": round(achieved / alone, 3),
    }  # fmt: skip
    write_result(f"training_speed-{device}", found)
    print(found)


if __name__ == "__main__":
    main()
