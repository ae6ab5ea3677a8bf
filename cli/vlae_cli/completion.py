"""`vlae-completion`: what a shell needs to complete the options of the commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from .commands import NAMES, load_command
from .common import command

EPILOG = """\b
Examples:
  eval "$(vlae-completion bash)"                                      in ~/.bashrc
  eval "$(vlae-completion zsh)"                                       in ~/.zshrc
  vlae-completion fish > ~/.config/fish/conf.d/vlae.fish              once
"""


@command(EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def main(shell: str) -> None:
    """Print the completion of all commands for SHELL."""
    kind = get_completion_class(shell)
    assert kind is not None
    for name in NAMES:
        program = f"vlae-{name}"
        complete = kind(load_command(name), {}, program, f"_{program}_COMPLETE".replace("-", "_").upper())
        click.echo(complete.source_template % complete.source_vars())
