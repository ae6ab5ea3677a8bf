"""`vlae-info`: what .vlz files say of themselves, without decoding them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from .common import Failures, exit_on_error, inputs_argument, json_option, version_option

EPILOG = """\b
Examples:
  vlae-info digit.vlz
  vlae-info *.vlz --json     one object a line for each file
"""


@click.command(epilog=EPILOG)
@inputs_argument
@json_option
@version_option
@exit_on_error
def main(inputs: tuple[Path, ...], as_json: bool) -> None:
    """Say which model .vlz files were made with and what their bytes are for."""
    from vlae_codec import codec, container, files, report
    from vlae_codec.errors import ModelError

    failures = Failures()
    rows = [["file", "model", "fingerprint", "mode", "size", "bytes", "payload"]]
    for path in inputs:
        with failures.of(path):
            data = files.read_up_to(path, container.MAX_FILE)
            try:
                info, parts = codec.identify(data)
                record = report.file_record(str(path), info, parts)
            except ModelError as error:
                click.echo(f"note: {path}: {error}", err=True)
                record = report.file_record(str(path), None, container.parse(data))
            if as_json:
                click.echo(json.dumps(asdict(record)))
                continue
            size = f"{record.width} x {record.height}" if record.width else "?"
            head = [str(path), record.model or "unknown", record.fingerprint[:12], record.mode, size]
            rows.append([*head, str(record.file_bytes), str(record.payload_bytes)])
    if len(rows) > 1:
        click.echo(report.align(rows, left=4))
    failures.exit()


if __name__ == "__main__":
    main()
