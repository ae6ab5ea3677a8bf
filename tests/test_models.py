"""The float networks as probability models: what the decoder may see, what the prior and the bound have to satisfy."""

from __future__ import annotations

import math

import pytest
import torch
from small_models import WINDOW_NAMES, config_of, float_model, some_images
from torch import Tensor

from vlae_models.nets.pixelcnn import LocalDecoder
from vlae_models.nets.prior import BlockPrior, gaussian_kl, gaussian_log_density
from vlae_models.nets.vlae import VLAE, as_tensor, bernoulli_cost
from vlae_models.recipe import WINDOWS, ModelConfig

X = as_tensor(some_images(16))


def window_mask(window: str, row: int, column: int) -> Tensor:
    """Which pixels (28, 28) the decoder may look at to draw this one."""
    mask = torch.zeros(28, 28, dtype=torch.bool)
    for down, right in WINDOWS[window].offsets():
        r, c = row + down, column + right
        if r >= 0 and 0 <= c < 28:
            mask[r, c] = True
    return mask


@pytest.mark.parametrize("place", [(0, 0), (0, 27), (3, 1), (13, 14), (27, 0), (27, 27)])
@pytest.mark.parametrize("window", WINDOW_NAMES)
def test_the_decoder_sees_its_window_and_nothing_else(window: str, place: tuple[int, int]) -> None:
    model, (row, column) = float_model(window), place
    seen = torch.zeros(28, 28, dtype=torch.bool)
    # One smooth image may leave a hidden unit off; several together light up every weight of the window.
    x = torch.rand(32, 1, 28, 28, generator=torch.Generator().manual_seed(0)).requires_grad_()
    logits = model.local(x, torch.rand(32, 4, 28, 28, generator=torch.Generator().manual_seed(1)))
    (gradient,) = torch.autograd.grad(logits[:, row, column].sum(), x, allow_unused=True)
    if gradient is not None:
        seen = (gradient != 0).any(0).squeeze(0)
    assert torch.equal(seen, window_mask(window, row, column))


@pytest.mark.parametrize("window", WINDOW_NAMES)
def test_the_picture_depends_on_z_everywhere(window: str) -> None:
    model, z = float_model(window), torch.randn(16, 16, generator=torch.Generator().manual_seed(0))
    changed = (model.local(X, model.decoder(z)) != model.local(X, model.decoder(-z))).any(0)
    assert float(changed.float().mean()) > 0.98  # a random network's units can all be off in some pixel


def test_a_plain_vae_does_not_look_at_the_image_it_draws() -> None:
    model, z = float_model("none"), torch.randn(4, 16, generator=torch.Generator().manual_seed(0))
    features = model.decoder(z)
    assert torch.equal(model.local(X[:4], features), model.local(1 - X[:4], features))


def test_a_decoder_without_latents_is_a_density() -> None:
    """With a window its probabilities of all 2^6 pictures of 2 x 3 pixels add up to one."""
    torch.manual_seed(0)
    local = LocalDecoder(ModelConfig(window="4x2", latent=0, local=8))
    with torch.no_grad():
        for parameter in local.parameters():
            parameter.normal_(0, 0.5)
        bits = (torch.arange(64)[:, None] >> torch.arange(6)) & 1
        pictures = bits.float().reshape(64, 1, 2, 3)
        probabilities = torch.exp(-bernoulli_cost(local(pictures, None), pictures))
    assert float(probabilities.sum()) == pytest.approx(1, abs=1e-5)
    assert float(probabilities.std()) > 1e-3


def test_without_latents_there_is_no_rate() -> None:
    model = VLAE(ModelConfig(window="5x3", latent=0, local=8, local_layers=1))
    bound = model(X)
    assert bound.rate.abs().sum() == 0 and bound.rate_per_dim.shape == (16, 0)
    torch.testing.assert_close(bound.distortion, bernoulli_cost(model.local(X, None), X))
    assert not any(name.startswith(("encoder", "prior", "decoder")) for name, _ in model.named_parameters())


def random_prior(latent: int, blocks: int) -> BlockPrior:
    torch.manual_seed(3)
    prior = BlockPrior(config_of(latent=latent, blocks=blocks))
    with torch.no_grad():
        for parameter in prior.parameters():
            parameter.normal_(0, 0.3)
    return prior.double()


