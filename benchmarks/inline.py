"""Figures in the middle of a sentence, filled in from the results: <!--=NAME/KEY/.../KEY:FORMAT-->figure<!--/-->.

NAME is a file of benchmarks/results, .csv or else .json. `recipe=window-5x3` as a key picks the row of a list.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from benchmarks.lossy.rows import read_rows
from vlae_codec.errors import VlaeError

FIGURE = re.compile(r"<!--=(.+?):(.+?)-->.*?<!--/-->")


def fill(text: str, folder: Path) -> str:
    """Return the text with the current figure in every marker.

    Raises:
        VlaeError: a marker names a result, or something in it, that is not there.
    """

    def filled(found: re.Match[str]) -> str:
        path, style = found.groups()
        return f"<!--={path}:{style}-->{format(float(figure(path, folder)), style)}<!--/-->"

    return FIGURE.sub(filled, text)


def figure(path: str, folder: Path) -> Any:
    """Return what lies at a path of keys below the results."""
    name, *keys = path.split("/")
    try:
        value: Any = (
            read_rows(folder / name) if name.endswith(".csv") else json.loads((folder / f"{name}.json").read_text())
        )
        for key in keys:
            value = _row(value, key) if isinstance(value, list) else value[key]
    except (KeyError, OSError, StopIteration) as error:
        raise VlaeError(f"{path}: no such figure in the results ({error!r}); measure it, or mend the page") from error
    return value


def _row(rows: list[dict[str, Any]], key: str) -> dict[str, Any]:
    """Return the first row whose fields are as `a=1,b=2` says."""
    wanted = dict(part.split("=") for part in key.split(","))
    return next(row for row in rows if all(str(row.get(name)) == value for name, value in wanted.items()))
