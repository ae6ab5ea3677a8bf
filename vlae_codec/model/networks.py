"""The three networks of a model folder in exact integers: encoder, prior, local decoder (design D5, D6, D11)."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..autoregressive.bounded import draw_bounded
from ..autoregressive.bounded_net import BoundedNet
from ..autoregressive.cuda_graph import draw_by_graph
from ..autoregressive.engine import Choose, Shape, draw_whole
from ..autoregressive.order import Window
from ..autoregressive.sparse import draw_some
from ..autoregressive.window_net import LocalNet, at_least, known_logits, least_logits
from ..exact.arrays import Array, namespace
from ..exact.feature_decoder import FeatureNet
from ..exact.kernels import fold
from ..exact.layers import FRACTION, LIMIT, Conv3x3, relu, unshuffle
from ..exact.named_layers import NamedLayers
from ..exact.philox import candidate_noise, pixel_noise
from ..exact.spectral import SIDE
from ..exact.spectral_decoder import SpectralDecoder
from ..exact.spectral_encoder import SpectralEncoder
from ..exact.tables import EXP_FRACTION, EXP_MIN, QUANTILE_FRACTION, SIGMOID_FRACTION, SIGMOID_RANGE, load_tables
from ..parallel import in_threads, threads

Integers = NDArray[np.int64]
Pictures = NDArray[np.uint8]

POSTERIOR_LOG_SCALE = (-5 << FRACTION, 1 << (FRACTION - 1))
PRIOR_LOG_SCALE = (-4 << FRACTION, 1 << FRACTION)
BATCH = 64
"""Images that the networks see at once; bounds memory to some tens of megabytes."""
SPARSE_BATCH = 512
"""Images that are drawn at once if only some of their pixels are."""
BOUNDED_BATCH = 256
"""Images that are drawn at once in single precision where that is certain."""
GPU_BATCH = 1024
"""Images that a GPU draws at once."""
SHARE = 16
"""Images that are worth a thread of their own."""
FEW = 8
"""Images whose maps of float64 are few enough for a processor's cache."""
MANY = 32
"""Images from which on spectral convolutions are faster."""
NOISE_SHIFT = EXP_FRACTION + QUANTILE_FRACTION - FRACTION
"""Bits by which the product of a scale and noise is finer than latents."""


