"""What a model folder may declare: sizes are limited and everything fits together before anything is computed.

A model is data from elsewhere. Its hash shows that it arrived as it was made, not that its maker meant well, so every
size it declares is held against a limit before memory is taken, and every array against the shape that its neighbours
need.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from ..coding.prefix_code import MAX_EXPONENT
from ..container.limits import MAX_PICTURE
from ..errors import ModelError
from ..exact.layers import WEIGHT_LIMIT

MAX_INFO = 1 << 20
"""Bytes of model.json."""
MAX_FILE = 1 << 26
"""Bytes of weights.npz, packed and unpacked."""
MAX_ARRAYS = 1 << 10
MAX_PARAMETERS = 1 << 24
MAX_SIDE, MAX_LATENT, MAX_REACH, MAX_SHIFT = 1 << 13, 1 << 10, 16, 40
"""Pixels of a side that a model fixes, latent dimensions, rows or columns of a window, bits of a rescaling."""
MAX_LABELS = 1 << 8
MAX_BIAS, MAX_INPUTS = 1 << 48, 1 << 17
"""With these, and weights and activations of 16 and 20 bits, a layer's sums stay below 2^52."""

Arrays = Mapping[str, NDArray[Any]]


REQUIRED = {
    "height": int, "width": int, "latent": int, "prior_blocks": int, "window": list, "index_lengths": list,
    "block_shares": list, "shifts": dict,
}  # fmt: skip
"""Keys of a bilevel model's model.json, beside those of all models."""


def check_keys(tree: Mapping[str, Any], required: Mapping[str, type]) -> None:
    """Refuse a model.json that lacks a key or has a value of another type.

    Raises:
        ModelError: names the keys.
    """
    if wrong := [key for key, kind in required.items() if not isinstance(tree.get(key), kind)]:
        raise ModelError(f"model.json lacks or misstates {', '.join(wrong)}")


def check_format(tree: Mapping[str, Any], known: int) -> None:
    """Refuse a model.json of another format than the one that its family has.

    Raises:
        ModelError: it is.
    """
    if tree["format"] != known:
        raise ModelError(f"model format {tree['format']} is unknown; this version reads format {known}")


def check_info(info: Mapping[str, Any]) -> None:
    """Hold the model.json of a bilevel model against the limits.

    Raises:
        ModelError: a key is missing, or a value out of range.
    """
    check_keys(info, REQUIRED)
    for key, least, most in (
        ("height", 1, MAX_SIDE), ("width", 1, MAX_SIDE), ("latent", 0, MAX_LATENT), ("prior_blocks", 1, MAX_LATENT),
        ("labels", 0, MAX_LABELS),
    ):  # fmt: skip
        check_range(key, [info.get(key, 0)], least, most)
    if info["height"] * info["width"] > MAX_PICTURE or info["latent"] % info["prior_blocks"]:
        raise ModelError("model.json: the picture is too large, or its latents do not split into equal blocks")
    check_range("window", info["window"], 0, MAX_REACH)
    if len(info["window"]) != 3:
        raise ModelError("model.json: the window should be three numbers")


def check_tables(info: Mapping[str, Any]) -> None:
    """Hold the parts of a model.json that the codes read against what they need.

    Raises:
        ModelError: a table is incomplete or out of range.
    """
    check_range("shifts", list(info["shifts"].values()), 0, MAX_SHIFT)
    check_range("block_shares", info["block_shares"], 0, 1 << 20)
    if len(info["block_shares"]) != info["prior_blocks"] or not sum(info["block_shares"]):
        raise ModelError("model.json: block_shares should be a share for each block of the prior")
    if len(info["index_lengths"]) != 4 or not all(isinstance(one, list) for one in info["index_lengths"]):
        raise ModelError("model.json: index_lengths should be four lists")
    for lengths in info["index_lengths"]:
        check_range("index_lengths", lengths, 1, 62)
        if len(lengths) != MAX_EXPONENT + 1 or sum(2.0**-length for length in lengths) != 1:
            raise ModelError("model.json: index_lengths are no complete prefix codes")


def check_range(key: str, values: Sequence[Any], least: int, most: int) -> None:
    """Refuse values of a key that are not whole numbers of a range.

    Raises:
        ModelError: names the key.
    """
    if any(type(value) is not int or not least <= value <= most for value in values):
        raise ModelError(f"model.json: {key} should be whole numbers of {least} to {most}")


def check_arrays(info: Mapping[str, Any], arrays: Arrays) -> None:
    """Hold the layers of a model of format 1 against one another; names, shapes, types and ranges.

    Raises:
        ModelError: a layer is missing, does not fit its neighbours, or has numbers beyond what stays exact.
    """
    _BilevelLayers(info, arrays).check()


