"""An autoregressive prior over z is the same model as a flow posterior over its noise (Chen et al., section 3.2).

z = f(eps) with eps standard normal. Seen from eps, the prior is N(0, I) and q(z|x) becomes the density of f^-1(z), an
inverse autoregressive flow. Both views give every sample the same bound, by the change of variables.
"""

from __future__ import annotations

import math

import pytest
import torch
from small_models import float_model, some_images
from torch import Tensor

from vlae_models.nets.prior import BlockPrior, gaussian_log_density
from vlae_models.nets.vlae import as_tensor
from vlae_models.recipe import ModelConfig


def standard_normal(eps: Tensor) -> Tensor:
    zero = torch.zeros_like(eps)
    return gaussian_log_density(eps, zero, zero).sum(1)


def flow_posterior(prior: BlockPrior, eps: Tensor, mean: Tensor, log_scale: Tensor) -> Tensor:
    """log q(eps|x): that of z = f(eps) under the Gaussian, times |d z / d eps|."""
    z = prior.sample(eps)
    return gaussian_log_density(z, mean, log_scale).sum(1) - prior.flow(z)[1]


@pytest.mark.parametrize("blocks", [2, 4])
def test_both_views_give_each_sample_the_same_bound(blocks: int) -> None:
    model = float_model("4x2", 16, blocks).double()
    try:
        x = as_tensor(some_images(12)).double()
        with torch.no_grad():
            mean, log_scale = (part.double() for part in model.encoder(x))
            z = mean + torch.exp(log_scale) * torch.randn(mean.shape, dtype=torch.float64)
            eps, _ = model.prior.flow(z)
            af_prior = gaussian_log_density(z, mean, log_scale).sum(1) - model.prior.log_density(z)
            iaf_posterior = flow_posterior(model.prior, eps, mean, log_scale) - standard_normal(eps)
        torch.testing.assert_close(af_prior, iaf_posterior, rtol=1e-6, atol=1e-6)
        assert float(af_prior.std()) > 0.1
    finally:
        model.float()


def test_the_flow_posterior_is_a_density() -> None:
    """Two dimensions in two blocks, summed over a fine grid of eps: the mass is one, and it is no Gaussian."""
    torch.manual_seed(2)
    prior = BlockPrior(ModelConfig(latent=2, prior_blocks=2, prior_hidden=8)).double()
    with torch.no_grad():
        for parameter in prior.parameters():
            parameter.normal_(0, 0.6)
        axis = torch.linspace(-9, 9, 901, dtype=torch.float64)
        eps = torch.cartesian_prod(axis, axis)
        mean, log_scale = torch.tensor([[0.4, -0.3]]).double(), torch.tensor([[-0.5, -0.2]]).double()
        density = torch.exp(flow_posterior(prior, eps, mean, log_scale))
        mass = float(density.sum() * (axis[1] - axis[0]) ** 2)
        assert mass == pytest.approx(1, abs=1e-3)
        first = (density[:, None] * eps).sum(0) / density.sum()
        centred = eps - first
        skew = (density[:, None] * centred**3).sum(0) / density.sum()
    assert float(skew.abs().max()) > 1e-3
    assert math.isfinite(float(density.max()))
