"""The fuzzer itself: it goes on where it stopped, repeats any input, and notices what it is there to notice."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from benchmarks import fuzz, fuzz_collections
from benchmarks.fuzz_stored import entries_of
from benchmarks.seals import reseal, reseal_collection, wrap_entries
from vlae_codec.container.collection import FOOTER_SIZE
from vlae_codec.container.envelope import unwrap
from vlae_codec.container.header import WINDOWED_LOSSLESS
from vlae_codec.errors import FormatError, VlaeError

INPUTS = 1000


@pytest.fixture(scope="module")
def installed() -> Iterator[tuple[fuzz.Corpus, str]]:
    """The corpus, which takes seconds to make, and the folder of its models."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VLAE_MODELS", "set by the fuzzer, undone by this fixture")
        with fuzz.installed_corpus() as corpus:
            yield corpus, os.environ["VLAE_MODELS"]


@pytest.fixture(autouse=True)
def corpus(installed: tuple[fuzz.Corpus, str], user_models: Path, monkeypatch: pytest.MonkeyPatch) -> fuzz.Corpus:
    """The corpus, which every run of the fuzzer in a test shares."""
    corpus, folder = installed
    monkeypatch.setenv("VLAE_MODELS", folder)
    monkeypatch.setattr(fuzz, "installed_corpus", lambda: nullcontext(corpus))
    return corpus


def test_damaged_inputs_fail_in_one_line_or_decode(tmp_path: Path) -> None:
    half = fuzz.fuzz(INPUTS // 2, tmp_path, quiet=True)
    assert half.done == INPUTS // 2
    state = fuzz.fuzz(INPUTS, tmp_path, quiet=True)
    assert state.done == sum(sum(found.values()) for found in state.outcomes.values()) == INPUTS
    assert not state.failures
    assert state.slowest_s < fuzz.LIMIT_S and state.peak_mib > 0
    assert all(state.outcomes["file"][found] > 3 for found in ("FormatError", "ModelError", "decoded"))
    assert state.outcomes["archive"]["FormatError"] > 5
    assert all(state.outcomes["photo"][found] > 0 for found in ("FormatError", "ModelError", "decoded"))
    assert all(
        state.outcomes[kind][found] > 1 for kind in ("model", "photo model") for found in ("ModelError", "decoded")
    )
    assert all(
        state.outcomes[kind][found] > 1
        for kind in ("stored", "metadata", "page", "palette", "predicted")
        for found in ("FormatError", "decoded")
    )


def test_an_input_depends_on_nothing_but_its_number(corpus: fuzz.Corpus) -> None:
    forth = [fuzz.make_input(number, corpus)[2] for number in range(300)]
    back = [fuzz.make_input(number, corpus)[2] for number in reversed(range(300))]
    assert forth == back[::-1]


def test_checksums_are_put_right_again(corpus: fuzz.Corpus) -> None:
    whole = [data for data in corpus.photos.files if data[2] & 15 != WINDOWED_LOSSLESS]  # these may be cut
    for data in whole + corpus.stored + corpus.wrapped + corpus.pages + corpus.palettes + corpus.predicted:
        assert reseal(data[:-2] + bytes(b ^ 255 for b in data[-2:]), corpus.known) == data
    for data in corpus.wrapped:
        inner, told = unwrap(data)
        assert unwrap(wrap_entries(entries_of(told), inner)) == (inner, told)
        with pytest.raises(FormatError, match="unknown kind"):
            unwrap(wrap_entries(b"\x09\0", inner))
    for data in fuzz_collections.make_corpus():
        end = len(data) - FOOTER_SIZE
        assert reseal_collection(data[:end] + data[end:-4].replace(data[-12:-4], b"damaged!") + data[-4:]) == data


@pytest.mark.parametrize(
    ("error", "text"),
    [(KeyError("lost"), "KeyError"), (MemoryError(), "MemoryError"), (FormatError("two\nlines"), "more than one line")],
)
def test_crashes_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, text: str) -> None:
    def fail(data: bytes) -> None:
        raise error

    monkeypatch.setattr("vlae_codec.report.inspection.describe", fail)
    state = fuzz.fuzz(20, tmp_path, quiet=True)
    assert state.failures
    assert text in state.failures[0]["error"]


def test_hangs_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "LIMIT_S", 0.02)
    monkeypatch.setattr("vlae_codec.report.inspection.describe", lambda data: time.sleep(60))
    state = fuzz.fuzz(3, tmp_path, quiet=True)
    assert any("HangError" in failure["error"] for failure in state.failures)


def test_damaged_collections_fail_in_one_line_or_are_read() -> None:
    corpus = fuzz_collections.make_corpus()
    assert fuzz_collections.make_input(7, corpus) == fuzz_collections.make_input(7, corpus)
    read = 0
    for number in range(600):
        data = fuzz_collections.make_input(number, corpus)
        for reader in fuzz_collections.READERS.values():
            try:
                reader(data)
                read += 1
            except VlaeError as error:
                assert "\n" not in str(error)
    assert 0 < read < 900