class Layers:
    """Walks over a model's layers; each is looked up by name, with the sizes that it must have where they are known.

    Args:
        info: the tree of model.json.
        arrays: the arrays of weights.npz.
    """

    def __init__(self, info: Mapping[str, Any], arrays: Arrays) -> None:
        self.info, self.arrays, self.seen = info, arrays, set[str]()

    def check(self) -> None:
        """Look at every layer; raises ModelError as `check_arrays` does."""
        if sum(array.size for array in self.arrays.values()) > MAX_PARAMETERS:
            raise ModelError(f"weights.npz: more than {MAX_PARAMETERS} numbers, the most that is read")
        self.walk()
        if unknown := sorted(set(self.arrays) - self.seen):
            raise ModelError(f"weights.npz: {unknown[0]!r} belongs to no layer")

    def walk(self) -> None:
        """Check each layer that the kind of model has."""
        raise NotImplementedError

    def blocks(self, name: str, width: int, taps: int) -> None:
        """Residual blocks, as many as there are."""
        index = 0
        while f"{name}.{index}.first.weight" in self.arrays:
            for part in ("first", "second"):
                self.layer(f"{name}.{index}.{part}", taps * width, width)
            index += 1

    def layer(self, name: str, inputs: int, outputs: int | None = None) -> int:
        """One layer; its number of outputs comes back."""
        weight, bias = (self.arrays.get(f"{name}.{part}") for part in ("weight", "bias"))
        if weight is None or bias is None or type(self.info["shifts"].get(name)) is not int:
            raise ModelError(f"weights.npz and the model's JSON lack layer {name}")
        found = weight.shape[-1] if weight.ndim == 2 else 0
        if weight.shape != (inputs, found) or bias.shape != (found,) or found < 1 or found != (outputs or found):
            wanted = (inputs, outputs or "any")
            raise ModelError(f"weights.npz: layer {name} has shape {weight.shape} and should have {wanted}")
        if largest(weight) > WEIGHT_LIMIT or largest(bias) > MAX_BIAS or inputs > MAX_INPUTS:
            raise ModelError(f"weights.npz: layer {name} has numbers beyond what stays exact")
        self.seen |= {f"{name}.weight", f"{name}.bias"}
        return found


class _BilevelLayers(Layers):
    """Those of format 1: encoder, prior, decoder of features, local decoder."""

    def walk(self) -> None:
        """All layers of encoder, prior and decoders."""
        info = self.info
        if info["height"] % 4 or info["width"] % 4:
            raise ModelError("model.json: height and width should be multiples of 4")
        positions, latent = info["height"] // 4 * (info["width"] // 4), info["latent"]
        fine = self.layer("encoder.stem", 36)
        self.blocks("encoder.fine", fine, 9)
        coarse = self.layer("encoder.down", 9 * fine)
        self.blocks("encoder.coarse", coarse, 9)
        thin = self.layer("encoder.squeeze", coarse)
        labels = info.get("labels", 0)
        if labels:
            self.layer("label.1", self.layer("label.0", positions * thin), labels)
        self.layer("encoder.out", self.layer("encoder.full", positions * thin), 2 * latent)
        self.prior(latent // info["prior_blocks"], labels)
        thin, odd = divmod(self.layer("decoder.spread", self.layer("decoder.full", latent + labels)), positions)
        coarse = self.layer("decoder.widen", thin)
        self.blocks("decoder.coarse", coarse, 9)
        fine, rest = divmod(self.layer("decoder.up", coarse), 4)
        self.blocks("decoder.fine", fine, 9)
        features, left = divmod(self.layer("decoder.out", 9 * fine), 4)
        if odd or rest or left:
            raise ModelError("weights.npz: a layer of the decoder does not divide into pixels")
        self.local(features)

    def prior(self, size: int, labels: int) -> None:
        """Check the networks of the blocks of z behind the first, and the layer of the first where there are labels."""
        if labels:
            self.layer("prior.0", labels, 2 * size)
        for block in range(1, self.info["prior_blocks"]):
            hidden = self.layer(f"prior.{block}.0", block * size + labels)
            self.layer(f"prior.{block}.2", self.layer(f"prior.{block}.1", hidden), 2 * size)

    def local(self, features: int) -> None:
        """Check the local decoder."""
        above, left, right = self.info["window"]
        width = self.layer("local.window", above * (left + 1 + right) + left)
        self.layer("local.features", features, width)
        self.blocks("local.layers", width, 1)
        self.layer("local.out", width, 1)


def largest(array: NDArray[Any]) -> int:
    """Return the largest of an array's absolute values, 0 if it is empty."""
    return max(-int(array.min()), int(array.max())) if array.size else 0
