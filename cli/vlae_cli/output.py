"""Where results go and what is said on the way: the options that `vlae-compress` and `vlae-decompress` share."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from vlae_codec.io.files import STREAM
from vlae_codec.io.urls import is_url

from .batches import Pair, Task, Work, in_batches
from .common import Failures, force_option, json_option, out_option, progress_bar, refuse_together, with_options
from .sources import PathOrUrl

if TYPE_CHECKING:
    from vlae_codec.io.targets import Plan

R = TypeVar("R")
SEPARATORS = tuple(filter(None, (os.sep, os.altsep)))

OPTIONS = (
    out_option,
    click.option("-c", "--stdout", "to_stdout", is_flag=True, help="Write to the standard output, as -o - does."),
    click.option("--output-dir", type=PathOrUrl(), help="Folder for the outputs; made if it is not there."),
    click.option("-r", "--recursive", is_flag=True, help="Go through folders; --output-dir then mirrors them."),
    click.option(
        "-j", "--jobs", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes that share the work."
    ),
    force_option,
    click.option("-p", "--preserve", "keep_time", is_flag=True, help="Give outputs the times of their inputs."),
    json_option,
    click.option("--json-lines", is_flag=True, help="Print one JSON object a line for each input, as it is done."),
    click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors."),
    click.option("-v", "--verbose", is_flag=True, help="Name each output on stderr, and what was chosen."),
    click.option("-n", "--dry-run", is_flag=True, help="Do all but write: say what would come out."),
)
FLAGS = ("recursive", "force", "jobs", "as_json", "json_lines", "quiet", "verbose", "keep_time", "dry_run")
"""Of these options the values as they are."""


@dataclass(frozen=True)
class Output:
    """The values of the shared options.

    Attributes:
        out: a file or a folder, `STREAM` for the standard output, None for beside the inputs.
        mirrored: whether `out` is a folder in any case.
        recursive: whether folders are gone through.
        force: replace what exists.
        jobs: processes.
        as_json: one JSON object at the end.
        json_lines: one for each input.
        quiet: errors only.
        verbose: a line for each output.
        on_stderr: reports leave the standard output to the result.
        keep_time: outputs have the times of their inputs.
        dry_run: nothing is written.
    """

    out: Path | None
    mirrored: bool
    recursive: bool
    force: bool
    jobs: int
    as_json: bool
    json_lines: bool
    quiet: bool
    verbose: bool
    on_stderr: bool
    keep_time: bool
    dry_run: bool

    def plan(self, inputs: tuple[Path, ...], suffix: str, read: frozenset[str]) -> Plan:
        """Return inputs with their outputs; `read` are the suffixes of files that are looked for in folders.

        Raises:
            VlaeError: several inputs would go to one file, or nothing is found.
            OSError: the folder of the outputs cannot be made.
        """
        from vlae_codec.io import targets

        if self.recursive:
            plan = targets.mirror_outputs(inputs, self.out, suffix, read)
            return plan if self.dry_run else targets.make_folders(plan)
        plan = targets.pair_outputs(inputs, self.out, suffix, self.mirrored)
        if self.out is not None and (self.mirrored or len(inputs) > 1) and not self.dry_run:
            self.out.mkdir(parents=True, exist_ok=True)
        return plan

    def report(self, problems: Sequence[tuple[Path, str]], failures: Failures) -> None:
        """Report inputs that cannot be done."""
        for path, text in problems:
            failures.add(path, text)
            self.line({"input": str(path), "error": text})

    def records(
        self, title: str, work: Work[Task], task: Task, pairs: Sequence[Pair], failures: Failures
    ) -> Iterator[tuple[Path, Any]]:
        """Yield inputs and what a function made of them in batches, behind a bar; report those that it could not do."""
        with progress_bar(title, self.quiet) as step:
            for (source, _), found in in_batches(work, task, pairs, self.jobs, step):
                if isinstance(found, str):
                    self.report([(source, found)], failures)
                else:
                    yield source, found

    def line(self, record: dict[str, Any] | Callable[[], dict[str, Any]], why: str = "") -> None:
        """Report one input, and why its output is as it is, with --verbose; a function makes its record only then."""
        if not (self.json_lines or self.verbose):
            return
        record = record() if callable(record) else record
        if self.json_lines:
            click.echo(json.dumps(record), err=self.on_stderr)
        elif self.verbose and "error" not in record:
            click.echo(f"{record['input']} -> {record['output']}{why and f': {why}'}", err=True)

    def result(self, tree: Callable[[], dict[str, Any]], table: Callable[[], str]) -> None:
        """Report all inputs at the end: JSON, a table, or nothing."""
        if self.as_json:
            click.echo(json.dumps(tree(), indent=2), err=self.on_stderr)
        elif not (self.json_lines or self.quiet) and (text := table()):
            click.echo(text, err=self.on_stderr)

    def end(self) -> None:
        """Say at the end what must not be forgotten."""
        if self.dry_run:
            self.note("nothing was written: --dry-run")

    def note(self, text: str) -> None:
        """Write a remark for people."""
        if not (self.as_json or self.json_lines or self.quiet):
            click.echo(f"note: {with_options(text)}", err=True)


def output_options(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command the shared options; it gets them as one argument, `output`."""

    @functools.wraps(command)
    def collected(*args: Any, out: str | None, to_stdout: bool, output_dir: Path | None, **rest: Any) -> R:
        flags = {name: rest.pop(name) for name in FLAGS}
        if sum([out is not None, to_stdout, output_dir is not None]) > 1:
            raise click.UsageError("-o, -c and --output-dir exclude one another")
        refuse_together({"--json": flags["as_json"], "--json-lines": flags["json_lines"]})
        refuse_together({"-q": flags["quiet"], "-v": flags["verbose"]})
        if is_url(out) or is_url(output_dir):
            raise click.UsageError("outputs are local files: URLs are read, and written by vlae-collect alone")
        place = STREAM if to_stdout else output_dir or (Path(out) if out is not None else None)
        if flags["recursive"] and place == STREAM:
            raise click.UsageError("-r makes many files, and the standard output takes one")
        mirrored = output_dir is not None or (out is not None and out.endswith(SEPARATORS))
        streams = place == STREAM or (place is None and STREAM in rest["inputs"])
        return command(*args, output=Output(place, mirrored, on_stderr=streams, **flags), **rest)

    wrapped: Callable[..., R] = collected
    for option in reversed(OPTIONS):
        wrapped = option(wrapped)
    return wrapped
