from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_models import BACKENDS, WINDOW_NAMES, exported, some_images, some_latents, tiny_model

from benchmarks.plain_drawing import context_of, local
from vlae_codec.errors import ModelError
from vlae_codec.exact.layers import LIMIT
from vlae_codec.exact.philox import candidate_noise, pixel_noise
from vlae_codec.families.registry import read_model, read_tree
from vlae_codec.model.folder import fingerprint
from vlae_codec.model.networks import BATCH, IntegerModel, place
from vlae_models.release.export import write_model
from vlae_models.release.packing import pack

windows = pytest.mark.parametrize("window", WINDOW_NAMES)


def on(device: str, window: str) -> IntegerModel:
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("there is no GPU")
    return tiny_model(window, device=device)


@windows
@pytest.mark.parametrize("device", BACKENDS)
def test_every_backend_gives_the_same_integers(device: str, window: str) -> None:
    ours, theirs = tiny_model(window), on(device, window)
    images, z = some_images(3), some_latents(3)
    for a, b in zip(ours.posterior(images), theirs.posterior(images), strict=True):
        assert a.dtype == b.dtype == np.int64
        np.testing.assert_array_equal(a, b)
    for block in range(ours.blocks):
        before = z[:, : 8 * block]
        np.testing.assert_array_equal(ours.prior_block(block, before), theirs.prior_block(block, before))
    np.testing.assert_array_equal(ours.to_integers(context_of(ours, z)), theirs.to_integers(context_of(theirs, z)))
    np.testing.assert_array_equal(ours.distortion_bits(images, z), theirs.distortion_bits(images, z))
    np.testing.assert_array_equal(ours.draw(z, seed=5), theirs.draw(z, seed=5))


@windows
def test_drawing_order_does_not_change_the_picture(window: str) -> None:
    model, z = tiny_model(window), some_latents(3, seed=1)
    pictures = model.draw(z, seed=2**63 + 1, draw=3)
    assert pictures.shape == (3, 28, 28) and pictures.dtype == np.uint8
    assert 0.02 < pictures.mean() < 0.98  # the test means something only if the pixels are not all alike
    np.testing.assert_array_equal(pictures, model.draw(z, seed=2**63 + 1, draw=3, raster=True))


@windows
def test_a_pixel_is_ink_where_its_noise_lies_below_its_probability(window: str) -> None:
    """The drawn picture, read pixel by pixel, explains itself; so does the distortion of that picture."""
    model, z = tiny_model(window), some_latents(1, seed=2)
    picture = model.draw(z, seed=11, draw=4)[0]
    above, left, right = model.window
    padded = np.pad(picture, ((above, 0), (left, right))).astype(np.float64)
    context, bits = context_of(model, z), 0.0
    for row in range(28):
        for column in range(28):
            seen = [padded[row + above + r, column + left + c] for r, c in model.window.offsets()]
            one = int(local(model, context[0, row, column][None], np.array([seen]))[0])
            place_of = [np.array([n], np.int64) for n in (row, column, 4)]
            noise = pixel_noise(place_of[0], place_of[1], 0, place_of[2], 11)[0]
            assert picture[row, column] == (noise < one << 8)
            bits -= np.log2(one / 2**24 if picture[row, column] else 1 - one / 2**24)
    assert model.distortion_bits(picture[None], z)[0] == pytest.approx(bits, abs=1e-6)


def test_pictures_do_not_depend_on_the_batch() -> None:
    model, z = tiny_model(), some_latents(BATCH + 2)
    together = model.draw(z, seed=1)
    for index in (0, 1, BATCH - 1, BATCH, BATCH + 1):
        np.testing.assert_array_equal(together[index], model.draw(z[index : index + 1], seed=1)[0])
    images = some_images(BATCH + 2)
    for whole, alone in zip(model.posterior(images), model.posterior(images[-1:]), strict=True):
        np.testing.assert_array_equal(whole[-1:], alone)
    assert model.distortion_bits(images, z)[-1] == model.distortion_bits(images[-1:], z[-1:])[0]


def test_seed_and_draw_number_make_other_pictures() -> None:
    model, z = tiny_model(), some_latents(1)
    pictures = [model.draw(z, seed, draw).tobytes() for seed, draw in ((0, 0), (0, 1), (1, 0), (2**32, 0))]
    assert len(set(pictures)) == len(pictures)
    assert model.draw(z).tobytes() == pictures[0]


def test_what_z_says_is_drawn() -> None:
    model = tiny_model()
    near, far = (np.full((1, 16), value, np.int64) for value in (1024, -1024))
    assert (context_of(model, near) != context_of(model, far)).any()


def test_candidates_follow_the_prior() -> None:
    """One path is as good as many, blocks come one at a time or together, and block 0 is the noise itself."""
    model, paths = tiny_model(), np.array([3, 2**34, 77], np.int64)
    none = np.zeros((3, 0), np.int64)
    together, noise = model.candidates(paths, 0, none, 2), candidate_noise(paths, 0, 0, 16)
    assert together.shape == noise.shape == (3, 16)
    np.testing.assert_array_equal(together[:, :8], (noise[:, :8] + 2) >> 2)
    np.testing.assert_array_equal(model.candidates(paths[1:2], 0, none[:1], 2), together[1:2])
    np.testing.assert_array_equal(model.candidates(paths, 0, together[:, :8], 1), together)
    np.testing.assert_array_equal(model.latents_of(noise[:, 8:], together[:, :8]), together)
    mean, scale = model.prior_block(1, together[:, :8])
    np.testing.assert_array_equal(together[:, 8:], place(noise[:, 8:], mean, scale))
    assert (scale != scale[0]).any()  # the prior is not a constant


