"""The suite that any decoder can be held against: its runner, and what passes it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from independent_family_reader import FamilyReader
from independent_reader import Reader

from conformance.decode import Levels, decode, options, to_pam
from conformance.run import HERE, digest, judge
from vlae_codec.coding import symbols
from vlae_codec.container.header import PHOTO
from vlae_codec.errors import VlaeError
from vlae_codec.exact import tables
from vlae_codec.families import registry

CASES: list[dict[str, Any]] = json.loads((HERE / "manifest.json").read_text())
READ = [case for case in CASES if "sha256" in case]
REFUSED = [case for case in CASES if "refused" in case]
SCALES = Path(symbols.__file__).parent / "scales.npz"
EDGES = re.compile(
    r"search|search --seed 9\d*|search-(8|56) .*|\w+-search"
    r"|omniglot-lossless|lossless-noise|sample-(0|few|two|three|noise)"
)
"""Files of bilevel pictures of every mode, length and model, once each: their reader takes seconds a picture."""
TABLES = Path(tables.__file__).parent / "tables.npz"


def data_of(case: dict[str, Any]) -> bytes:
    path = HERE / "files" / str(case["file"])
    return path.read_bytes()


def found_by_package(case: dict[str, Any], device: str = "cpu") -> str:
    return digest(to_pam(decode(data_of(case), options().parse_args(case["options"]), device)))


def test_every_file_is_in_the_manifest_and_every_name_once() -> None:
    assert {path.name for path in (HERE / "files").iterdir()} == {case["file"] for case in CASES}
    assert len({case["name"] for case in CASES}) == len(CASES) >= 140


def test_every_mode_and_both_ends_of_its_options_are_there() -> None:
    modes = {data_of(case)[2] & 15 for case in READ}
    assert modes == {*range(13), 15}
    assert {case["options"][0] for case in READ if case["options"]} == {"--seed", "--preview", "--temperature"}


@pytest.mark.parametrize(
    "case", [case for case in READ if "archive" not in case["name"]][::9], ids=lambda one: one["name"]
)
def test_some_by_the_package(case: dict[str, Any]) -> None:
    assert found_by_package(case) == case["sha256"]


@pytest.mark.slow
@pytest.mark.parametrize("device", ["cpu", "torch"])
def test_all_by_the_package(device: str) -> None:
    cases = READ
    if device == "torch":
        pytest.importorskip("torch")
        cases = READ[::5]  # tiny pictures take torch five times as long; golden files are drawn by it as well
    assert not [case["name"] for case in cases if found_by_package(case, device) != case["sha256"]]


@pytest.mark.parametrize("case", REFUSED, ids=lambda one: one["name"])
def test_what_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(VlaeError):
        decode(data_of(case), options().parse_args(case["options"]))


@pytest.mark.slow
def test_the_photo_family_by_the_independent_reader() -> None:
    read = 0
    readers: dict[bytes, FamilyReader] = {}
    for case in READ:
        data = data_of(case)
        mode, prefix = data[2] & 15, data[3:6]
        if mode != PHOTO or not re.search("escapes|alpha|50|65x63", case["name"]):
            continue
        readers.setdefault(prefix, FamilyReader(Path(str(next(registry.find_prefix(prefix)).folder)), SCALES))
        assert digest(to_pam([readers[prefix].picture(data)])) == case["sha256"], case["name"]
        read += 1
    assert read >= 7


@pytest.mark.slow
def test_bilevel_pictures_by_the_independent_reader() -> None:
    read = 0
    readers: dict[bytes, Reader] = {}
    for case in READ:
        data = data_of(case)
        mode, prefix = data[2] & 15, data[3:6]
        if mode > 5 or not EDGES.fullmatch(case["name"]):
            continue
        readers.setdefault(prefix, Reader(Path(str(next(registry.find_prefix(prefix)).folder)), TABLES))
        (picture,) = readers[prefix].read(data, options().parse_args(case["options"]).seed)
        levels: Levels = 255 * np.array(picture, np.uint8)[:, :, None]
        assert digest(to_pam([levels])) == case["sha256"], case["name"]
        read += 1
    assert read >= 13


PROGRAM = """
import sys
from pathlib import Path
{body}
"""


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ("Path(sys.argv[2]).write_bytes(Path('right.pam').read_bytes())", ""),
        ("Path(sys.argv[2]).write_bytes(Path('right.pam').read_bytes()[:-1] + b'!')", "other pixels"),
        ("sys.exit('no')", "status 1: no"),
        ("import time; time.sleep(9)", "took more than"),
        ("", "status 0"),
    ],
    ids=["right", "wrong", "refuses", "hangs", "silent"],
)
def test_the_runner_judges_pictures(body: str, wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    case = READ[0]
    Path("right.pam").write_bytes(to_pam(decode(data_of(case), options().parse_args(case["options"]))))
    found = judge([sys.executable, "-c", PROGRAM.format(body=body)], case, tmp_path / "out.pam", 3)
    assert found.startswith(wrong) and bool(found) == bool(wrong)


@pytest.mark.parametrize(
    ("body", "good"),
    [
        ("sys.exit('damaged')", True),
        ("raise ValueError", False),
        ("", False),
        ("Path(sys.argv[2]).write_bytes(b''); sys.exit('damaged')", False),
    ],
    ids=["refuses", "crashes", "reads", "writes"],
)
def test_the_runner_judges_refusals(body: str, good: bool, tmp_path: Path) -> None:
    found = judge([sys.executable, "-c", PROGRAM.format(body=body)], REFUSED[0], tmp_path / "out.pam", 9)
    assert bool(found) != good


def test_the_runner_as_a_command() -> None:
    call = [sys.executable, str(HERE / "run.py"), "--only", "bad-mo", "--", sys.executable, "-m", "conformance.decode"]
    done = subprocess.run(call, cwd=HERE.parent, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "2 of 2 cases passed", done.stdout + done.stderr
