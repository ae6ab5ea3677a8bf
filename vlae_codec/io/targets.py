"""Which output belongs to which input, and which outputs must not be written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import VlaeError
from .files import STREAM, is_stream


class Plan(NamedTuple):
    """Inputs with their outputs, and inputs or folders that cannot be done, each with a line that says why."""

    pairs: list[tuple[Path, Path]]
    problems: list[tuple[Path, str]]


def pair_outputs(inputs: Sequence[Path], out: Path | None, suffix: str, folder: bool = False) -> Plan:
    """Return each input with its output: beside it under `suffix`, or at `out` or in it.

    Args:
        inputs: files.
        out: a file for one input, a folder for several; None for beside.
        suffix: of the outputs.
        folder: `out` is a folder in any case; it need not be there yet.

    Raises:
        VlaeError: several inputs would go to one file or stream, or a file is where the folder should be.
    """
    if out == STREAM and len(inputs) > 1:
        raise VlaeError(f"{len(inputs)} inputs, and the standard output takes one")
    folder = out is not None and (folder or len(inputs) > 1 or os.path.isdir(out))
    if folder and out is not None and out.exists() and not os.path.isdir(out):
        raise VlaeError(f"{out}: a file, and a folder is needed for {len(inputs)} input{'s' * (len(inputs) > 1)}")
    return _distinct([(path, _output(path, out, suffix, folder)) for path in inputs], [])


def mirror_outputs(inputs: Sequence[Path], out: Path | None, suffix: str, read: frozenset[str]) -> Plan:
    """Return every file in and below the inputs with its output: beside it, or in a folder that mirrors where it lies.

    Args:
        inputs: files and folders; hidden ones in folders are left out, links to folders not followed.
        out: the folder; one input folder is mirrored as it, several under their own names. None for beside.
        suffix: of the outputs.
        read: suffixes of the files that are taken from folders, in small letters.

    Raises:
        VlaeError: there is no such file.
    """
    if out is not None and out.exists() and not out.is_dir():
        raise VlaeError(f"{out}: a file, and `recursive` needs a folder")
    several = len(inputs) > 1
    pairs: list[tuple[Path, Path]] = []
    problems: list[tuple[Path, str]] = []
    for path in inputs:
        if not os.path.isdir(path):
            pairs.append((path, _output(path, None, suffix, False) if out is None else out / f"{path.stem}{suffix}"))
            continue
        base = out / path.resolve().name if out is not None and several else out or path
        found = [file for file in walk(path, problems) if file.suffix.lower() in read]
        pairs += [(file, base / file.relative_to(path).with_suffix(suffix)) for file in found]
    if not pairs and not problems:
        kinds = " ".join(sorted(read))
        raise VlaeError(f"no files of a known kind below {', '.join(map(str, inputs))}: looked for {kinds}")
    return _distinct(pairs, problems)


def spread(plan: Plan, counts: Mapping[Path, int]) -> tuple[Plan, dict[Path, int]]:
    """Return a plan with an output for each frame, x-0000.vlz and so on, and the frames by their outputs.

    Args:
        plan: one output for each input.
        counts: frames of the inputs; those of one frame may be left out.
    """
    pairs, problems, frames = [], list(plan.problems), {}
    for source, target in plan.pairs:
        count = counts.get(source, 1)
        if count == 1:
            pairs.append((source, target))
        elif target == STREAM:
            problems.append((source, f"{count} frames, and the standard output takes one"))
        else:
            digits = max(4, len(str(count - 1)))
            for number in range(count):
                place = target.with_name(f"{target.stem}-{number:0{digits}d}{target.suffix}")
                pairs.append((source, place))
                frames[place] = number
    return _distinct(pairs, problems), frames


def make_folders(plan: Plan) -> Plan:
    """Make the folders of all outputs; what needs one that cannot be made becomes a problem."""
    pairs, problems = [], list(plan.problems)
    for source, target in plan.pairs:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            pairs.append((source, target))
        except OSError as error:
            problems.append((source, f"{target.parent} cannot be made: {error.strerror}"))
    return Plan(pairs, problems)


def walk(folder: Path, problems: list[tuple[Path, str]]) -> Iterable[Path]:
    """Yield the files in and below a folder; what cannot be read of it is a problem."""

    def unread(error: OSError) -> None:
        problems.append((Path(error.filename), f"the folder cannot be read: {error.strerror}"))

    for here, folders, names in os.walk(folder, onerror=unread):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths = (Path(here, name) for name in sorted(names) if not name.startswith("."))
        yield from (path for path in paths if os.path.isfile(path) or not os.path.exists(path))


def _distinct(pairs: list[tuple[Path, Path]], problems: list[tuple[Path, str]]) -> Plan:
    """Let the first of several inputs have an output; the others are problems."""
    first: dict[Path, Path] = {}
    kept = []
    for path, target in pairs:
        if target not in first:
            first[target] = path
            kept.append((path, target))
        else:
            line = f"{first[target]} is written to {target}, where this one would go: give it another output with `out`"
            problems.append((path, line))
    return Plan(kept, problems)


def _output(path: Path, out: Path | None, suffix: str, folder: bool) -> Path:
    if not path.name:  # "." or "/": reading it will say what is wrong
        return path / suffix
    if out is None:
        return STREAM if path == STREAM else path.with_suffix(suffix)
    if folder:
        return out / ("stdin" + suffix if path == STREAM else path.with_suffix(suffix).name)
    return out


def check_target(source: Path, target: Path, force: bool) -> None:
    """Refuse a target that must not be written, before any work is done for it.

    Raises:
        VlaeError: it is the input, exists without `force`, or is neither a plain file nor something like /dev/null.
    """
    if target == STREAM or not target.exists() or is_stream(target):
        return
    if not target.is_file():
        raise VlaeError(f"{target} is not a plain file: give another output with `out`")
    if source != STREAM and source.exists() and target.samefile(source):
        raise VlaeError("the output would replace the input: give another with `out`")
    if not force:
        raise VlaeError(f"{target} exists: `force` replaces it, `out` names another output")
