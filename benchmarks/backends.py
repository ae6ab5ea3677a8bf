"""Do numpy and torch make the same files and the same pixels? Every difference is counted; there must be none.

Run as `python -m benchmarks.backends MODEL... --data FOLDER`; exit code 1 if anything differs.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks.digits import evenly
from benchmarks.options import images_option, models_argument, open_model
from benchmarks.results import write_result
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.container.header import write_container
from vlae_codec.latents.payload import Code, decode, encode
from vlae_codec.model.networks import IntegerModel
from vlae_models.data.sets import Images, load_set

SAMPLE_EFFORT = 1
CHUNK = 50


class Outcome(NamedTuple):
    """All that a backend makes of a batch of images."""

    posterior: NDArray[np.int64]
    prior: NDArray[np.int64]
    files: list[bytes]
    sample_files: list[bytes]
    pixels: NDArray[np.uint8]
    sample_pixels: NDArray[np.uint8]


def outcome(model: IntegerModel, images: Images, effort: int) -> Outcome:
    """Compress and decompress the images with both codes."""
    chosen = encode(model, images, effort=effort)
    samples = encode(model, images, effort=SAMPLE_EFFORT, code="sample")
    latents = [decode(model, [c.mode for c in codes], [c.payload for c in codes]) for codes in (chosen, samples)]
    parts = [z[:, : block * model.block_size] for z in latents for block in range(model.blocks)]
    prior = [model.prior_block(part.shape[1] // model.block_size, part) for part in parts]
    return Outcome(
        posterior=np.concatenate(model.posterior(images)),
        prior=np.stack([part for pair in prior for part in pair]),
        files=_files(model, chosen),
        sample_files=_files(model, samples),
        pixels=model.draw(latents[0]),
        sample_pixels=model.draw(latents[1]),
    )


def _files(model: IntegerModel, codes: list[Code]) -> list[bytes]:
    return [write_container(code.mode, model.fingerprint, code.payload) for code in codes]


def differences(one: Outcome, other: Outcome) -> dict[str, int]:
    """How many numbers, files and pixels differ between two outcomes of the same images."""
    found: dict[str, int] = {}
    for key in Outcome._fields:
        first, second = getattr(one, key), getattr(other, key)
        if isinstance(first, list):
            found[key] = sum(a != b for a, b in zip(first, second, strict=True))
        else:
            found[key] = int(np.count_nonzero(first != second))
    return found


@click.command()
@models_argument
@data_option
@images_option(1000)
@click.option("--effort", type=click.IntRange(1, 9), default=3, show_default=True, help="Of the tree search.")
@click.option("--other", type=click.Choice(["torch", "cuda"]), default="torch", show_default=True)
@click.option("--threads", type=click.IntRange(1), help="torch's CPU threads [default: all].")
@exit_on_error
def main(models: tuple[str, ...], data: Path, images: int, effort: int, other: str, threads: int | None) -> None:
    """Compare the backends of MODELS (names or folders)."""
    if threads:
        torch.set_num_threads(threads)
    test = load_set("mnist-static", data).test
    chosen = test[evenly(images, len(test))]
    failed = 0
    for name in models:
        backends = open_model(name), open_model(name, other)
        total: dict[str, int] = dict.fromkeys(Outcome._fields, 0)
        for start in tqdm(range(0, len(chosen), CHUNK), desc=backends[0].name, unit="batch", disable=None):
            one, two = (outcome(model, chosen[start : start + CHUNK], effort) for model in backends)
            for key, count in differences(one, two).items():
                total[key] += count
        failed += sum(total.values())
        click.echo(f"{backends[0].name}: cpu against {other}, {len(chosen)} images, differences: {total}")
        result: dict[str, Any] = {"model": backends[0].name, "other": other, "images": len(chosen), "effort": effort}
        if other == "cuda":
            result["gpu"] = torch.cuda.get_device_name()
        write_result(f"backends-{backends[0].name}-{other}", {**result, "differences": total})
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
