"""Models with labels: one label is a bias, a payload's first bits; everything else is as without."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from independent_reader import Reader
from small_models import exported, float_model, some_images, some_latents, tiny_model

from vlae_codec.container.header import TREE_SEARCH, write_container
from vlae_codec.errors import FormatError, ModelError
from vlae_codec.families import registry
from vlae_codec.families.bilevel import archive, lossless
from vlae_codec.families.bilevel.lossy_chunk import Codes, pack_codes
from vlae_codec.families.request import Rate
from vlae_codec.latents.labelled import relabelled
from vlae_codec.latents.payload import SAMPLE, SEARCH, check_payload, decode, encode
from vlae_codec.latents.posterior import posterior_of, prior_conditionals, rates
from vlae_codec.model.limits import check_arrays
from vlae_models.nets.label import one_hot
from vlae_models.nets.vlae import as_tensor
from vlae_models.release.export import write_model
from vlae_models.release.layers import restore
from vlae_models.release.release import integer_loss

LABELS = 5
TABLES = Path(str(resources.files("vlae_codec"))) / "exact" / "tables.npz"


def model() -> Any:
    return tiny_model(labels=LABELS)


def test_a_given_label_is_the_column_that_is_joined() -> None:
    z, labels = some_latents(LABELS), np.arange(LABELS)
    together = model().draw(model().joined(z, labels), seed=3)
    for label in range(LABELS):
        np.testing.assert_array_equal(model().given(label).draw(z[label : label + 1], seed=3)[0], together[label])
    assert len({picture.tobytes() for picture in model().draw(model().joined(z[[0] * LABELS], labels))}) > 1


def test_the_prior_of_a_given_label_is_that_of_its_columns() -> None:
    z, labels = some_latents(LABELS), np.arange(LABELS)
    together = prior_conditionals(model(), z, labels)
    for label in range(LABELS):
        alone = prior_conditionals(model().given(label), z[label : label + 1])
        np.testing.assert_array_equal(np.stack(alone)[:, 0], np.stack(together)[:, label])
    assert len({part.tobytes() for part in together[0][:, : model().block_size]}) == LABELS


def test_one_noise_under_each_label_is_what_payloads_that_differ_in_the_label_stand_for() -> None:
    payload = encode(model(), some_images(1), bits=24, effort=1)[0].payload
    z = decode(model(), [0] * LABELS, [relabelled(model(), payload, label) for label in range(LABELS)])[:, :-LABELS]
    mean, scale = prior_conditionals(model(), z, np.arange(LABELS))
    noise = (z / 1024 - mean) / scale
    np.testing.assert_allclose(noise, noise[[0] * LABELS], atol=0.05)
    assert np.abs(z - z[0]).max() > 100


def test_integers_and_floats_agree_on_labels_and_on_the_bound() -> None:
    images = some_images(20)
    net = float_model(labels=LABELS)
    assert abs(integer_loss(net, model(), images)) < 0.2
    z, labels = some_latents(20), np.arange(20) % LABELS
    with torch.no_grad():
        known = one_hot(torch.tensor(labels), LABELS)
        mean, log_scale = net.prior.conditionals(torch.from_numpy(z / 1024).float(), known)
    found, scale = prior_conditionals(model(), z, labels)
    np.testing.assert_allclose(found, mean.numpy(), atol=0.02)
    np.testing.assert_allclose(np.log(scale), log_scale.numpy(), atol=0.02)
    with torch.no_grad():
        logits = net.label(net.encoder.trunk(as_tensor(images)))
    np.testing.assert_array_equal(model().likely_labels(images), logits.argmax(1).numpy())


def test_the_bound_counts_the_label() -> None:
    images = some_images(6)
    posterior = posterior_of(model(), images)
    theory = rates(model(), images, posterior)
    np.testing.assert_allclose(theory.kl - theory.kl_blocks.sum(axis=1), np.log2(LABELS))
    likely = model().likely_labels(images)
    one = rates(model().given(int(likely[2])), images[2:3], posterior.of(2))
    assert one.neg_elbo[0] == pytest.approx(theory.neg_elbo[2])


@pytest.mark.parametrize("code", [SEARCH, SAMPLE])
def test_payloads_bring_back_labels_and_latents(code: str) -> None:
    images, labels = some_images(12), np.arange(12) % LABELS
    codes = encode(model(), images, bits=24, effort=1, code=code, labels=labels)
    z = decode(model(), [one.mode for one in codes], [one.payload for one in codes])
    np.testing.assert_array_equal(z[:, -LABELS:], np.eye(LABELS, dtype=int)[labels] * 1024)
    alone = encode(model().given(int(labels[7])), images[7:8], bits=24, effort=1, code=code)[0]
    assert alone == codes[7]
    assert [one.payload[0] >> 5 for one in codes] == labels.tolist()
    assert code == SAMPLE or {len(one.payload) for one in codes} == {3}
    inferred = encode(model(), images, bits=24, effort=1, code=code)
    likely = model().likely_labels(images)
    assert [one.payload[0] >> 5 for one in inferred] == likely.tolist()


def test_a_payload_of_an_unknown_label_is_refused() -> None:
    check_payload(model(), 0, bytes([(LABELS - 1) << 5, 0]))
    for mode in (0, 1, 2):
        with pytest.raises(FormatError, match="label 5"):
            check_payload(model(), mode, bytes([LABELS << 5, 0, 0]))


@pytest.mark.parametrize("code", [SEARCH, SAMPLE])
def test_the_independent_reader_reads_labels(tmp_path: Path, code: str) -> None:
    info, arrays = exported(labels=LABELS)
    write_model(tmp_path, {key: value for key, value in info.items() if key != "fingerprint"}, arrays)
    reader = Reader(tmp_path, TABLES)
    for one in encode(model(), some_images(2), bits=16, effort=1, code=code):
        (found,) = reader.read(write_container(one.mode, model().fingerprint, one.payload), 5)
        assert found == model().draw(decode(model(), [one.mode], [one.payload]), seed=5)[0].tolist()


def test_exact_files_have_a_label_too() -> None:
    images = some_images(4)
    codes = lossless.encode(model(), images, bits=16, effort=1)
    z = decode(model(), [TREE_SEARCH] * len(codes), [code.payload for code in codes])
    np.testing.assert_array_equal(lossless.restore(model(), z, [code.residual for code in codes]), images)


def test_archives_are_lossy_ones_only(tmp_path: Path) -> None:
    info, arrays = exported(labels=LABELS)
    write_model(tmp_path, {key: value for key, value in info.items() if key != "fingerprint"}, arrays)
    found, images = registry.read_folder(tmp_path), some_images(7)
    with pytest.raises(ModelError, match="without labels"):
        archive.compress_archive(found, images, Rate(lossless=True))
    codes = encode(model(), images, bits=13, effort=1, exact_bits=True)
    modes, payloads, lengths = ([getattr(code, name) for code in codes] for name in ("mode", "payload", "payload_bits"))
    assert set(lengths) == {13}
    chunk = pack_codes(modes, payloads, lengths)
    read = [Codes(chunk, 7)[number] for number in range(7)]
    z = decode(model(), [one[0] for one in read], [one[1] for one in read], [one[2] for one in read])
    np.testing.assert_array_equal(z, decode(model(), modes, payloads, lengths))
    np.testing.assert_array_equal(z[:, -LABELS:].argmax(axis=1), model().likely_labels(images))


def test_a_model_with_labels_comes_back_as_floats() -> None:
    info, arrays = exported(labels=LABELS)
    images = as_tensor(some_images(5))
    restored, net = restore(float_model(labels=LABELS).config, info["shifts"], arrays), float_model(labels=LABELS)
    with torch.no_grad():
        for ours, theirs in zip(restored.posterior(images), net.posterior(images), strict=True):
            assert ours is not None and theirs is not None
            torch.testing.assert_close(ours, theirs, atol=0.01, rtol=0.01)
        z, label = torch.randn(5, 16), one_hot(torch.arange(5), LABELS)
        for ours, theirs in zip(restored.prior.conditionals(z, label), net.prior.conditionals(z, label), strict=True):
            torch.testing.assert_close(ours, theirs, atol=0.01, rtol=0.01)
        torch.testing.assert_close(restored.features(z, label), net.features(z, label), atol=0.05, rtol=0.01)


def test_layers_that_do_not_fit_the_labels_are_refused() -> None:
    info, arrays = exported(labels=LABELS)
    check_arrays(info, arrays)
    for wrong in ({**info, "labels": LABELS + 1}, {key: value for key, value in info.items() if key != "labels"}):
        with pytest.raises(ModelError, match=r"shape|no layer"):
            check_arrays(wrong, arrays)
