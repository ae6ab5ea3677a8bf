"""A photo model's float network comes back from its released integers, and dead units get a new start."""

import torch
from torch import nn

from vlae_models.photo.calibration import calibrated
from vlae_models.photo.config import PhotoConfig
from vlae_models.photo.export import export_photo
from vlae_models.photo.restore import restore_photo
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


def test_dead_units_start_anew_and_what_reads_them_from_zero() -> None:
    net = trained()
    info, arrays = export_photo(net, calibrated(net, crops()))
    arrays["synthesis.mid.0.first.weight"][:] = 0
    arrays["prior.synthesis.0.weight"][3] = 0
    again, fresh = network(2), network(2)
    restore_photo(again, info, arrays)
    found, start = dict(again.named_parameters()), dict(fresh.named_parameters())
    name = "synthesis.mid.0.first.weight"
    assert torch.equal(found[name], start[name]) and not found["synthesis.mid.0.second.weight"].any()
    assert torch.equal(found["prior.synthesis.0.weight"][3], start["prior.synthesis.0.weight"][3])
    reader = found["prior.synthesis.2.weight"]
    assert not reader[:, 3].any() and reader[:, 2].any()
