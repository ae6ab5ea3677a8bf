"""Inputs of commands by their paths, URLs, or on the standard input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from vlae_codec.errors import VlaeError
from vlae_codec.io.files import STREAM, Origin
from vlae_codec.io.urls import is_url, name_of


class PathOrUrl(click.Path):
    """A path as `Path`, or a URL as it is."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, readable=False)  # reading says so, and the other inputs go on

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path or URL of a text."""
        return value if is_url(value) else super().convert(value, param, ctx)


inputs_or_urls_argument = click.argument("inputs", nargs=-1, required=True, metavar="IN...", type=PathOrUrl())


@dataclass(frozen=True)
class Sources:
    """Where the bytes of inputs come from.

    Attributes:
        stdin: the standard input, which was read to see what it is.
        remote: URLs of inputs that have one, by the names that they are given here.
    """

    stdin: bytes = b""
    remote: Mapping[Path, str] = field(default_factory=dict)

    def where(self, path: Path) -> Path | str:
        """Return the path or URL of an input."""
        return self.remote.get(path, path)

    def collection(self, path: Path) -> Path | str:
        """Return the path or URL of a collection.

        Raises:
            VlaeError: it is the standard input.
        """
        if path == STREAM:
            raise VlaeError("a collection is read by its index: name its file")
        return self.where(path)

    def origin(self, paths: Sequence[Path], keep_time: bool) -> Origin:
        """Return what an output is made of; URLs have neither a mode nor a time that it could take."""
        return Origin(tuple(path for path in paths if path not in self.remote), keep_time)

    def head(self, path: Path) -> bytes:
        """Return the first bytes of an input, as many as tell what it is.

        Raises:
            VlaeError: a folder, or a URL without fsspec being installed.
            OSError: missing or unreadable.
        """
        from vlae_codec.container import header
        from vlae_codec.io import files

        if path == STREAM:
            return self.stdin[: header.HEADER.size]
        return files.read_up_to(self.where(path), header.HEADER.size - 1)

    def read(self, path: Path) -> bytes:
        """Return the bytes of a .vlz file, but no more than one can have and one; of a collection the first ones.

        Raises:
            VlaeError: a folder, or a URL without fsspec being installed.
            OSError: missing or unreadable.
        """
        from vlae_codec.container import header
        from vlae_codec.io import files

        if path == STREAM:
            return self.stdin
        return files.read_by_head(self.where(path), header.HEADER.size, header.limit)


def open_sources(inputs: Sequence[Path | str]) -> tuple[Sources, tuple[Path, ...]]:
    """Return where .vlz files come from, and the names that they have here; the standard input is read.

    Raises:
        VlaeError: as `name_sources`, or the standard input is closed.
    """
    from vlae_codec.container import header
    from vlae_codec.io import files

    sources, names = name_sources(inputs)
    stdin = files.read_by_head(STREAM, header.HEADER.size, header.limit) if STREAM in names else b""
    return replace(sources, stdin=stdin), names


def name_sources(inputs: Sequence[Path | str]) -> tuple[Sources, tuple[Path, ...]]:
    """Return where inputs come from, and the names that they have here.

    Raises:
        VlaeError: a URL ends without a name, or two inputs have the name of one.
    """
    remote = dict[Path, str]()
    names = list[Path]()
    for one in inputs:
        name = Path(name_of(one).name or urlsplit(one).netloc) if isinstance(one, str) else one
        if isinstance(one, str):
            if not name.name:
                raise VlaeError(f"{one}: a URL that ends without a name")
            if name in names:
                raise VlaeError(f"{one}: another input is called {name} too; give them one by one")
            remote[name] = one
        names.append(name)
    return Sources(remote=remote), tuple(names)
