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
    from vlae_codec.container import header
    from vlae_codec.io import files
    from vlae_codec.report import inspection, records

    failures = Failures()
    rows = [["file", "model", "fingerprint", "mode", "size", "pictures", "bytes", "payload", "metadata"]]
    for path in inputs:
        with failures.of(path):
            data = files.read_by_head(path, header.HEADER.size, header.limit)
            record, problem = inspection.describe(data, str(path))
            if problem is not None:
                click.echo(f"note: {path}: {problem}", err=True)
            if as_json:
                click.echo(json.dumps(asdict(record)))
                continue
            size = f"{record.width} x {record.height}" if record.width else "?"
            coded = record.coded_width, record.coded_height
            if record.coded_width and coded != (record.width, record.height):
                size += f" (coded {record.coded_width} x {record.coded_height})"
            head = [str(path), record.model or "unknown", record.fingerprint[:12], record.mode, size]
            numbers = [str(record.images), str(record.file_bytes), str(record.payload_bytes)]
            rows.append([*head, *numbers, ", ".join(record.metadata)])
    if len(rows) > 1:
        columns = len(rows[0]) if any(row[-1] for row in rows[1:]) else -1
        click.echo(records.align([row[:columns] for row in rows], left=4))
    failures.exit(len(inputs))


if __name__ == "__main__":
    main()
