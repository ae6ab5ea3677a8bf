"""What the commands share: errors as one line, options that mean the same everywhere, a progress bar."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from vlae_codec import __version__
from vlae_codec.errors import VlaeError

# The codec's matrices are small: BLAS threads cost more than they bring, batches side by side use all cores.
# numpy reads this when it is imported, which is after this module.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., object])

data_option = click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar="VLAE_DATA",
    required=True,
    help="Folder of the data sets (or set VLAE_DATA).",
)
inputs_argument = click.argument("inputs", nargs=-1, required=True, metavar="IN...", type=click.Path(path_type=Path))
out_option = click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    help="Output; a folder if there are several inputs; - for the standard output.",
)
device_option = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    help="cuda computes with torch on a GPU; auto is cpu. The results are the same.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
force_option = click.option("--force", is_flag=True, help="Replace outputs that exist.")


def version_option(command: F) -> F:
    """Give a command --version; click's own option remembers the first command that it was asked by."""
    return click.version_option(__version__, message="%(prog)s %(version)s")(command)


def exit_on_error(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the errors that a user can cause into one line on stderr and exit code 1."""

    @functools.wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (VlaeError, OSError) as error:
            click.echo(f"{click.get_current_context().info_name}: {describe(error)}", err=True)
        except KeyboardInterrupt:
            click.echo("interrupted; nothing was left half-written", err=True)
        sys.exit(1)

    return guarded


def describe(error: Exception) -> str:
    """One line that says what went wrong, with the file's name where the system knows it."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return " ".join(str(error).split())


class Failures:
    """Inputs that failed while the others went on."""

    count = 0

    @contextmanager
    def of(self, path: Path) -> Iterator[None]:
        """Report an error about this input as one line on stderr, and go on."""
        try:
            yield
        except (VlaeError, OSError) as error:
            self.count += 1
            name, text = click.get_current_context().info_name, describe(error)
            click.echo(f"{name}: {text if text.startswith(f'{path}: ') else f'{path}: {text}'}", err=True)

    def exit(self) -> None:
        """End the command, with exit code 1 if an input failed."""
        sys.exit(1 if self.count else 0)


def resolve_device(device: str) -> str:
    """The device that computes; `auto` is the CPU, where torch is not needed and starting takes no time."""
    return "cpu" if device == "auto" else device


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on a terminal for what takes over two seconds; called with pictures done and the number of all."""
    if not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    with tqdm(desc=title, unit="image", delay=2, leave=False) as bar:

        def step(done: int, total: int) -> None:
            bar.total = total
            bar.update(done)

        yield step
