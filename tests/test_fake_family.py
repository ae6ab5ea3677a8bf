"""A new family is one class: registered, its models are found and its files made, read and described."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from PIL import Image

import vlae_codec
from vlae_codec.collections import Collection, encode_part
from vlae_codec.container.header import CHECKSUM, HEADER, MAGIC, VERSION, check, checksum, layout, parse_head
from vlae_codec.errors import FormatError, ModelError, OptionError, VlaeError
from vlae_codec.families import known, registry
from vlae_codec.families.family import Job, attempt
from vlae_codec.families.request import Draw, Rate
from vlae_codec.families.result import Decoded, Encoded, FileInfo, Progress
from vlae_codec.io.images import Picture
from vlae_codec.model.folder import Tree, fingerprint
from vlae_codec.model.info import ModelInfo
from vlae_codec.model.limits import Arrays, check_range

Run = Callable[..., Result]
MODE = 14


class DeflatedFamily:
    """Grey pictures of less than 256 rows and columns, deflated with a dictionary that is the model."""

    name, modes, options = "deflated", frozenset({MODE}), frozenset({"lossless"})

    def check(self, tree: Tree) -> None:
        check_range("level", [tree.get("level")], 1, 9)

    def load(self, tree: Tree, arrays: Arrays, device: str) -> bytes:
        return arrays["dictionary"].tobytes()

    def probe(self, model: bytes) -> None:
        zlib.compressobj(zdict=model)

    def takes(self, picture: Picture, info: ModelInfo, rate: Rate) -> bool:
        return False

    def encode(
        self, jobs: Sequence[Job], rate: Rate, device: str, progress: Progress | None
    ) -> Iterator[Encoded | VlaeError]:
        for job in jobs:
            (info,), (height, width) = job.models, job.picture.size
            packer = zlib.compressobj(zdict=registry.load(info, bytes, device))
            payload = packer.compress(job.picture.pixels.tobytes()) + packer.flush()
            key = bytes.fromhex(info.fingerprint)
            body = HEADER.pack(MAGIC, VERSION << 4 | MODE, key[:3]) + bytes([height, width]) + payload
            data, bits = body + CHECKSUM.pack(checksum(key, body)), 8 * len(payload)
            yield Encoded(data, info, job.picture.size, job.picture.size, 0.0, 0, float(bits), residual_bits=bits)

    def head(self, data: bytes) -> FileInfo:
        size = data[6], data[7]
        return FileInfo(parse_head(data)[1], "deflated", True, size, size, 1, 8)

    def describe(self, data: bytes) -> FileInfo:
        told, payload = self.head(data), len(data) - 10
        sections = tuple(layout({"header": 8, "payload": payload, "checksum": 2}))
        return FileInfo(told.prefix, told.mode, True, told.size, told.size, 1, 8, payload, sections)

    def identify(self, data: bytes) -> tuple[ModelInfo, bool]:
        return registry.find_checked(parse_head(data)[1], self.name, lambda key: check(data, key)), True

    def decode(
        self, files: Sequence[bytes], draw: Draw, device: str, progress: Progress | None
    ) -> Iterator[Decoded | VlaeError]:
        yield from (attempt(partial(self._decode, data, draw, device)) for data in files)

    def _decode(self, data: bytes, draw: Draw, device: str) -> Decoded:
        info, _ = self.identify(data)
        draw.check((), info)
        pixels = zlib.decompressobj(zdict=registry.load(info, bytes, device)).decompress(data[8:-2])
        return Decoded((np.frombuffer(pixels, np.uint8).reshape(data[6], data[7]),), info)


@pytest.fixture(autouse=True)
def _deflated(user_models: Path) -> Iterator[None]:
    """Register the family, and install a model of it."""
    known.register(DeflatedFamily())
    write_model(user_models / "ramps")
    yield
    known._families.pop("deflated", None)


def write_model(folder: Path, **changes: Any) -> None:
    arrays: dict[str, Any] = {"dictionary": np.arange(256, dtype=np.int16)}
    tree = {"format": 3, "family": "deflated", "name": "ramps", "description": "made for a test", "level": 6} | changes
    folder.mkdir()
    (folder / "model.json").write_text(json.dumps(tree | {"fingerprint": fingerprint(tree, arrays).hex()}))
    np.savez(folder / "weights.npz", **arrays)


@pytest.fixture
def ramp(tmp_path: Path) -> Path:
    """A grey picture."""
    Image.fromarray(np.add.outer(np.arange(9), np.arange(12)).astype(np.uint8)).save(tmp_path / "ramp.png")
    return tmp_path / "ramp.png"


def test_round_trip_by_the_commands(ramp: Path, tmp_path: Path, run: Run) -> None:
    made = run("compress", ramp, "-m", "ramps", "--lossless", "--verify", "--json")
    assert made.exit_code == 0, made.stderr
    record = json.loads(made.stdout)["images"][0]
    assert (record["family"], record["width"], record["height"]) == ("deflated", 12, 9)
    assert run("decompress", ramp.with_suffix(".vlz"), "-o", tmp_path / "again.png").exit_code == 0
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "again.png")), np.asarray(Image.open(ramp)))
    told = json.loads(run("info", ramp.with_suffix(".vlz"), "--json").stdout)
    assert (told["model"], told["mode"], told["width"]) == ("ramps", "deflated", 12)
    assert sum(part["bytes"] for part in told["sections"]) == told["file_bytes"]


def test_options_and_damage(ramp: Path, run: Run) -> None:
    wrong = run("compress", ramp, "-m", "ramps", "--quality", "5")
    assert wrong.exit_code == 2 and "--quality: not for model ramps of the deflated family" in wrong.stderr
    data = vlae_codec.compress(ramp, "ramps", lossless=True)
    with pytest.raises(OptionError, match="temperature"):
        vlae_codec.decompress(data, temperature=0.5)
    with pytest.raises(FormatError, match="checksum"):
        vlae_codec.decompress(data[:-1] + b"\0")
    del known._families["deflated"]
    with pytest.raises(FormatError, match="mode 14 is unknown"):
        vlae_codec.decompress(data)


def test_models_are_found_and_held_against_limits(user_models: Path, run: Run) -> None:
    listed = {one["name"]: one for one in json.loads(run("models", "list", "--json").stdout)}
    assert listed["ramps"]["family"] == "deflated" and listed["ramps"]["width"] is None
    assert run("models", "verify", "ramps").exit_code == 0
    write_model(user_models / "steep", name="steep", level=99)
    with pytest.raises(ModelError, match="level should be whole numbers of 1 to 9"):
        registry.find_model(str(user_models / "steep"))
    write_model(user_models / "other", name="other", family="unheard")
    assert "family 'unheard' is unknown" in run("models", "list").stderr


def test_pillow_and_collections_read_them(ramp: Path) -> None:
    data = vlae_codec.compress(ramp, "ramps", lossless=True)
    vlae_codec.register_vlz_opener()
    ramp.with_suffix(".vlz").write_bytes(data)
    with Image.open(ramp.with_suffix(".vlz")) as image:
        assert (image.size, image.mode, image.info["model"]) == ((12, 9), "L", "ramps")
        np.testing.assert_array_equal(np.asarray(image), np.asarray(Image.open(ramp)))
    part = encode_part([ramp, ramp], "ramps", lossless=True)
    found = Collection(part)
    assert [found.file(number)[1] for number in range(2)] == [data, data]
    np.testing.assert_array_equal(found.decode([1])[0], np.asarray(Image.open(ramp)))
