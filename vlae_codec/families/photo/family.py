"""The photo family, as the registry has it."""

from __future__ import annotations

import numpy as np

from ...container.header import PHOTO
from ...io.images import Picture
from ...model import info as names
from ...model.folder import Tree
from ...model.info import ModelInfo
from ...model.limits import Arrays, check_format, check_keys
from .. import registry
from ..family import Job, OneByOne
from ..request import Draw, Rate
from ..result import Decoded, Encoded, Progress
from . import codec, coding, container, texture
from .model import HYPER_PATCH, LEVELS, PATCH, PhotoModel
from .transform import analyse, synthesise

REQUIRED = {"slopes": list, "slices": list, "shifts": dict, "programs": dict, "picture_shift": int}
SAMPLES_TEMPERATURE = 0.4
"""Of several draws: enough texture to see how they differ, and not yet noise."""


class PhotoFamily(OneByOne):
    """Pictures of any size, lossy."""

    name = names.PHOTO
    container = container
    modes = frozenset({PHOTO})
    options = frozenset({"quality", "target_bytes", "effort"})
    draws = frozenset({"seed", "samples", "temperature", "preview"})
    """Of files of models that have a texture head; others have `preview` alone."""

    def check(self, tree: Tree) -> None:
        """Hold the settings of a model.json against the limits; programs are checked when they are built."""
        check_format(tree, 3)
        check_keys(tree, REQUIRED)

    def load(self, tree: Tree, arrays: Arrays, device: str) -> PhotoModel:
        """Return the model of settings and arrays, held against one another."""
        return PhotoModel(tree, arrays, device)

    def probe(self, model: PhotoModel) -> None:
        """Code and draw a picture of one position of the hyper-latents."""
        y = analyse(model, np.full((HYPER_PATCH, HYPER_PATCH, 3), 128, np.uint8))
        side = HYPER_PATCH // PATCH
        payload = coding.push(model, y, LEVELS // 2, 1).payload
        synthesise(model, coding.pop(model, payload, side, side, LEVELS // 2), LEVELS // 2, (2, 2))

    def takes(self, picture: Picture, info: ModelInfo, rate: Rate) -> bool:
        """Return whether a lossy file is wanted."""
        return not rate.lossless

    def encode_one(self, job: Job, device: str, progress: Progress | None) -> Encoded:
        """Return the file of a picture."""
        return codec.compress(job.picture, job.models[0], job.rate, device=device, progress=progress)

    def identify(self, data: bytes) -> tuple[ModelInfo, bool]:
        """Return the model of a verified file."""
        return codec.identify(data)[0], True

    def decode_one(self, data: bytes, draw: Draw, device: str, progress: Progress | None) -> Decoded:
        """Return the pictures of a file."""
        info, _ = codec.identify(data)
        textured = registry.load(info, PhotoModel, device).texture is not None
        draw.check(self.draws if textured else {"preview"}, info)
        temperature = 0.0 if draw.preview else draw.warmth(SAMPLES_TEMPERATURE)
        pictures = [
            codec.decompress(
                data, draw=texture.Draw(temperature, draw.seed, number), max_pixels=draw.max_pixels, device=device,
                progress=progress,
            )[0]
            for number in range(draw.samples)
        ]  # fmt: skip
        return Decoded(tuple(pictures), info)
