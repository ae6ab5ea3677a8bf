from __future__ import annotations

import numpy as np
import pytest
from small_models import some_images, tiny_model

from benchmarks.grid_precision import measure, pixel_precision
from benchmarks.lossless import archive, chunking, single
from benchmarks.peers import mosaic_of, peers

IMAGES = some_images(12)


def test_archive() -> None:
    found = archive(tiny_model(), IMAGES)
    assert found["exact"]
    assert found["written_bits"] == pytest.approx(8 * found["file_bytes"] / 12, abs=0.001)
    assert found["kl_bits"] < found["neg_elbo_bits"] < found["naive_bits"]
    assert found["latent_bits"] < found["written_bits"]


def test_chunks_and_singles() -> None:
    rows = chunking(tiny_model(), IMAGES)
    assert rows[0]["written_bits"] >= rows[-1]["written_bits"]
    found = single(tiny_model(), IMAGES[:3], 1)
    assert found["exact"] and found["payload_bits"] > found["lossy_bits"]


def test_grid() -> None:
    coarse, fine = (measure(tiny_model(), IMAGES, precision) for precision in (6, 12))
    assert coarse["needed_bits"] < fine["needed_bits"]
    assert abs(fine["coder_bits"]) < 0.1
    pixels = pixel_precision(tiny_model(), IMAGES)
    assert pixels[-1]["pixel_bits"] == pytest.approx(fine["pixel_bits"], abs=0.01)


def test_peers() -> None:
    found = peers(IMAGES, IMAGES[:2])
    assert {"file", "mosaic"} == set(found["PNG"])
    assert all("missing" in entry or float(entry["file"]) > 0 for entry in found.values())
    mosaic = mosaic_of(IMAGES)
    assert mosaic.shape == (3 * 28, 4 * 28)
    np.testing.assert_array_equal(mosaic[28:56, 28:56], IMAGES[5])
