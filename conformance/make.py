"""Make the files of the suite and their manifest: `python -m conformance.make`.

Files that are there are left alone, whatever has become of their models: a file that has to be made again shows that
old files can no longer be read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vlae_codec.errors import VlaeError

from .cases import all_cases
from .decode import decode, options, to_pam
from .malformed import all_bad
from .run import digest

HERE = Path(__file__).resolve().parent
MANIFEST = HERE / "manifest.json"


def main() -> None:
    """Make what is not there."""
    folder = HERE / "files"
    folder.mkdir(exist_ok=True)
    known = {case["name"]: case for case in json.loads(MANIFEST.read_text())} if MANIFEST.exists() else {}
    files: dict[str, bytes] = {}
    for case in all_cases():
        path = folder / f"{case.name}.vlz"
        if not path.exists():
            path.write_bytes(case.make())
        files[case.name] = path.read_bytes()
        name = " ".join([case.name, *case.options])
        if name not in known:
            found = to_pam(decode(files[case.name], options().parse_args(case.options)))
            known[name] = entry(name, path.name, case.tests, case.options) | {"sha256": digest(found)}
    for bad in all_bad(files):
        path, name = folder / f"bad-{bad.name}.vlz", f"bad-{bad.name}"
        if name not in known:
            path.write_bytes(bad.data)
            must_be_refused(bad.data, bad.options)
            known[name] = entry(name, path.name, bad.cause, bad.options) | {"refused": True}
    MANIFEST.write_text(json.dumps(list(known.values()), indent=1, ensure_ascii=False) + "\n")
    print(f"{len(known)} cases, {sum(path.stat().st_size for path in folder.iterdir())} bytes")


def entry(name: str, file: str, tests: str, arguments: tuple[str, ...]) -> dict[str, Any]:
    """Return what all entries of the manifest have."""
    return {"name": name, "file": file, "tests": tests, "options": list(arguments)}


def must_be_refused(data: bytes, arguments: tuple[str, ...]) -> None:
    """Make sure that the package refuses a file."""
    try:
        decode(data, options().parse_args(arguments))
    except VlaeError:
        return
    raise AssertionError("it was read")


if __name__ == "__main__":
    main()
