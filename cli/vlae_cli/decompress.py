"""`vlae-decompress`: .vlz files to plausible pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .archives import decompress_archive
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

if TYPE_CHECKING:
    from vlae_codec import codec

EPILOG = """\b
Examples:
  vlae-decompress digit.vlz                          writes digit.png beside it
  vlae-decompress digit.vlz -o again.png --seed 7    other texture, same digit
  vlae-decompress digit.vlz -o sheet.png --samples 8 eight of them side by side
  vlae-decompress exact.vlz --preview                of a lossless file, the lossy picture
  vlae-decompress set.vlz -o digits/                 of an archive, every picture: 0000.png, 0001.png ...
  vlae-decompress set.vlz -o some/ --index 10:20     or some of them
"""


@click.command(epilog=EPILOG)
@inputs_argument
@out_option
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="Of the texture.")
@click.option("--samples", type=click.IntRange(1, 256), default=1, show_default=True, help="Pictures side by side.")
@click.option("--preview", is_flag=True, help="Draw the lossy part of lossless files, which may be cut behind it.")
@click.option("--index", metavar="N|A:B:C", help="Of an archive, this picture or slice alone.")
@click.option("--keep-going", is_flag=True, help="Of a damaged archive, write what chunks are intact.")
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
    preview: bool,
    index: str | None,
    keep_going: bool,
    device: str,
    as_json: bool,
    force: bool,
) -> None:
    """Draw the pictures that .vlz files stand for; a.vlz becomes a.png. One seed gives the same pixels everywhere.

    Lossless files give their exact pixels. An archive's pictures go to the folder of its name, or where -o says; with
    -o NAME.npy into one array.
    """
    from vlae_codec.errors import VlaeError

    device = resolve_device(device)
    failures = Failures()
    data = _read(inputs, failures)
    archives = _archives(data, failures)
    if archives:
        if len(inputs) > 1:
            raise VlaeError(f"{archives[0]}: an archive is decompressed alone, without other inputs")
        if preview or samples > 1:
            raise VlaeError("--preview and --samples are for files of one picture")
        flags = {"keep_going": keep_going, "as_json": as_json, "force": force}
        with failures.of(archives[0]):
            whole = data[archives[0]]
            failures.count += decompress_archive(
                archives[0], whole, out, index=index, seed=seed, device=device, **flags
            )
        failures.exit()
    if data and index is not None:
        raise VlaeError("--index is for archives")
    unsealed = _unseal(inputs, data, out, preview, samples, force, device, failures)
    _draw(unsealed, seed, samples, device, as_json, failures)
    failures.exit()


Unsealed = list[tuple[Path, Path, "codec.Unsealed"]]
"""Inputs with their outputs and what they stand for."""


def _read(inputs: Sequence[Path], failures: Failures) -> dict[Path, bytes]:
    """The bytes of every input that can be read."""
    from vlae_codec import container, files

    data = {}
    for source in inputs:
        with failures.of(source):
            data[source] = files.read_by_head(source, container.HEADER.size, container.limit)
    return data


def _archives(data: dict[Path, bytes], failures: Failures) -> list[Path]:
    """The inputs that are archives; those that are no .vlz files at all are taken out."""
    from vlae_codec import codec

    found = []
    for source, content in list(data.items()):
        with failures.of(source):
            content = data.pop(source)
            found += [source] if codec.is_archive(content) else []
            data[source] = content
    return found


def _unseal(
    inputs: Sequence[Path],
    data: dict[Path, bytes],
    out: Path | None,
    preview: bool,
    samples: int,
    force: bool,
    device: str,
    failures: Failures,
) -> Unsealed:
    """Verify and decode what can be, and check where it will go."""
    from vlae_codec import codec, files
    from vlae_codec.errors import VlaeError

    unsealed: Unsealed = []
    for source, target in files.pair_outputs(inputs, out, ".png"):
        if source not in data:
            continue
        with failures.of(source):
            file = codec.unseal(data[source], device, preview)
            if file.residual is not None and samples > 1:
                raise VlaeError("it holds the exact picture: --samples goes with --preview")
            if file.notice:
                click.echo(f"warning: {source}: {file.notice}", err=True)
            files.check_target(source, target, force)
            unsealed.append((source, target, file))
    return unsealed


def _draw(unsealed: Unsealed, seed: int, samples: int, device: str, as_json: bool, failures: Failures) -> None:
    """Draw and write the pictures, and report on them."""
    from vlae_codec import codec, files, images, report

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


if __name__ == "__main__":
    main()
