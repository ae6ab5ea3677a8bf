"""The windowed family, as the registry has it."""

from __future__ import annotations

import numpy as np

from ...coding.binary_coder import Writer
from ...container.header import WINDOWED, WINDOWED_LOSSLESS
from ...errors import ModelError
from ...io.images import Picture
from ...model import info as names
from ...model.folder import Tree
from ...model.info import ModelInfo
from ...model.limits import MAX_LATENT, MAX_REACH, MAX_SHIFT, Arrays, check_format, check_keys, check_range
from ..family import Job, OneByOne
from ..request import Draw, Rate
from ..result import Decoded, Encoded, Progress
from . import codec, container, grid, pixels
from .codec import SAMPLES_TEMPERATURE
from .ladder import setting_of
from .layers import WindowedLayers
from .model import COLOURS, SCALES, SHARPEST_PRIOR, WIDTHS, WindowedModel

REQUIRED = {"latent": int, "window": list, "prior_window": list, "shifts": dict}
PROBED_QUALITY = 50.0


class WindowedFamily(OneByOne):
    """Pictures of any size, lossy or with their exact pixels."""

    name = names.WINDOWED
    container = container
    modes = frozenset({WINDOWED, WINDOWED_LOSSLESS})
    options = frozenset({"quality", "target_bytes", "lossless"})
    draws = frozenset({"seed", "samples", "temperature", "preview"})

    def check(self, tree: Tree) -> None:
        """Hold the settings of a model.json against the limits."""
        check_format(tree, 2)
        check_keys(tree, REQUIRED)
        for key in ("window", "prior_window"):
            check_range(key, tree[key], 0, MAX_REACH)
            if len(tree[key]) != 3:
                raise ModelError(f"model.json: {key} should be three numbers")
        check_range("shifts", list(tree["shifts"].values()), 0, MAX_SHIFT)
        check_range("latent", [tree["latent"]], 1, MAX_LATENT)
        check_range("prior_sharper", [tree.get("prior_sharper", 0)], 0, SHARPEST_PRIOR)
        patch, widths = tree.get("patch", 16), tree.get("widths", [0, WIDTHS - 1])
        if type(patch) is not int or patch not in SCALES:
            raise ModelError(f"model.json: patch should be {', '.join(map(str, SCALES))}")
        if not isinstance(widths, list) or len(widths) != 2:
            raise ModelError("model.json: widths should be the first and the last")
        check_range("widths", widths, 0, WIDTHS - 1)
        if widths[0] > widths[1]:
            raise ModelError("model.json: the first of the widths is behind the last")

    def load(self, tree: Tree, arrays: Arrays, device: str) -> WindowedModel:
        """Return the model of settings and arrays, held against one another."""
        WindowedLayers(tree, arrays).check()
        return WindowedModel(tree, arrays, device)

    def probe(self, model: WindowedModel) -> None:
        """Code and draw a picture of one position of the latent grid."""
        number = setting_of(PROBED_QUALITY, model, (1, 1)).number
        y = model.encode(np.full((model.patch, model.patch, COLOURS), 128, np.uint8))
        z = grid.push_grid(model, Writer(grid.decisions(model, 1, 1)), model.sent(y, number), number)
        pixels.draw(model, z, number, (2, 2), temperature=0)

    def takes(self, picture: Picture, info: ModelInfo, rate: Rate) -> bool:
        """Return whether a lossy file is wanted: exact ones are smaller without a model."""
        return not rate.lossless

    def encode_one(self, job: Job, device: str, progress: Progress | None) -> Encoded:
        """Return the file of a picture."""
        return codec.compress_photo(job.picture, job.models[0], job.rate, device=device, progress=progress)

    def identify(self, data: bytes) -> tuple[ModelInfo, bool]:
        """Return the model of a file, and whether all of it is intact."""
        info, _, whole = codec.identify_photo(data)
        return info, whole

    def decode_one(self, data: bytes, draw: Draw, device: str, progress: Progress | None) -> Decoded:
        """Return the pictures of a file."""
        exact = container.parse_file(data).residual is not None and not draw.preview
        if exact:
            draw.check({"preview"}, codec.identify_photo(data)[0])
        found = [
            codec.decompress_photo(
                data, seed=draw.seed, number=number, preview=draw.preview, max_pixels=draw.max_pixels, device=device,
                temperature=draw.warmth(SAMPLES_TEMPERATURE), progress=progress,
            )
            for number in range(draw.samples)
        ]  # fmt: skip
        return Decoded(tuple(pixels for pixels, _, _ in found), *found[0][1:])
