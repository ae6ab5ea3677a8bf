"""`vlae-info`: what .vlz files say of themselves, without decoding them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import Failures, command, json_option
from .sources import Sources, inputs_or_urls_argument, open_sources

if TYPE_CHECKING:
    from vlae_codec.errors import ModelError
    from vlae_codec.report.records import FileRecord

EPILOG = """\b
Examples:
  vlae-info digit.vlz
  vlae-info *.vlz --json     one object a line for each file
  vlae-info set.vlz          an archive, or a collection, of which the index is read
  vlae-info https://example.org/digit.vlz
"""


@command(EPILOG)
@inputs_or_urls_argument
@json_option
def main(inputs: tuple[Path | str, ...], as_json: bool) -> None:
    """Say which model .vlz files were made with and what their bytes are for."""
    from vlae_codec.report import records

    failures = Failures()
    rows = [["file", "model", "fingerprint", "mode", "size", "pictures", "bytes", "payload", "metadata"]]
    sources, paths = open_sources(inputs)
    for path in paths:
        with failures.of(path):
            record, problem = _describe(sources, path)
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


def _describe(sources: Sources, path: Path) -> tuple[FileRecord, ModelError | None]:
    """Return the record of a file, and what is wrong with its model."""
    from vlae_codec.families.bilevel.identify import is_collection
    from vlae_codec.report import inspection

    data = sources.read(path)
    if not is_collection(data):
        return inspection.describe(data, str(path))
    from vlae_codec.collections import Collection
    from vlae_codec.collections.inspect import collection_record

    with Collection(sources.collection(path)) as found:
        return collection_record(found, str(path)), None
