"""The commands by name; each is imported at its use, so that none waits for the others."""

from __future__ import annotations

from importlib import import_module

import click

NAMES = (
    "compress",
    "decompress",
    "info",
    "compare",
    "collect",
    "sample",
    "edit",
    "models",
    "train",
    "evaluate",
    "export",
    "demo",
    "bench",
    "completion",
    "man",
)


def load_command(name: str) -> click.Command:
    """Import the command `vlae-NAME`."""
    found = import_module(f"vlae_cli.{name}").main
    assert isinstance(found, click.Command)
    return found


class LazyGroup(click.Group):
    """`python -m vlae_cli NAME ...`: the same commands under one roof."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of use."""
        return list(NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a name, if there is one."""
        return load_command(cmd_name) if cmd_name in NAMES else None
