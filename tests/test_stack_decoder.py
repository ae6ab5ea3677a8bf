"""Variants for studies: decoders of stacked layers see exactly their window, the flow may be the posterior's."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from small_models import config_of, float_model, some_images

from vlae_codec.errors import ModelError
from vlae_models.nets.vlae import VLAE, as_tensor
from vlae_models.recipe import STACKS
from vlae_models.release.export import export_arrays
from vlae_models.train.warm_start import start_from


@pytest.mark.parametrize("place", [(0, 0), (0, 27), (3, 1), (13, 14), (27, 0), (27, 27)])
@pytest.mark.parametrize(("window", "reach"), [("six-3x3", 6), ("full", 27)])
def test_a_stack_sees_its_window_and_nothing_else(window: str, reach: int, place: tuple[int, int]) -> None:
    torch.manual_seed(3)
    model, (row, column) = VLAE(config_of(window)), place
    x = torch.rand(16, 1, 28, 28).requires_grad_()
    logits = model.local(x, torch.rand(16, 4, 28, 28))
    (gradient,) = torch.autograd.grad(logits[:, row, column].sum(), x)
    rows, columns = torch.meshgrid(torch.arange(28), torch.arange(28), indexing="ij")
    near = (row - rows <= reach) & ((column - columns).abs() <= reach)
    past = (rows < row) | ((rows == row) & (columns < column))
    assert torch.equal((gradient != 0).any(0).squeeze(0), near & past)


@pytest.mark.parametrize("window", STACKS)
@pytest.mark.parametrize("latent", [0, 16])
def test_a_stack_decodes_with_latents_and_without(window: str, latent: int) -> None:
    bound = VLAE(config_of(window, latent))(as_tensor(some_images(3)))
    assert bound.distortion.shape == (3,) and bool((bound.distortion > 0).all())


def test_with_the_flow_in_the_posterior_the_decoder_reads_its_noise() -> None:
    """The rate stays what it was; features are those of the noise."""
    prior, posterior = float_model("4x2"), VLAE(dataclasses.replace(config_of("4x2"), flow_posterior=True)).eval()
    posterior.load_state_dict(prior.state_dict())
    x = as_tensor(some_images(4))
    with torch.no_grad():
        torch.manual_seed(0)
        first = prior(x)
        torch.manual_seed(0)
        second = posterior(x)
        z = torch.randn(4, 16)
        noise, _ = prior.prior.flow(z)
        torch.testing.assert_close(posterior.features(z), prior.decoder(noise))
        torch.testing.assert_close(prior.features(z), prior.decoder(z))
    torch.testing.assert_close(first.rate, second.rate)
    assert float((first.distortion - second.distortion).abs().min()) > 1e-3


@pytest.mark.parametrize("changes", [{"window": "full"}, {"flow_posterior": True}])
def test_what_is_for_studies_is_not_exported(changes: dict[str, object]) -> None:
    model = VLAE(dataclasses.replace(config_of(), **changes))  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="for studies"):
        export_arrays(model)


def test_a_stack_does_not_start_from_a_released_model() -> None:
    with pytest.raises(ModelError, match="init"):
        start_from(VLAE(config_of("six-3x3")), "mnist")