@pytest.mark.parametrize("blocks", [1, 2, 4])
def test_the_flow_gives_the_density_of_the_conditionals(blocks: int) -> None:
    prior = random_prior(16, blocks)
    z = torch.randn(8, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    noise, log_determinant = prior.flow(z)
    standard = gaussian_log_density(noise, torch.zeros(()), torch.zeros(())).sum(1)
    torch.testing.assert_close(standard + log_determinant, prior.log_density(z))


@pytest.mark.parametrize("blocks", [2, 4])
def test_the_determinant_is_that_of_the_jacobian(blocks: int) -> None:
    prior = random_prior(16, blocks)
    z = torch.randn(1, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    jacobian = torch.autograd.functional.jacobian(lambda z: prior.flow(z)[0], z)  # type: ignore[no-untyped-call]
    _, log_determinant = torch.linalg.slogdet(jacobian.reshape(16, 16))
    torch.testing.assert_close(log_determinant, prior.flow(z)[1][0])


@pytest.mark.parametrize("blocks", [1, 2, 4])
def test_sampling_inverts_the_flow(blocks: int) -> None:
    prior = random_prior(16, blocks)
    noise = torch.randn(8, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    z = prior.sample(noise)
    torch.testing.assert_close(prior.flow(z)[0], noise)
    assert blocks == 1 or not torch.allclose(z, noise)


def test_the_prior_integrates_to_one() -> None:
    prior = random_prior(2, 2)
    first, second = torch.linspace(-6, 6, 241).double(), torch.linspace(-25, 25, 2001).double()
    z = torch.cartesian_prod(first, second)
    cell = float((first[1] - first[0]) * (second[1] - second[0]))
    density = torch.exp(prior.log_density(z)).detach()
    assert float(density.sum()) * cell == pytest.approx(1, abs=1e-4)
    mean, _ = prior.block(1, first[:, None])
    assert float(mean.detach().std()) > 0.01  # a prior of two independent blocks would pass as well


def test_gaussian_kl_is_that_of_torch() -> None:
    generator = torch.Generator().manual_seed(0)
    mean, log_scale, prior_mean, prior_log_scale = torch.randn(4, 50, generator=generator)
    q, p = (torch.distributions.Normal(m, s.exp()) for m, s in ((mean, log_scale), (prior_mean, prior_log_scale)))
    expected = torch.distributions.kl_divergence(q, p)
    torch.testing.assert_close(
        gaussian_kl(mean, log_scale, prior_mean, prior_log_scale), expected, rtol=1e-4, atol=1e-4
    )


def test_rate_and_distortion_make_the_bound() -> None:
    """Their sum is on average what the importance bound of one sample is: -ELBO."""
    model = float_model()
    torch.manual_seed(0)
    with torch.no_grad():
        bounds = [model(X) for _ in range(40)]
        parts = torch.stack([bound.rate + bound.distortion for bound in bounds])
        whole = torch.stack([model.importance_bound(X, 1) for _ in range(40)])
        torch.testing.assert_close(bounds[0].rate, bounds[0].rate_per_dim.sum(1))
    error = float((whole - parts).mean(1).std()) / math.sqrt(40)
    assert abs(float((whole - parts).mean())) < 4 * error
    assert all(bound.rate_per_dim.min() >= 0 for bound in bounds)


@pytest.mark.parametrize("window", ["none", "5x3"])
def test_more_importance_samples_tighten_the_bound(window: str) -> None:
    """-ELBO >= the bound of 4 samples >= that of 40, by more than chance makes."""
    model, x = float_model(window), X[:8]
    torch.manual_seed(0)
    means, errors = [], []
    with torch.no_grad():
        for samples, times in ((1, 60), (4, 30), (40, 6)):
            bounds = torch.stack([model.importance_bound(x, samples).mean() for _ in range(times)])
            means.append(float(bounds.mean()))
            errors.append(float(bounds.std()) / math.sqrt(times))
    for i in range(2):
        assert means[i] - means[i + 1] > 3 * math.hypot(errors[i], errors[i + 1])


def test_the_bound_is_exact_where_z_says_nothing() -> None:
    """Weights of zero make q(z|x) = p(z) and a decoder that does not listen: -log p(x) is then the distortion."""
    model = VLAE(config_of())
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.encoder.out.bias[16:] = 1  # cancels the encoder's offset: a scale of one
        bound = model(X)
        torch.testing.assert_close(bound.rate, torch.zeros(16), atol=1e-5, rtol=0)
        torch.testing.assert_close(bound.distortion, torch.full((16,), 784 * math.log(2)))
        for samples in (1, 10):
            torch.testing.assert_close(model.importance_bound(X, samples), bound.distortion, atol=2e-3, rtol=0)


def test_bernoulli_cost_by_hand() -> None:
    logits, x = torch.tensor([[[0.0, 2.0]]]), torch.tensor([[[[1.0, 0.0]]]])
    expected = math.log(2) + math.log(1 + math.exp(2))
    assert float(bernoulli_cost(logits, x)) == pytest.approx(expected, rel=1e-6)


def test_evaluation_is_repeatable_and_dropout_is_for_training_only() -> None:
    torch.manual_seed(0)
    model = VLAE(config_of(), dropout=0.5)
    assert not torch.equal(model.encoder(X)[0], model.encoder(X)[0])
    model.eval()
    assert torch.equal(model.encoder(X)[0], model.encoder(X)[0])
    mean, log_scale = model.encoder(X)
    assert mean.shape == log_scale.shape == (16, 16)
