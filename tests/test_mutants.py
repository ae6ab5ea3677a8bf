"""The list of mutants does not rot: each one still changes a constant that stands in the sources once."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.mutants import MUTANTS, ROOT, Mutant, run_mutant
from vlae_codec.errors import VlaeError

by_name = pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)


@by_name
def test_its_text_stands_in_the_sources_once(mutant: Mutant) -> None:
    source = (ROOT / mutant.file).read_text()
    wrong = mutant.apply(source)
    assert wrong != source and wrong.replace(mutant.wrong, mutant.text) == source
    compile(wrong, mutant.file, "exec")


@by_name
def test_its_tests_are_there(mutant: Mutant) -> None:
    assert mutant.tests and all((ROOT / "tests" / name).is_file() for name in mutant.tests)


def test_names_differ() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) == 16


@pytest.mark.parametrize("source", ["", "x = 1\nx = 1\n"])
def test_a_text_that_is_gone_or_stands_there_twice_is_told(source: str) -> None:
    with pytest.raises(VlaeError, match=f"{source.count('x = 1')} times"):
        Mutant("x", "x.py", "x = 1", "x = 2", ("test_mutants.py",)).apply(source)


def test_what_a_test_notices_is_killed_and_the_copy_is_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VLAE_DATA", "/some/data")
    (tmp_path / "tests").mkdir()
    (tmp_path / "wrong.py").write_text("SEEN, UNSEEN = 1, 5\n")
    (tmp_path / "tests" / "test_it.py").write_text(
        "import os, wrong\ndef test_it():\n    assert wrong.SEEN == 1 and 'VLAE_DATA' not in os.environ\n"
    )
    tests = ("test_it.py",)
    assert run_mutant(tmp_path, Mutant("seen", "wrong.py", "= 1,", "= 2,", tests))
    assert not run_mutant(tmp_path, Mutant("unseen", "wrong.py", ", 5", ", 6", tests))
    assert (tmp_path / "wrong.py").read_text() == "SEEN, UNSEEN = 1, 5\n"
    with pytest.raises(VlaeError, match="cannot be run"):
        run_mutant(tmp_path, Mutant("seen", "wrong.py", "= 1,", "= 2,", ("test_gone.py",)))
