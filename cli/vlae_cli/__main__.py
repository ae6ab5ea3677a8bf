"""`python -m vlae_cli compress digit.png`: the commands, where their scripts are not on the path."""

from __future__ import annotations

import click

from .commands import LazyGroup
from .common import version_option


@click.command(cls=LazyGroup)
@version_option
def main() -> None:
    """Compress pictures to what they are, and draw them again."""


if __name__ == "__main__":
    main(prog_name="python -m vlae_cli")
