"""Reading within limits, writing whole or not at all, and which output belongs to which input. `-` is a stream."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

from ..errors import VlaeError

STREAM = Path("-")


def read_up_to(path: Path, limit: int) -> bytes:
    """The file's bytes, but no more than limit + 1 of them, so that a caller sees what is too long.

    Raises:
        VlaeError: a folder, or a closed stream.
        OSError: missing or unreadable.
    """
    with _opened(path) as file:
        return file.read(limit + 1)


def read_by_head(path: Path, size: int, limit_of: Callable[[bytes], int]) -> bytes:
    """As `read_up_to`, with a limit that the first `size` bytes of the file decide.

    Raises:
        VlaeError: a folder, or a closed stream.
        OSError: missing or unreadable.
    """
    with _opened(path) as file:
        return read_stream(file, size, limit_of)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, or take the standard input, which stays open."""
    if path == STREAM:
        if sys.stdin is None:
            raise VlaeError("the standard input is closed")
        yield sys.stdin.buffer
        return
    if path.is_dir():
        raise VlaeError("a folder, not a file: name the files in it")
    with path.open("rb") as file:
        yield file


def read_stream(file: IO[bytes], size: int, limit_of: Callable[[bytes], int]) -> bytes:
    """What is left in an open file, but no more than a limit (and one byte) that its first `size` bytes decide."""
    head = file.read(size)
    return head + file.read(max(0, limit_of(head) + 1 - len(head)))


def pair_outputs(inputs: Sequence[Path], out: Path | None, suffix: str) -> list[tuple[Path, Path]]:
    """Each input with its output: beside it under `suffix`, or at `out` (a file for one input, else a folder).

    Raises:
        VlaeError: two inputs would share an output, or several inputs would go to one file.
    """
    if out is not None and out != STREAM and len(inputs) > 1 and not out.is_dir():
        if out.exists():
            raise VlaeError(f"{out}: a file, and {len(inputs)} inputs need a folder")
        out.mkdir(parents=True)
    return _distinct([(path, _output(path, out, suffix)) for path in inputs])


def mirror_outputs(
    inputs: Sequence[Path], out: Path | None, suffix: str, read: frozenset[str]
) -> list[tuple[Path, Path]]:
    """Every file in and below the inputs with its output: beside it, or in a folder that mirrors where it lies.

    Args:
        inputs: files and folders; hidden ones in folders are left out, links to folders not followed.
        out: the folder; one input folder is mirrored as it, several under their own names. None for beside.
        suffix: of the outputs.
        read: suffixes of the files that are taken from folders, in small letters.

    Raises:
        VlaeError: two inputs would share an output, or there is no such file.
    """
    if out is not None and out.exists() and not out.is_dir():
        raise VlaeError(f"{out}: a file, and -r needs a folder")
    several = len(inputs) > 1
    pairs = []
    for path in inputs:
        if not path.is_dir():
            pairs.append((path, _output(path, None, suffix) if out is None else out / f"{path.stem}{suffix}"))
            continue
        base = out / path.resolve().name if out is not None and several else out or path
        found = [file for file in _walk(path) if file.suffix.lower() in read]
        pairs += [(file, base / file.relative_to(path).with_suffix(suffix)) for file in found]
    if not pairs:
        kinds = " ".join(sorted(read))
        raise VlaeError(f"no files of a known kind below {', '.join(map(str, inputs))}: looked for {kinds}")
    return _distinct(pairs)


def _walk(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(here, name) for name in sorted(names) if not name.startswith("."))


def _distinct(pairs: list[tuple[Path, Path]]) -> list[tuple[Path, Path]]:
    first: dict[Path, Path] = {}
    for path, target in pairs:
        if (other := first.setdefault(target, path)) is not path:
            raise VlaeError(f"{other} and {path} would both be written to {target}: give them one by one with -o")
    return pairs


def _output(path: Path, out: Path | None, suffix: str) -> Path:
    if not path.name:  # "." or "/": reading it will say what is wrong
        return path / suffix
    if out is None:
        return STREAM if path == STREAM else path.with_suffix(suffix)
    if out.is_dir():
        return out / ("stdin" + suffix if path == STREAM else path.with_suffix(suffix).name)
    return out


def check_target(source: Path, target: Path, force: bool) -> None:
    """Refuse a target that must not be written, before any work is done for it.

    Raises:
        VlaeError: it is the input, exists without `force`, or is no plain file.
    """
    if target == STREAM or not target.exists():
        return
    if target.is_dir() or not target.is_file():
        raise VlaeError(f"{target} is not a plain file: give another output with -o")
    if source != STREAM and source.exists() and target.samefile(source):
        raise VlaeError("the output would replace the input: give another with -o")
    if not force:
        raise VlaeError(f"{target} exists: --force replaces it, -o names another output")


def write_whole(target: Path, data: bytes) -> None:
    """Write a file whole or not at all: beside it under another name, then renamed.

    Raises:
        VlaeError: it cannot be written; nothing is left behind.
    """
    if target == STREAM:
        if sys.stdout is None:
            raise VlaeError("the standard output is closed, and the result should go there")
        try:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        except OSError as error:
            raise VlaeError(f"the standard output cannot be written: {error.strerror}") from error
        return
    beside = target.with_name(f".vlae-{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        with beside.open("xb") as file:
            file.write(data)
        os.replace(beside, target)
    except OSError as error:
        raise VlaeError(f"{target} cannot be written: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
