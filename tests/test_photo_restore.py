"""A photo model's float network comes back from its released integers; units that never fire, and channels that are
never sent, start anew."""

import dataclasses

import pytest
import torch
from torch import nn

from vlae_codec.errors import ModelError
from vlae_models.photo.calibration import calibrated
from vlae_models.photo.config import PhotoConfig
from vlae_models.photo.export import export_photo
from vlae_models.photo.growth import grow, renew_channels, smaller
from vlae_models.photo.restore import restore_photo
from vlae_models.photo.training import hidden_units, revive
from vlae_models.photo.vlae import PhotoVLAE, start_linear

CONFIG = PhotoConfig((32, 32, 32), (1, 1, 1), (1, 1, 1), (16, 16), hyper=16, middle=32, head=32)


def network(seed: int) -> PhotoVLAE:
    """Return a network of random weights, its gains and tables of hyper-latents not those of the start."""
    torch.manual_seed(seed)
    net = PhotoVLAE(CONFIG, 1e-4, 6.0)
    with torch.no_grad():
        for gains in (net.gain, net.inverse, net.prior.gain, net.prior.inverse):
            gains.terms.normal_(0, 0.3)
        net.prior.hyper_mean.normal_()
        for head in (*net.prior.first, *net.prior.second):
            assert isinstance(head, nn.Sequential) and isinstance(head[4], nn.Conv2d)
            head[4].weight.mul_(10)  # as used ones are
    return net.eval()


def trained() -> PhotoVLAE:
    """Return a network whose linear paths are those of trained ones."""
    net = network(1)
    start_linear(net, crops())
    return net


def crops() -> torch.Tensor:
    """Return smooth crops, 0 ... 255."""
    torch.manual_seed(5)
    coarse = torch.rand(2, 3, 12, 12) * 255
    return torch.nn.functional.interpolate(coarse, size=(192, 192), mode="bicubic").clamp(0, 255)


def test_a_released_network_computes_the_same_when_it_is_restored() -> None:
    net = trained()
    info, arrays = export_photo(net, calibrated(net, crops()))
    again = network(2)
    restore_photo(again, info, arrays)
    quality = torch.tensor([0.2, 0.8])
    with torch.no_grad():
        want, found = (one(crops(), quality, hard=True) for one in (net, again))
        other = network(2)(crops(), quality, hard=True)
    assert torch.allclose(found.bits, want.bits, rtol=0.1)
    assert torch.allclose(found.squared_error, want.squared_error, rtol=0.1)
    assert torch.allclose(found.texture, want.texture, rtol=0.05)
    assert not torch.allclose(other.squared_error, want.squared_error, rtol=0.2)


def test_blocks_that_the_released_network_lacks_change_nothing() -> None:
    net = trained()
    info, arrays = export_photo(net, calibrated(net, crops()))
    more = dataclasses.replace(CONFIG, synthesis_blocks=(2, 1, 1))
    again, wider = network(2), PhotoVLAE(more, 1e-4, 6.0)
    for one in (again, wider):
        restore_photo(one, info, arrays)
    quality = torch.tensor([0.2, 0.8])
    with torch.no_grad():
        want, found = (one(crops(), quality, hard=True) for one in (again, wider))
    assert torch.equal(found.squared_error, want.squared_error)


def test_channels_that_are_never_sent_start_as_what_the_picture_lacks() -> None:
    net, more = trained(), PhotoVLAE(dataclasses.replace(CONFIG, slices=(16, 24)), 1e-4, 6.0)
    with torch.no_grad():
        for layer in (net.analysis.linear, net.analysis.out):
            assert layer.bias is not None
            layer.weight[20], layer.bias[20] = 0, 0
        for head in (net.prior.first[1], net.prior.second[1]):
            assert isinstance(head, nn.Sequential)
            for weight in head[4].parameters():
                weight[20 - 16] = 0  # its mean
    assert smaller(more.config, CONFIG.slices) == CONFIG
    grow(more, net)
    quality = torch.tensor([1.0, 1.0])
    with torch.no_grad():
        want, grown = (one(crops(), quality, hard=True) for one in (net, more))
    assert torch.allclose(grown.squared_error, want.squared_error, rtol=1e-3)
    assert renew_channels(more, crops()) == 9
    with torch.no_grad():
        renewed = more(crops(), quality, hard=True)
    assert renewed.squared_error.mean() < 0.9 * want.squared_error.mean()
    linear = more.synthesis.linear.weight[:, [20, *range(32, 40)], 0, 0]
    assert torch.allclose(linear.T @ linear, torch.eye(9), atol=1e-4)
    assert not more.synthesis.enter.weight[:, [20, *range(32, 40)]].any() and more.synthesis.enter.weight[:, 40].any()


@pytest.mark.parametrize("slices", [(16, 8), (8, 16), (16, 16, 16)])
def test_only_the_last_slice_grows(slices: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match="slices"):
        smaller(dataclasses.replace(CONFIG, slices=slices), CONFIG.slices)


def test_units_that_never_fire_start_anew_and_change_nothing() -> None:
    net = trained()
    units = {name: pair for name, *pair in hidden_units(net)}
    assert {"analysis.mid.0.relu", "prior.first.1.3", "texture.1"} <= set(units)
    before, after = units["analysis.mid.0.relu"]
    assert before.bias is not None
    with torch.no_grad():
        before.weight[3], before.bias[3] = 0, -1
    kept, want = before.weight.clone(), after(torch.relu(before(torch.ones(1, 32, 8, 8))))
    revive(net, crops())
    assert kept[3].eq(0).all() and before.weight[3].abs().max() > 0.01 and not after.weight[:, 3].any()
    assert torch.equal(before.weight[2], kept[2])
    assert torch.allclose(after(torch.relu(before(torch.ones(1, 32, 8, 8)))), want, atol=1e-6)
