"""Start a training from the weights of a released model: a set with few images learns from one with many."""

from __future__ import annotations

import torch
from torch import Tensor

from vlae_codec.errors import ModelError
from vlae_codec.families.registry import find_model, read_model
from vlae_codec.model.networks import IntegerModel

from ..nets.pixelcnn import LocalDecoder
from ..nets.stack_decoder import StackDecoder
from ..nets.vlae import VLAE
from ..recipe import BILEVEL, read_recipe
from ..release.layers import restore


def start_from(net: VLAE, name: str) -> None:
    """Copy the weights of a released model into a network; what only one of the two has stays as it is.

    The windows may differ: each pixel that both have keeps its weights, one that is new to the network has none.

    Args:
        net: the network to start.
        name: shipped model or folder.

    Raises:
        ModelError: there is no such model, a layer of both has another shape there, or the network is for studies.
    """
    if isinstance(net.local, StackDecoder):
        raise ModelError(f"a decoder of stacked layers cannot start from {name}; leave init out")
    folder = find_model(name).folder
    integer = read_model(folder, IntegerModel)
    old = restore(read_recipe(folder / "recipe.toml", BILEVEL).model, integer.info["shifts"], integer.arrays)
    new, known = net.state_dict(), old.state_dict()
    del known["auxiliary.weight"], known["auxiliary.bias"]  # not part of a released model
    assert isinstance(old.local, LocalDecoder)  # what was exported is
    known["local.mix.weight"] = _mix(net.local, old.local)
    for key in new.keys() & known.keys():
        if new[key].shape != known[key].shape:
            raise ModelError(f"{name}: {key} is {tuple(known[key].shape)}, the recipe has {tuple(new[key].shape)}")
        new[key] = known[key]
    net.load_state_dict(new)


def _mix(new: LocalDecoder, old: LocalDecoder) -> Tensor:
    """Return first-layer weights, (L, window pixels + features, 1, 1), from those of a net of another window."""
    weight, source = torch.zeros_like(new.mix.weight), old.mix.weight.detach()
    if len(weight) != len(source):
        return source
    for column, offset in enumerate(new.offsets):
        if offset in old.offsets:
            weight[:, column] = source[:, old.offsets.index(offset)]
    features = weight.shape[1] - len(new.offsets)
    if features:
        if features != source.shape[1] - len(old.offsets):
            return source
        weight[:, -features:] = source[:, -features:]
    return weight
