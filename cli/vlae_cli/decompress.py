"""`vlae-decompress`: .vlz files to plausible pictures."""

from __future__ import annotations

import json
from pathlib import Path

import click

from .common import (
    Failures,
    device_option,
    exit_on_error,
    force_option,
    inputs_argument,
    json_option,
    out_option,
    progress_bar,
    resolve_device,
    version_option,
)

EPILOG = """\b
Examples:
  vlae-decompress digit.vlz                          writes digit.png beside it
  vlae-decompress digit.vlz -o again.png --seed 7    other texture, same digit
  vlae-decompress digit.vlz -o sheet.png --samples 8 eight of them side by side
"""


@click.command(epilog=EPILOG)
@inputs_argument
@out_option
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="Of the texture.")
@click.option("--samples", type=click.IntRange(1, 256), default=1, show_default=True, help="Pictures side by side.")
@device_option
@json_option
@force_option
@version_option
@exit_on_error
def main(
    inputs: tuple[Path, ...],
    out: Path | None,
    seed: int,
    samples: int,
    device: str,
    as_json: bool,
    force: bool,
) -> None:
    """Draw the pictures that .vlz files stand for; a.vlz becomes a.png. One seed gives the same pixels everywhere."""
    from vlae_codec import codec, container, files, images, report

    device = resolve_device(device)
    failures = Failures()
    unsealed: list[tuple[Path, Path, codec.Unsealed]] = []
    for source, target in files.pair_outputs(inputs, out, ".png"):
        with failures.of(source):
            file = codec.unseal(files.read_up_to(source, container.MAX_FILE), device)
            files.check_target(source, target, force)
            unsealed.append((source, target, file))
    with progress_bar("drawing") as progress:
        drawings = codec.draw_images(
            [file for _, _, file in unsealed], seed=seed, samples=samples, device=device, progress=progress
        )
    records = []
    for (source, target, file), pictures in zip(unsealed, drawings, strict=True):
        with failures.of(source):
            if samples == 1:
                images.write_png(target, pictures[0].astype(bool))
            else:
                images.write_png(target, images.contact_sheet([255 * pictures], columns=samples))
            _, height, width = pictures.shape
            name = file.model.name
            records.append(report.DrawnRecord(str(source), str(target), name, seed, samples, width, height))
    if as_json:
        on_stderr = any(target == files.STREAM for _, target, _ in unsealed)
        click.echo(json.dumps(report.tree(records, failures.count), indent=2), err=on_stderr)
    failures.exit()


if __name__ == "__main__":
    main()