class IntegerModel(NamedLayers):
    """q(z|x), p(z) and p(x|z) of one model; latents z are int64 in units of 2^-10.

    A model with K labels y has q(y|x), p(z|y) and p(x|z, y). What prior and decoder read is joined by K columns:
    the label's of value 1 (2^10), the others 0 (`joined`). `given` is the model of one label, whose z is not joined.

    Args:
        info, arrays, device, dtype: as of `NamedLayers`.

    Attributes:
        workers: batches drawn side by side; by default as many as there are cores, on a GPU 1.
        labels: how many there are; 0 for a model without labels.
        label: of a model that `given` made, the label.
    """

    def __init__(
        self, info: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], device: str = "cpu", dtype: Any = np.float64
    ) -> None:
        super().__init__(info, arrays, device, dtype)
        self.height: int = info["height"]
        self.width: int = info["width"]
        self.latent: int = info["latent"]
        self.labels: int = info.get("labels", 0)
        self.label: int | None = None
        self.blocks: int = info["prior_blocks"]
        self.block_size = self.latent // max(1, self.blocks)
        self.window = Window(*info["window"])
        self.workers = 1 if device == "cuda" else threads()
        self._given: dict[int, IntegerModel] = {}

    @functools.cached_property
    def approximate(self) -> IntegerModel:
        """The same networks in single precision: for what a sender looks at and a receiver never computes.

        They are numpy's whatever the device: a sender's choice between drawings is then the same.
        """
        model = IntegerModel(self.info, self.arrays, dtype=np.float32)
        model.label, model.workers = self.label, self.workers
        return model

    def to_integers(self, values: Array) -> Integers:
        """Integers on the device as an int64 numpy array."""
        return self.to_numpy(values).astype(np.int64)

    def posterior(self, images: Pictures) -> tuple[Integers, Integers]:
        """Mean and log standard deviation of q(z|x), units of 2^-10, (B, D) each; images (B, H, W) of 0 and 1."""
        few = BATCH if self._spectral(len(images)) else self._few
        out = np.concatenate([self._encode(images[i : i + few]) for i in range(0, len(images), few)])
        return out[:, : self.latent], np.clip(out[:, self.latent :], *POSTERIOR_LOG_SCALE)

    def _encode(self, images: Pictures) -> Integers:
        x = relu(self.linear("encoder.full")(self._trunk(images)))
        return self.to_integers(self.linear("encoder.out")(x))

    def likely_labels(self, images: Pictures) -> Integers:
        """Return the most likely label of each image by q(y|x), (B,)."""
        parts = []
        for start in range(0, len(images), FEW):
            x = relu(self.linear("label.0")(self._trunk(images[start : start + FEW])))
            parts.append(self.to_integers(self.linear("label.1")(x)).argmax(axis=1))
        return np.concatenate(parts)

    def joined(self, z: Integers, labels: Integers) -> Integers:
        """Return latents (B, d) with the columns of the labels (B,) behind them, (B, d + K)."""
        return np.concatenate([z, np.eye(self.labels, dtype=np.int64)[labels] << FRACTION], axis=1)

    def given(self, label: int) -> IntegerModel:
        """Return q(z|x), p(z|y) and p(x|z, y) of one label, as a model without labels: its column is in the biases."""
        if label not in self._given:
            arrays = dict(self.arrays)
            for name in ("decoder.full", "prior.0", *(f"prior.{block}.0" for block in range(1, self.blocks))):
                weight, bias = self.arrays[f"{name}.weight"], self.arrays[f"{name}.bias"]
                own = weight[len(weight) - self.labels + label].astype(np.int64)
                arrays |= {f"{name}.weight": weight[: -self.labels], f"{name}.bias": bias + (own << FRACTION)}
            model = IntegerModel(self.info, arrays, self.device)
            model.label, model.workers = label, self.workers
            self._given[label] = model
        return self._given[label]

    def _trunk(self, images: Pictures) -> Array:
        if self._spectral(len(images)):
            return self._spectral_encoder(images, BATCH, self._plain_trunk)
        return self._plain_trunk(images)

    @functools.cached_property
    def _spectral_encoder(self) -> SpectralEncoder:
        return SpectralEncoder(
            self.height, self.width, self.folded, self.folded_residuals, self._largest_shift("encoder.")
        )

    def _largest_shift(self, prefix: str) -> int:
        """Return the largest rescaling of layers by the beginning of their names."""
        return max(int(shift) for name, shift in self.info["shifts"].items() if name.startswith(prefix))

    def _plain_trunk(self, images: Pictures) -> Array:
        """Return the trunk's activations by its layers, (B, features)."""
        x = unshuffle(self.to_device(images[..., None]) * 2.0**FRACTION)
        x = Conv3x3(self.linear("encoder.stem"))(x)
        x = self.residuals("encoder.fine", x)
        x = self.residuals("encoder.coarse", Conv3x3(self.linear("encoder.down"), stride=2)(relu(x)))
        x = relu(self.linear("encoder.squeeze")(relu(x)))
        return x.reshape((len(images), -1))

    def prior_block(self, block: int, before: Integers, labels: Integers | None = None) -> tuple[Integers, Integers]:
        """Mean (units of 2^-10) and standard deviation (2^-14) of block `block` of z given those before it.

        Args:
            block: 0 ... blocks - 1; block 0 is standard normal in models without labels.
            before: (N, block * block_size).
            labels: (N,), of a model with labels, unless it is of one.

        Returns:
            Two int64 arrays (N, block_size).
        """
        if block == 0 and not self.labels:
            zero = np.zeros((len(before), self.block_size), np.int64)
            return zero, zero + (1 << EXP_FRACTION)
        x = self.to_device(before if labels is None else self.joined(before, labels))
        for layer in range(2 if block else 0):
            x = relu(self.linear(f"prior.{block}.{layer}")(x))
        out = self.to_integers(self.linear(f"prior.{block}.2" if block else "prior.0")(x))
        log_scale = np.clip(out[:, self.block_size :], *PRIOR_LOG_SCALE)
        return out[:, : self.block_size], load_tables().exp[log_scale - EXP_MIN]

    def candidates(self, paths: Integers, level: int, before: Integers, blocks: int) -> Integers:
        """Candidates for the next `blocks` blocks of z, one for each path, drawn from p(z | before).

        Args:
            paths: numbers of the candidates, (N,).
            level: group of the code that the candidates belong to.
            before: z so far, (N, first * block_size).

        Returns:
            z with these blocks, (N, (first + blocks) * block_size).
        """
        return self.latents_of(candidate_noise(paths, level, before.shape[1], blocks * self.block_size), before)

    def latents_of(self, noise: Integers, before: Integers) -> Integers:
        """Latents that the prior makes of standard normal noise.

        Args:
            noise: of the next blocks, in units of 2^-12, (N, blocks * block_size).
            before: z so far, (N, first * block_size).

        Returns:
            z with these blocks, (N, (first + blocks) * block_size).
        """
        first, size, z = before.shape[1] // max(1, self.block_size), self.block_size, before
        for index in range(noise.shape[1] // max(1, size)):
            mean, scale = self.prior_block(first + index, z)
            z = np.concatenate([z, place(noise[:, index * size : (index + 1) * size], mean, scale)], axis=1)
        return z

    def noise_of(self, z: Integers) -> Integers:
        """Return the noise that the prior makes latents (N, D) of, in units of 2^-12: undoes `latents_of`, rounded."""
        found = []
        for block in range(self.blocks):
            mean, scale = self.prior_block(block, z[:, : block * self.block_size])
            beyond = z[:, block * self.block_size : (block + 1) * self.block_size] - mean
            found.append(((beyond << NOISE_SHIFT) + scale // 2) // scale)
        return np.concatenate(found, axis=1)

    def features(self, z: Integers) -> Array:
        """Return the local decoder's input from z at each pixel: activations (B, H, W, F) on the device."""
        features = self._features(z)
        return namespace(features).permute_dims(features, (3, 0, 1, 2))

    def _features(self, z: Integers) -> Array:
        """Return the features as they are computed, (H, W, F, B), in the model's dtype or in single precision."""
        if self._spectral(len(z)):
            return self._spectral_decoder(self.to_device(z), BATCH * 8 // np.dtype(self.dtype).itemsize)
        return self._feature_net(self.to_device(z), self._few)

    @property
    def _few(self) -> int:
        """Images whose maps the convolutions hold at once."""
        return BATCH if self.device == "cuda" else FEW * 8 // np.dtype(self.dtype).itemsize

    @functools.cached_property
    def _feature_net(self) -> FeatureNet:
        return FeatureNet.build(self.height, self.width, self.folded, self.folded_residuals)

    def _spectral(self, count: int) -> bool:
        """Return whether the features of so many images take less time by spectral convolutions."""
        return count >= MANY and self.device == "cpu" and max(self.height, self.width) <= 2 * SIDE

    @functools.cached_property
    def _spectral_decoder(self) -> SpectralDecoder:
        return SpectralDecoder(self._feature_net, self._largest_shift("decoder."))

    @functools.cached_property
    def local_net(self) -> LocalNet:
        """The local decoder as the wavefront engine evaluates it; its head gives the logit in units of 1/64."""
        window, features = (self.arrays[f"local.{part}.weight"] for part in ("window", "features"))
        both = np.concatenate([window.astype(np.int64) << FRACTION, features.astype(np.int64)])
        mix = fold(both, self.arrays["local.features.bias"], self.info["shifts"]["local.window"], self.rounds)
        head = self.folded("local.out", last=True)
        return LocalNet(self.to_device(mix), self.folded_residuals("local.layers"), [head])

    @functools.cached_property
    def _bounded_net(self) -> BoundedNet:
        return BoundedNet(self.local_net)

    def probabilities(self, logits: Array) -> Integers:
        """P(pixel = 1) in units of 2^-24 of logits in units of 1/64."""
        return load_tables().sigmoid[self.to_integers(logits.clip(-SIGMOID_RANGE, SIGMOID_RANGE)) + SIGMOID_RANGE]

    def likelihoods(self, images: Pictures, z: Integers) -> Integers:
        """P(pixel = 1) of every pixel given z and its window, units of 2^-24, (B, H W); images (B, H, W), z (B, D)."""
        parts = []
        for start in range(0, len(images), BATCH):
            batch, features = images[start : start + BATCH], self.features(z[start : start + BATCH])
            parts.append(self.probabilities(known_logits(self.local_net, self.window, self.to_device(batch), features)))
        return np.concatenate(parts).reshape(len(images), -1)

    def distortion_bits(self, images: Pictures, z: Integers) -> NDArray[np.float64]:
        """-log2 p(x|z) of each image, (B,); images (B, H, W) of 0 and 1, z (B, D)."""
        return spent_bits(images, self.likelihoods(images, z))

    def draw(
        self,
        z: Integers,
        seed: int = 0,
        draw: int | Integers = 0,
        raster: bool = False,
        near: NDArray[np.bool_] | None = None,
    ) -> Pictures:
        """Pictures of p(x|z), uint8 of 0 and 1, (B, H, W).

        Args:
            z: latents, (B, D).
            seed: below 2^64; together with `draw` it decides the noise.
            draw: numbers several pictures of one z and seed; one number for all pictures, or one for each, (B,).
            raster: visit the pixels one by one, for comparison; the pictures are the same.
            near: the pixels that can be ink, (B, H, W); the others stay blank, which saves a sender most of the time.
        """
        rows, columns = np.indices((self.height, self.width, 1), dtype=np.int64)[:2]
        least = least_logits(pixel_noise(rows, columns, 0, np.asarray(draw, np.int64).reshape(1, 1, -1), seed))
        least = self.to_device(least if near is None else np.where(near.transpose(1, 2, 0), least, np.inf))
        by_graph, some = self.device == "cuda" and not raster, self.device == "cpu" and near is not None
        bounded = self._spectral(len(z)) and not raster and not some and self.rounds
        most = SPARSE_BATCH if some else BOUNDED_BATCH if bounded else BATCH
        size = GPU_BATCH if by_graph else self.at_once(len(z), most)

        def part(start: int) -> Pictures:
            here = least if least.shape[2] == 1 else least[:, :, start : start + size]
            own = z[start : start + size]
            if some:
                return draw_some(self.local_net, self.window, self._features(own), here)
            if bounded:
                return draw_bounded(self._bounded_net, self._shape(len(own)), self._features(own), here)
            return self.sweep(own, at_least, here, raster, by_graph).astype(np.uint8)

        _ = self._bounded_net if bounded else self.local_net  # threads must find them there
        _ = self._spectral_decoder if self._spectral(len(z)) else self._feature_net
        return np.concatenate(in_threads(part, range(0, len(z), size), self.workers))

    def _shape(self, count: int) -> Shape:
        """Return what so many pictures are drawn as."""
        return Shape(self.height, self.width, count, self.window, self.window.slant)

    def at_once(self, count: int, most: int = BATCH) -> int:
        """Pictures drawn at once, so that each worker has some if they are worth it."""
        return max(SHARE, min(most, -(-count // self.workers)))

    def sweep(
        self, z: Integers, choose: Choose, positions: Array = None, raster: bool = False, cuda_graph: bool = False
    ) -> Integers:
        """Pictures (B, H, W) whose pixels `choose` takes in the order of the wavefront.

        Args:
            z: latents, (B, D); all of the batch is drawn at once.
            choose: gives the pixels (P, B) of a step from the channel (0), the logits (1, P, B) in units of 1/64
                (integers, not clamped to the range of the sigmoid table) and the entries (P, ...) of `positions`.
            positions: (H, W, ...) on the device.
            raster: one pixel a step, for comparison.
            cuda_graph: draw by one CUDA graph; `choose` must stay on the device.
        """
        features, shape = self._features(z), self._shape(len(z))
        whole = draw_by_graph if cuda_graph else draw_whole
        shape = shape.raster() if raster else shape
        return self.to_integers(whole(self.local_net, shape, choose, features, positions))[:, :, :, 0]


def place(noise: Integers, mean: Integers, scale: Integers) -> Integers:
    """z = mean + scale * noise in units of 2^-10, rounded half up; noise in 2^-12, mean in 2^-10, scale in 2^-14."""
    return np.clip(mean + ((scale * noise + (1 << (NOISE_SHIFT - 1))) >> NOISE_SHIFT), -LIMIT, LIMIT)


def spent_bits(images: Pictures, ones: Integers) -> NDArray[np.float64]:
    """-log2 p(x|z) of each image, (B,), from P(pixel = 1) of its pixels in units of 2^-24, (B, H W)."""
    spent = np.where(images.reshape(len(images), -1) == 1, ones, (1 << SIGMOID_FRACTION) - ones)
    return np.asarray((SIGMOID_FRACTION - np.log2(spent)).sum(axis=1))
