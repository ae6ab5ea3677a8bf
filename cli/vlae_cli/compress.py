"""`vlae-compress`: pictures to .vlz files of a few bytes."""

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
  vlae-compress digit.png                  writes digit.vlz beside it
  vlae-compress *.png -o small/ --json     a folder of files, a report for programs
  vlae-compress digit.png --bits 40        more bits, more of the picture kept
  vlae-compress photo.jpg --fit            resize to the model's size first
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
    device: str,
    as_json: bool,
    force: bool,
    verify: bool,
) -> None:
    """Compress pictures; a.png becomes a.vlz. What comes back later is a plausible picture, not the same pixels."""
    from vlae_codec import codec, files, images, report

    if bits is not None and quality is not None:
        raise click.UsageError("--bits and --quality exclude one another")
    if bits is not None and bits > codec.MAX_BITS:
        raise click.BadParameter(f"{bits} is more than a code can have, {codec.MAX_BITS}", param_hint="--bits")
    device = resolve_device(device)
    models = codec.candidates(model)
    failures = Failures()
    prepared: list[tuple[Path, Path, codec.Prepared]] = []
    for source, target in files.pair_outputs(inputs, out, ".vlz"):
        with failures.of(source):
            picture = images.read_image(source)
            files.check_target(source, target, force)
            prepared.append((source, target, codec.prepare(picture, models, fit)))
    with progress_bar("compressing") as progress:
        results = codec.compress_images(
            [picture for _, _, picture in prepared],
            bits=bits,
            quality=quality,
            effort=effort,
            faithful=faithful,
            device=device,
            progress=progress,
        )
    records = []
    for (source, target, _), result in zip(prepared, results, strict=True):
        with failures.of(source):
            if verify:
                codec.unseal(result.data, device)
            files.write_whole(target, result.data)
            records.append(report.image_record(str(source), str(target), result))
    on_stderr = any(target == files.STREAM for _, target, _ in prepared)
    if as_json:
        click.echo(json.dumps(report.tree(records, failures.count), indent=2), err=on_stderr)
    elif records:
        click.echo(report.image_table(records), err=on_stderr)
        for line in report.notice_lines(records):
            click.echo(f"note: {line}", err=True)
    failures.exit()


if __name__ == "__main__":
    main()
