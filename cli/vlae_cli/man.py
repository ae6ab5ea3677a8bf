"""`vlae-man`: manual pages of the commands, made of click's parameters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from vlae_codec import __version__

from .commands import NAMES, load_command
from .common import command

EPILOG = """\b
Examples:
  vlae-man --out ~/.local/share/man/man1     then: man vlae-compress
"""


@command(EPILOG)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the pages; replaces old ones.")
def main(out: Path) -> None:
    """Write the manual pages of all commands."""
    from vlae_codec.io.files import write_whole

    out.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        write_whole(out / f"vlae-{name}.1", page(f"vlae-{name}", load_command(name)).encode())
    click.echo(f"{len(NAMES)} pages in {out}")


def page(program: str, command: click.Command) -> str:
    """Format the page of a command, in the troff macros of man(7)."""
    context = click.Context(command, info_name=program)
    lines = [f'.TH "{program.upper()}" "1" "" "vlae-codec {__version__}" "User Commands"']
    lines += [".SH NAME", f"{_text(program)} \\- {_text(command.get_short_help_str(200))}", ".SH SYNOPSIS"]
    lines += [f".B {_text(program)}", _text(" ".join(command.collect_usage_pieces(context)))]
    lines += [".SH DESCRIPTION", *_paragraphs(command.help or "")]
    lines += _options(command, context, ".SH OPTIONS")
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            lines += _subcommand(command, name, context)
    lines += [".SH EXAMPLES", *_examples(command.epilog or "")]
    lines += [
        ".SH EXIT STATUS",
        "0 done, 1 failed (one line on stderr says why), 2 wrong usage, 130 after Ctrl-C, 143 after SIGTERM.",
    ]
    lines += [".SH ENVIRONMENT", ".TP", "VLAE_MODELS", "Folder of the user's models.", ".TP", "NO_COLOR"]
    lines += ["Any value: no colours.", ".SH SEE ALSO"]
    lines.append(", ".join(f"vlae-{_text(name)}(1)" for name in NAMES if f"vlae-{name}" != program))
    return "\n".join(lines) + "\n"


def _subcommand(group: click.Group, name: str, context: click.Context) -> Iterator[str]:
    command = group.get_command(context, name)
    assert command is not None
    inner = click.Context(command, info_name=name, parent=context)
    yield f".SH COMMAND {_text(name)}"
    yield f".B {_text(name)} {_text(' '.join(command.collect_usage_pieces(inner)))}"
    yield ".PP"
    yield from _paragraphs(command.help or "")
    yield from _options(command, inner, ".PP")


def _options(command: click.Command, context: click.Context, title: str) -> list[str]:
    options = [option for option in command.get_params(context) if isinstance(option, click.Option)]
    records = [record for option in options if (record := option.get_help_record(context))]
    lines = [title] if records else []
    for names, text in records:
        lines += [".TP", f".B {_text(names)}", _text(text)]
    return lines


def _paragraphs(text: str) -> Iterator[str]:
    for number, part in enumerate(text.strip().split("\n\n")):
        if number:
            yield ".PP"
        yield _text(" ".join(part.split()))


def _examples(epilog: str) -> Iterator[str]:
    yield ".nf"
    for line in epilog.replace("\b", "").strip().splitlines():
        if line.strip() != "Examples:":
            yield _text(line)
    yield ".fi"


def _text(text: str) -> str:
    """Text that troff leaves as it is."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("~", "\\(ti").replace("^", "\\(ha")
    return f"\\&{text}" if text.startswith((".", "'")) else text
