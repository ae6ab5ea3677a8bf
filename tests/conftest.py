"""Fixtures for the tests of files and commands: digits, commands as functions, and models small enough to make up."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import settings
from numpy.typing import NDArray

from vlae_codec.families import registry
from vlae_codec.families.bilevel import codec
from vlae_codec.families.bilevel.family import BilevelFamily
from vlae_codec.latents.payload import Code
from vlae_codec.model.networks import IntegerModel

settings.register_profile("any machine", deadline=None)  # busy ones among them
settings.load_profile("any machine")


class FakeModel(IntegerModel):
    """Codes are hashes of pictures, drawings are hashes of codes: what files and commands see of a model."""

    def __init__(self, info: dict[str, Any]) -> None:
        super().__init__(info, {})
        self.workers = 1

    def draw(
        self,
        z: NDArray[np.int64],
        seed: int = 0,
        draw: int | NDArray[np.int64] = 0,
        raster: bool = False,
        near: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.uint8]:
        shape = self.info["height"], self.info["width"]
        rows = [np.random.default_rng([*row, seed, draw]).integers(0, 2, shape, np.uint8) for row in z]
        return np.stack(rows)


def fake_encode(model: FakeModel, images: NDArray[np.uint8], *, bits: int | None = None, **rest: Any) -> list[Code]:
    bits = bits or model.info.get("bits", 24)
    for _ in images:
        if rest["progress"]:
            rest["progress"](1)
    hashes = [hashlib.sha256(image.tobytes()).digest() for image in images]
    neg_elbo = model.info.get("neg_elbo", 110.0)
    return [Code(0, digest[: bits // 8], bits, 17.5, neg_elbo, 150.0) for digest in hashes]


def fake_decode(model: FakeModel, modes: Sequence[int], payloads: Sequence[bytes]) -> NDArray[np.int64]:
    return np.array([list(payload.ljust(8, b"\0")[:8]) for payload in payloads], np.int64)


@pytest.fixture(autouse=True)
def user_models(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's model folder, empty: tests neither see nor touch the real one."""
    folder = tmp_path_factory.mktemp("models")
    monkeypatch.setenv("VLAE_MODELS", str(folder))
    return folder


@pytest.fixture
def install(user_models: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Put a made-up model into the user's folder: install(name, key=value in model.json, ...) -> its folder."""
    monkeypatch.setattr(BilevelFamily, "load", lambda family, tree, arrays, device: FakeModel(dict(tree)))
    monkeypatch.setattr(registry, "read_weights", lambda folder, tree: {})
    monkeypatch.setattr(codec, "encode", fake_encode)
    monkeypatch.setattr(codec, "decode", fake_decode)
    monkeypatch.setattr(codec, "check_payload", lambda *_: None)

    def write(name: str, /, **changes: Any) -> Path:
        info = {
            "format": 1,
            "name": name,
            "description": "made up for a test",
            "fingerprint": hashlib.sha256(name.encode()).hexdigest(),
            "height": 28,
            "width": 28,
            "latent": 8,
            "prior_blocks": 1,
            "window": [1, 1, 1],
            "shifts": {},
            "index_lengths": [],
            "block_shares": [1],
        }
        folder = user_models / name
        folder.mkdir()
        (folder / "model.json").write_text(json.dumps(info | changes))
        return folder

    return write


@pytest.fixture
def model_name(install: Callable[..., Path]) -> str:
    """A model of 28 x 28 pixels and 24 bits that any test may use."""
    install("fake")
    return "fake"


@pytest.fixture
def mnist() -> str:
    """The shipped model for digits."""
    return "mnist"


ALLOWED = (
    "could not import 'torch'", "could not import 'hatchling'", "could not import 'pty'", "No module named",
    "VLAE_DATA names no folder", "there is no GPU", "as root may", "needs file(1)", "needs /dev/full",
    "there is no /proc", "holds no such names",
    "this torch has no Muon", "no BLAS whose threads", "the BLAS has one thread", "more groups than blocks",
    "2^28 children", "needs node",
)  # fmt: skip
"""Reasons for which CI may leave a test out: what a machine lacks, and combinations that do not exist."""


LONGEST = ("web", "docs", "ray", "conformance", "photo_training", "endurance", "independent_archive_reader", "memory")
"""Test files that take longest: they go first, or one process would work on one at the end while others have none."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files in front; all others keep their order."""
    places = {f"test_{name}": place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """With CI set, fail a test that is skipped for any other reason: a skip can hide a loss."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not any(allowed in reason for allowed in ALLOWED):
            report.outcome, report.longrepr = "failed", f"{item.nodeid}: CI may not skip it: {reason}"


@pytest.fixture
def digits(tmp_path: Path) -> list[Path]:
    """Files 0.png ... 9.png of 28 x 28 pixels in the test's folder."""
    with as_file(files("vlae_cli") / "digits") as folder:
        return [Path(shutil.copy(folder / f"{digit}.png", tmp_path)) for digit in range(10)]


@pytest.fixture
def run() -> Callable[..., Result]:
    """Run a command: run("compress", path, "--json"). Errors other than its own are errors of the test."""

    # click 8.1 mixes both streams unless it is told; later ones never do, and do not know the option.
    told = "mix_stderr" in inspect.signature(CliRunner).parameters
    apart: dict[str, Any] = {"mix_stderr": False} if told else {}

    def invoke(command: str, *arguments: object, stdin: bytes | None = None) -> Result:
        main = import_module(f"vlae_cli.{command}").main
        texts = [str(argument) for argument in arguments]
        return CliRunner(**apart).invoke(main, texts, stdin, prog_name=f"vlae-{command}", catch_exceptions=False)

    return invoke
