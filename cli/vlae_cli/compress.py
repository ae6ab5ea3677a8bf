"""`vlae-compress`: pictures to .vlz files of a few bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vlae_codec.archive import MAX_IMAGES

from .archives import Form, compress_to_archive, wants_archive
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
    from vlae_codec.archive_codec import Settings

EPILOG = """\b
Examples:
  vlae-compress digit.png                  writes digit.vlz beside it
  vlae-compress *.png -o small/ --json     a folder of files, a report for programs
  vlae-compress digit.png --bits 40        more bits, more of the picture kept
  vlae-compress photo.jpg --fit            resize to the model's size first
  vlae-compress digit.png --lossless       the same code, and the exact pixels behind it
  vlae-compress digits/ --lossless -o set.vlz    many pictures, one file, at their -ELBO
  vlae-compress stack.npy -o set.vlz       many lossy codes in one file
"""


@click.command(epilog=EPILOG)
@inputs_argument
@out_option
@click.option("-m", "--model", default="auto", show_default=True, help="Name, folder or fingerprint of a model.")
@click.option("--bits", type=click.IntRange(1), help="Bits of each code, rounded up to whole bytes.")
@click.option("--quality", type=click.FloatRange(0, 100), help="Instead of --bits; 50: as many as the image's KL.")
@click.option(
    "--effort", type=click.IntRange(1, 9), default=5, show_default=True, help="Time to spend on better codes."
)
@click.option("--faithful", is_flag=True, help="Code a true sample of the posterior, not the code that keeps most.")
@click.option("--fit", is_flag=True, help="Resize pictures that no model takes as they are.")
@click.option("--lossless", is_flag=True, help="Keep the exact pixels too.")
@click.option("--binarise", is_flag=True, help="With --lossless: round grey pixels to black and white first.")
@click.option("--chunk", type=click.IntRange(1, MAX_IMAGES), help="Pictures in a chunk of an archive.")
@click.option("--names", is_flag=True, help="Keep the pictures' names in an archive.")
@device_option
@json_option
@force_option
@click.option("--verify", is_flag=True, help="Decode each code again before it is written.")
@version_option
@exit_on_error
def main(
    inputs: tuple[Path, ...],
    out: Path | None,
    model: str,
    bits: int | None,
    quality: float | None,
    effort: int,
    faithful: bool,
    fit: bool,
    lossless: bool,
    binarise: bool,
    chunk: int | None,
    names: bool,
    device: str,
    as_json: bool,
    force: bool,
    verify: bool,
) -> None:
    """Compress pictures; a.png becomes a.vlz. What comes back later is a plausible picture, not the same pixels.

    With --lossless the same pixels come back. Many pictures (several files, a folder, a .npy or .npz array, an idx
    file of MNIST) go to one archive if the output is a .vlz file: -o set.vlz.
    """
    from vlae_codec.sample_code import MAX_BITS

    if bits is not None and quality is not None:
        raise click.UsageError("--bits and --quality exclude one another")
    if bits is not None and bits > MAX_BITS:
        raise click.BadParameter(f"{bits} is more than a code can have, {MAX_BITS}", param_hint="--bits")
    if lossless and (faithful or quality is not None):
        raise click.UsageError("--lossless chooses its lossy part itself: leave out --faithful and --quality")
    from vlae_codec.archive_codec import Settings

    settings = Settings(lossless, chunk, bits, quality, faithful, effort)
    form = Form(fit, lossless and not binarise)
    device = resolve_device(device)
    if out is not None and wants_archive(inputs, out):
        if lossless and bits is not None:
            raise click.UsageError("a lossless archive takes the bits that it needs: leave out --bits")
        flags = {"names": names, "as_json": as_json, "force": force, "verify": verify}
        compress_to_archive(inputs, out, model, settings, form, device=device, **flags)
        return
    if chunk or names:
        raise click.UsageError("--chunk and --names are for archives: several pictures and -o NAME.vlz")
    failures = Failures()
    prepared = _prepare(inputs, out, model, form, force, failures)
    results = _compress([picture for _, _, picture in prepared], settings, device)
    _write(prepared, results, device if verify else None, as_json, failures)
    failures.exit()


Prepared = list[tuple[Path, Path, "codec.Prepared"]]
"""Inputs with their outputs and pictures."""


def _prepare(
    inputs: Sequence[Path], out: Path | None, model: str, form: Form, force: bool, failures: Failures
) -> Prepared:
    """Read what can be read, and check where it will go."""
    from vlae_codec import codec, files, images, stacks
    from vlae_codec.errors import ImageError

    models = codec.candidates(model)
    prepared: Prepared = []
    for source, target in files.pair_outputs(inputs, out, ".vlz"):
        with failures.of(source):
            if stacks.is_stack(source) and not source.is_dir():
                raise ImageError("a stack of pictures: -o NAME.vlz makes an archive of it")
            picture = images.read_image(source)
            files.check_target(source, target, force)
            prepared.append((source, target, codec.prepare(picture, models, form.fit, form.exact)))
    return prepared


def _compress(pictures: Sequence[codec.Prepared], settings: Settings, device: str) -> list[codec.Compressed]:
    """A file for each picture."""
    from vlae_codec import codec

    with progress_bar("compressing") as progress:
        if settings.lossless:
            return codec.compress_lossless(
                pictures, bits=settings.bits, effort=settings.effort, device=device, progress=progress
            )
        return codec.compress_images(
            pictures,
            bits=settings.bits,
            quality=settings.quality,
            effort=settings.effort,
            faithful=settings.faithful,
            device=device,
            progress=progress,
        )


def _write(
    prepared: Prepared, results: Sequence[codec.Compressed], verify: str | None, as_json: bool, failures: Failures
) -> None:
    """Write the files, verified on a device if one is given, and report on them."""
    from vlae_codec import codec, files, report

    records = []
    for (source, target, _), result in zip(prepared, results, strict=True):
        with failures.of(source):
            if verify:
                codec.verify(result, verify)
            files.write_whole(target, result.data)
            records.append(report.image_record(str(source), str(target), result))
    on_stderr = any(target == files.STREAM for _, target, _ in prepared)
    if as_json:
        click.echo(json.dumps(report.tree(records, failures.count), indent=2), err=on_stderr)
    elif records:
        click.echo(report.image_table(records), err=on_stderr)
        for line in report.notice_lines(records):
            click.echo(f"note: {line}", err=True)


if __name__ == "__main__":
    main()
