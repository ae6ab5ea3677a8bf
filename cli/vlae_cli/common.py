"""What the commands share: errors as one line, options that mean the same everywhere, a progress bar."""

from __future__ import annotations

import contextlib
import functools
import math
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from vlae_codec import __version__
from vlae_codec.errors import OptionError, VlaeError

from .startup import prepared

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
out_option = click.option(
    "-o",
    "--out",
    help="Output; a folder if there are several inputs or it ends with /; - for the standard output.",
)
device_option = click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    default="cpu",
    show_default=True,
    help="cuda computes on a GPU, which pays for many small pictures at once. The results are the same.",
)


def _complete_model(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Names of models for the shell."""
    from vlae_codec.families import registry

    names = [info.name for info in registry.list_models()]
    return [name for name in dict.fromkeys(["auto", *names]) if name.startswith(incomplete)]


model_option = click.option(
    "-m",
    "--model",
    default="auto",
    show_default=True,
    shell_complete=_complete_model,
    help="Name, folder or fingerprint of a model.",
)
max_pixels_option = click.option(
    "--max-pixels", type=click.IntRange(1), help="Refuse inputs that announce more pixels, all pictures together."
)


def seed_option(text: str, default: int | None = 0, most: int = 2**63 - 1) -> Callable[[F], F]:
    """Return an option of random numbers' seed, 0 to `most`, with this help."""
    kind = click.IntRange(0, most)
    return click.option("--seed", type=kind, default=default, show_default=True, metavar="N", help=text)


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
force_option = click.option("--force", is_flag=True, help="Replace outputs that exist.")


def version_option(command: F) -> F:
    """Give a command --version; click's own option keeps the name of the first command that used it."""
    return click.version_option(__version__, message="%(prog)s %(version)s")(command)


def command(epilog: str) -> Callable[[Callable[..., object]], click.Command]:
    """Return a decorator that makes a command of a function, with --version and with errors as one line."""

    def made(function: Callable[..., object]) -> click.Command:
        if function.__module__ == "__main__":  # a file of a command alone would do nothing, and say nothing
            sys.exit("a command is run as `python -m vlae_cli NAME`")
        return version_option(click.command(epilog=epilog)(exit_on_error(function)))

    return made


INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


def exit_on_error(command: Callable[P, R]) -> Callable[P, R]:
    """Prepare streams and signals, turn the errors that a user can cause into one line on stderr and exit code 1.

    Ctrl-C ends with `INTERRUPTED`, another signal with 128 and its number.
    """

    @functools.wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with prepared():
                result = command(*args, **kwargs)
                if sys.stdout is not None:
                    sys.stdout.flush()  # here, where a full disk or a reader that is gone can still be reported
            return result
        except SystemExit:  # the error has been reported, the output's failure included
            abandon_stdout()
            raise
        except (VlaeError, OSError) as error:
            complain(describe(error))
            abandon_stdout()
            sys.exit(2 if isinstance(error, OptionError) else 1)
        except ModuleNotFoundError as error:
            if error.name not in EXTRAS:
                raise
            complain(missing(error.name))
        except KeyboardInterrupt:
            complain("interrupted; nothing was left half-written")
            abandon_stdout()
            sys.exit(INTERRUPTED)
        abandon_stdout()
        sys.exit(1)

    return guarded


EXTRAS = {
    "torch": "train", "ray": "ray", "dask": "dask", "distributed": "dask", "pyarrow": "parquet", "scipy": "bench",
    "ssimulacra2": "bench", "pillow_jxl": "bench",
}  # fmt: skip
"""Packages that come with an extra of ours only."""


def missing(package: str) -> str:
    """Return one line that says how to get a package."""
    return f"this needs {package}, which is not installed: pip install 'vlae-codec[{EXTRAS[package]}]'"


def complain(text: str) -> None:
    """One line on stderr that names the command; in red on a terminal, unless NO_COLOR is set."""
    name = click.get_current_context().command_path
    colour = sys.stderr is not None and sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    click.echo(f"{click.style(f'{name}:', fg='red') if colour else f'{name}:'} {with_options(text)}", err=True)


def abandon_stdout() -> None:
    """Let what can no longer be written go nowhere, or the interpreter complains of it once more as it ends."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Misuse(str):
    """The line of an option that means nothing for an input: the command ends with exit code 2, not 1."""

    __slots__ = ()


def describe(error: Exception) -> str:
    """Return one line that says what went wrong, with the file's name where the system gives it."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    line = with_options(" ".join(str(error).split()))
    return Misuse(line) if isinstance(error, OptionError) else line


def with_options(text: str) -> str:
    """Return a message of the library, in which names of parameters stand in backticks, with options instead."""
    return re.sub(r"`(\w+)`", lambda found: f"--{found[1].replace('_', '-')}", text)


class FiniteRange(click.FloatRange):
    """A range of numbers, without infinity and what is no number: both would pass or break comparisons."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number of a text.

        Raises:
            BadParameter: it is no number, not finite, or out of range.
        """
        number = float(click.FLOAT.convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return float(super().convert(number, param, ctx))


def parsed(function: str, module: str = "io.adjust") -> Callable[[click.Context, click.Parameter, str | None], Any]:
    """Return a callback of an option whose text a function of a module of `vlae_codec` reads."""

    def read(context: click.Context, parameter: click.Parameter, text: str | None) -> Any:
        try:
            return None if text is None else getattr(import_module(f"vlae_codec.{module}"), function)(text)
        except VlaeError as error:
            raise click.BadParameter(describe(error), context, parameter) from error

    return read


def refuse_together(options: Mapping[str, object]) -> None:
    """Refuse options of which only one can be given; those not given are None or False."""
    given = [name for name, value in options.items() if value is not None and value is not False]
    if len(given) > 1:
        raise click.UsageError(f"{' and '.join(given)} exclude one another")


class Failures:
    """Inputs that failed while the others went on."""

    def __init__(self) -> None:
        self.count, self.code = 0, 1
        self.paths: set[Path] = set()

    @contextmanager
    def of(self, path: Path) -> Iterator[None]:
        """Report an error about this input as one line on stderr, and go on."""
        try:
            yield
        except (VlaeError, OSError) as error:
            self.add(path, describe(error))

    def add(self, path: Path, text: str) -> None:
        """Report what is wrong with an input."""
        self.count += 1
        self.code = 2 if isinstance(text, Misuse) else self.code
        self.paths.add(path)
        complain(text if text.startswith(f"{path}: ") else f"{path}: {text}")

    def exit(self, total: int) -> None:
        """End the command with exit code 1, or 2 of a misused option, if an input failed; say how many did."""
        if self.count:
            if total > 1:
                complain(f"{len(self.paths)} of {total} inputs failed")
            sys.exit(self.code)


@contextmanager
def progress_bar(title: str, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on a terminal for work of over two seconds; yield its callback of pictures done and of all."""
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from tqdm import tqdm

    with tqdm(desc=title, unit="image", delay=2, leave=False) as bar:

        def step(done: int, total: int) -> None:
            bar.total = total
            bar.update(done)

        yield step
