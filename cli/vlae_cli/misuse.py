"""Command lines that mean something else than they say: each is a `UsageError` before any file is written."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

import click

from vlae_codec.io.files import STREAM

from .output import Output


def refuse_misplaced(inputs: Sequence[Path], endings: Collection[str], writes: str) -> None:
    """Refuse inputs that are not there and look like an option's value, and inputs that look like the output.

    Args:
        inputs: as they were given.
        endings: of what the command writes, in small letters.
        writes: what it writes, for people.
    """
    if len(inputs) == 2 and [path.suffix.lower() in endings for path in inputs] == [False, True]:
        raise click.UsageError(f"{inputs[1]}: -o names {writes}, other names are inputs")
    for number, path in enumerate(inputs):
        if path == STREAM or os.path.exists(path):
            continue
        if _is_number(path.name):
            raise click.UsageError(f"{path}: no such file; -q is --quiet, and a number needs its option's whole name")
        if number and path.suffix.lower() in endings:
            raise click.UsageError(f"{path}: no such file; -o names {writes}, other names are inputs")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def refuse_terminal(inputs: Sequence[Path], output: Output) -> None:
    """Refuse to write a file's bytes to a terminal, unless they are forced."""
    streams = output.out == STREAM or (output.out is None and STREAM in inputs)
    if streams and not output.force and sys.stdout is not None and sys.stdout.isatty():
        raise click.UsageError("the result would go to a terminal: -o names a file, --force writes it all the same")


def refuse_ending(out: Path | None, endings: Collection[str]) -> None:
    """Refuse an output whose ending is that of a picture, where a .vlz file is written."""
    if out is not None and out.suffix.lower() in endings and not os.path.isdir(out):
        raise click.UsageError(f"{out}: what is written is a .vlz file, so name it {out.with_suffix('.vlz').name}")


def refuse_one_name(inputs: Sequence[Path], output: Output, endings: Collection[str]) -> None:
    """Refuse the name of one file for the outputs of several inputs, which would become that of a folder."""
    out = output.out
    if out is None or len(inputs) < 2 or output.mirrored or output.recursive or os.path.exists(out):
        return
    if out.suffix.lower() in endings:
        raise click.UsageError(f"{out}: {len(inputs)} inputs need a folder; {out}/ makes one of that name")
