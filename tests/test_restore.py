"""A model folder turned back into floats has the very weights that were exported."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small_models import WINDOW_NAMES, config_of, exported, float_model, some_images, some_latents

from vlae_models.nets.vlae import as_tensor
from vlae_models.release.layers import restore


@pytest.mark.parametrize("window", WINDOW_NAMES)
def test_restored_weights_are_those_exported(window: str) -> None:
    info, arrays = exported(window)
    ours, theirs = restore(config_of(window), info["shifts"], arrays), float_model(window)
    for (name, got), expected in zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True):
        if not name.startswith("auxiliary"):  # the auxiliary decoder is not exported
            torch.testing.assert_close(got, expected, atol=2e-4, rtol=0, msg=name)
    assert not ours.training


def test_restored_networks_compute_the_same() -> None:
    info, arrays = exported("5x3")
    ours, theirs = restore(config_of("5x3"), info["shifts"], arrays), float_model("5x3")
    x, z = as_tensor(some_images(5)), torch.from_numpy(some_latents(5) / 1024).float()
    with torch.no_grad():
        for got, expected in zip(ours.encoder(x), theirs.encoder(x), strict=True):
            np.testing.assert_allclose(got, expected, atol=0.02)
        np.testing.assert_allclose(ours.prior.log_density(z), theirs.prior.log_density(z), atol=0.05)
        np.testing.assert_allclose(
            ours.distortion(x, ours.decoder(z)), theirs.distortion(x, theirs.decoder(z)), rtol=1e-3
        )