def test_place_rounds_half_up_and_clamps() -> None:
    one = np.array([1 << 14])
    assert place(np.array([2, -2, 1, -3, 6]), np.array([5]), one).tolist() == [6, 5, 5, 4, 7]
    assert place(np.array([2**22, -(2**22)]), np.array([0]), one).tolist() == [LIMIT, -LIMIT]


def test_fingerprint_covers_all_that_decoding_depends_on() -> None:
    info, arrays = exported()
    original = fingerprint(info, arrays)
    assert original.hex() == info["fingerprint"]
    for name, array in arrays.items():
        changed = array.copy()
        changed.reshape(-1)[-1] ^= 1
        assert fingerprint(info, {**arrays, name: changed}) != original, name
        assert fingerprint(info, {**arrays, name: array[None]}) != original
    for name, shift in info["shifts"].items():
        assert fingerprint({**info, "shifts": {**info["shifts"], name: shift + 1}}, arrays) != original, name
    decisive = {"window": [1, 1, 1], "latent": 8, "prior_blocks": 1, "block_shares": [1, 2], "height": 29, "format": 2}
    for key, value in {**decisive, "index_lengths": [[5] * 41] * 4}.items():
        assert fingerprint({**info, key: value}, arrays) != original, key


def test_fingerprint_leaves_labels_out() -> None:
    info, arrays = exported()
    for key, value in {"name": "other", "description": "x", "fingerprint": ""}.items():
        assert fingerprint({**info, key: value}, arrays).hex() == info["fingerprint"], key
    swapped = {name: arrays[name] for name in reversed(arrays)}
    big_endian = {name: array.astype(array.dtype.newbyteorder(">")) for name, array in arrays.items()}
    assert fingerprint(info, swapped) == fingerprint(info, big_endian) == fingerprint(info, arrays)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_model(tmp_path, *exported())
    return tmp_path


def test_a_written_model_is_read_back(folder: Path) -> None:
    model, z = read_model(folder, IntegerModel), some_latents(2)
    assert (model.name, model.height, model.width) == ("tiny", 28, 28)
    assert model.fingerprint.hex() == read_tree(folder)["fingerprint"]
    np.testing.assert_array_equal(model.draw(z), tiny_model().draw(z))


def alter_weights(folder: Path) -> None:
    arrays = {**exported()[1]}
    arrays["decoder.out.bias"] = arrays["decoder.out.bias"] + 1
    (folder / "weights.npz").write_bytes(pack(arrays))


def leave_one_out(folder: Path) -> None:
    (folder / "weights.npz").write_bytes(pack({k: v for k, v in exported()[1].items() if k != "decoder.out.bias"}))


def pickled(folder: Path) -> None:
    arrays: dict[str, Any] = {**exported()[1], "decoder.out.bias": np.array([{}], object)}
    np.savez(folder / "weights.npz", **arrays)


def damage_member(folder: Path) -> None:
    data = bytearray((folder / "weights.npz").read_bytes())
    data[len(data) // 2] ^= 0x55
    (folder / "weights.npz").write_bytes(bytes(data))


def rewrite(**changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        info = json.loads((folder / "model.json").read_text())
        (folder / "model.json").write_text(json.dumps({**info, **changes}))

    return change


def empty_zip(folder: Path) -> None:
    zipfile.ZipFile(folder / "weights.npz", "w").close()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "weights altered": alter_weights,
    "an array missing": leave_one_out,
    "weights missing": lambda folder: (folder / "weights.npz").unlink(),
    "weights empty": lambda folder: (folder / "weights.npz").write_bytes(b""),
    "weights no zip": lambda folder: (folder / "weights.npz").write_bytes(b"not an archive at all"),
    "weights cut": lambda folder: (folder / "weights.npz").write_bytes((folder / "weights.npz").read_bytes()[:-30]),
    "weights damaged inside": damage_member,
    "zip empty": empty_zip,
    "an array instead of a zip": lambda folder: np.save((folder / "weights.npz").open("wb"), np.zeros(3)),
    "a pickle": lambda folder: (folder / "weights.npz").write_bytes(pickle.dumps({"a": 1})),
    "a pickle in the zip": pickled,
    "json missing": lambda folder: (folder / "model.json").unlink(),
    "json empty": lambda folder: (folder / "model.json").write_text(""),
    "json nonsense": lambda folder: (folder / "model.json").write_text("{nonsense"),
    "json not text": lambda folder: (folder / "model.json").write_bytes(b"\xff\xfe\x00"),
    "json a list": lambda folder: (folder / "model.json").write_text("[1, 2]"),
    "json null": lambda folder: (folder / "model.json").write_text("null"),
    "format unknown": rewrite(format=2),
    "fingerprint no hex": rewrite(fingerprint="z" * 64),
    "fingerprint of another": rewrite(fingerprint="00" * 32),
    "height a string": rewrite(height="28"),
    "shifts a list": rewrite(shifts=[]),
    "window changed": rewrite(window=[3, 3, 3]),
    "window too short": rewrite(window=[3]),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_folder_is_refused(folder: Path, damage: str) -> None:
    DAMAGE[damage](folder)
    with pytest.raises(ModelError) as error:
        read_model(folder, IntegerModel)
    assert str(folder) in str(error.value)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ModelError, match="not a model folder"):
            read_tree(path)


@pytest.mark.parametrize("key", ["name", "fingerprint", "height", "width", "latent", "window", "shifts"])
def test_missing_keys_are_named(folder: Path, key: str) -> None:
    info = json.loads((folder / "model.json").read_text())
    del info[key]
    (folder / "model.json").write_text(json.dumps(info))
    with pytest.raises(ModelError, match=key):
        read_tree(folder)
