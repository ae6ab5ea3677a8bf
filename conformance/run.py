"""Hold a decoder against the suite: `python conformance/run.py -- COMMAND ...`, any program in any language.

The command is called as `COMMAND ... FILE OUT [--seed N] [--samples N] [--temperature T] [--preview]`. It writes the
file's pictures to OUT, in order, as PAM images with MAXVAL 255, or 65535 where samples have 16 bits, and ends with 0.
Of a file that has to be refused it writes nothing, says why in a line on its standard error, and ends with 1. Nothing
is tolerated: pixels are equal or not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def digest(data: bytes) -> str:
    """Return the SHA-256 of PAM images: for each "height width channels" in a line, and its pixels."""
    found, place = hashlib.sha256(), 0
    while place < len(data):
        end = data.index(b"ENDHDR\n", place) + 7
        head = dict(line.split()[:2] for line in data[place:end].decode().splitlines()[1:-1])
        height, width, depth, most = (int(head[name]) for name in ("HEIGHT", "WIDTH", "DEPTH", "MAXVAL"))
        place = end + height * width * depth * (1 + (most > 255))
        found.update(f"{height} {width} {depth}\n".encode() + data[end:place])
    return found.hexdigest()


def judge(command: list[str], case: dict[str, Any], out: Path, limit: float) -> str:
    """Return what is wrong with a decoder's answer to a case, nothing if it is right."""
    out.unlink(missing_ok=True)
    call = [*command, str(HERE / "files" / case["file"]), str(out), *case["options"]]
    try:
        done = subprocess.run(call, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return f"took more than {limit:g} seconds"
    if "refused" in case:
        lines = len(done.stderr.splitlines())
        good = done.returncode == 1 and lines == 1 and not out.exists()
        return "" if good else f"should be refused: status {done.returncode}, {lines} lines of error"
    if done.returncode or not out.exists():
        return f"status {done.returncode}: {done.stderr.strip()[-300:]}"
    found = digest(out.read_bytes())
    return "" if found == case["sha256"] else f"other pixels: {found[:12]} and not {case['sha256'][:12]}"


def main() -> None:
    """Run the cases that the command line names, and end with 1 if one fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="cases whose name has this in it")
    parser.add_argument("--timeout", type=float, default=60, help="seconds for a file")
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    cases = [case for case in json.loads((HERE / "manifest.json").read_text()) if arguments.only in case["name"]]
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            if wrong := judge(arguments.command, case, Path(folder) / "out.pam", arguments.timeout):
                failures += 1
                print(f"{case['name']} ({case['tests']}): {wrong}")
    print(f"{len(cases) - failures} of {len(cases)} cases passed")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
