"""A search for latents that cost less and give a better picture, by gradients through the float networks.

Yang, Bamler and Mandt, "Improving inference for neural image compression" (2020): stochastic Gumbel annealing. The
sender alone searches: whatever latents it finds, the receiver's integers decode them.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vlae_codec.families.photo.masking import masking
from vlae_codec.families.photo.model import LEVELS
from vlae_codec.families.registry import read_tree
from vlae_codec.model.folder import WEIGHTS, read_arrays, read_limited
from vlae_codec.model.info import ModelInfo
from vlae_codec.model.limits import MAX_FILE

from ..train.precision import has_bfloat16
from .config import PhotoConfig
from .export import LATENT_BITS
from .nets import PATCH
from .restore import restore_photo
from .structure import ms_ssim
from .vlae import LEVELS as PIXEL_UNIT
from .vlae import STRUCTURE_UNIT, PhotoVLAE

STEPS = 80
RATE = 0.02
"""Learning rate, quantisation steps."""
HOTTEST, COLDEST = 0.5, 0.08
"""Temperatures of the choice between the two symbols beside a latent, at the first and the last step."""
TILE, MARGIN = 768, 128
"""Pixels of the side of what is searched at once, and of what is read around it. Both are multiples of 64."""
STRUCTURE = 0.3
"""Share of 1 - MS-SSIM in the distortion; half of what training has, so that PSNR gains as much as MS-SSIM does."""
NEAREST = 1e-4

Progress = Callable[[int, int], None]
"""Callback with steps done since the last call, and the number of all."""


class Search:
    """A search with the networks of a released model.

    Args:
        info: the tree of model.json.
        arrays: of weights.npz.
    """

    def __init__(self, info: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        self.coarsest, finest = info["slopes"]
        self.log_range = math.log(finest / self.coarsest)
        self.net = PhotoVLAE(config_of(info, arrays), self.coarsest, self.log_range)
        restore_photo(self.net, info, arrays)
        self.net.requires_grad_(False).eval()

    def __call__(
        self, levels: NDArray[np.uint8], y: NDArray[Any], level: int, progress: Progress | None = None
    ) -> NDArray[Any]:
        """Return better latents of a picture, of the type and shape of y.

        Args:
            levels: the picture (H, W, 3), sides multiples of 64.
            y: its latents (L, H / 16, W / 16), LATENT_BITS fraction bits.
            level: of quality, 0 ... 255.
            progress: Callback with steps.
        """
        quality = torch.tensor([level / LEVELS])
        gain = self.net.gain(quality)
        found = torch.from_numpy(np.asarray(y, np.float32))[None] * 2.0**-LATENT_BITS * gain
        picture = torch.from_numpy(levels).permute(2, 0, 1)[None].float()
        worth = torch.from_numpy(masking(levels).fine).float().repeat_interleave(PATCH, 0).repeat_interleave(PATCH, 1)
        positions = list(tiles(*levels.shape[:2]))
        for inner, outer in positions:
            self._refine(found, picture, worth, quality, inner, outer, len(positions), progress)
        back = (found / gain)[0] * 2.0**LATENT_BITS
        return np.asarray(back.round().numpy().astype(y.dtype))

    def _refine(
        self,
        latents: Tensor,
        picture: Tensor,
        worth: Tensor,
        quality: Tensor,
        inner: tuple[slice, slice],
        outer: tuple[slice, slice],
        count: int,
        progress: Progress | None,
    ) -> None:
        """Improve the latents (1, L, h, w) of a tile in place, those around it held."""
        at = (slice(None), slice(None), *(over(side, PATCH) for side in outer))
        free = torch.zeros(latents.shape[2:])
        free[over(inner[0], PATCH), over(inner[1], PATCH)] = 1
        free = free[at[2], at[3]]
        crop = picture[:, :, outer[0], outer[1]].contiguous(memory_format=torch.channels_last)
        start = latents[at].clone()
        change = torch.zeros_like(start).requires_grad_()
        optimiser = torch.optim.Adam([change], RATE, betas=(0.9, 0.98))
        generator = torch.Generator().manual_seed(1)
        for step in range(STEPS):
            done = step / (STEPS - 1)
            heat = HOTTEST * (COLDEST / HOTTEST) ** done
            for group in optimiser.param_groups:
                group["lr"] = RATE * (1 - 0.9 * done)
            loss = self._cost(start + change * free, crop, worth[outer], quality, heat, generator)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            if progress:
                progress(1, STEPS * count)
        latents[at] = (start + change.detach() * free).detach()

    def _cost(
        self,
        latents: Tensor,
        crop: Tensor,
        worth: Tensor,
        quality: Tensor,
        heat: float,
        generator: torch.Generator,
    ) -> Tensor:
        """Bits a pixel, and the slope times the distortion, in which errors count by their worth (H, W)."""
        with torch.autocast("cpu", torch.bfloat16, enabled=has_bfloat16("cpu")):
            coded = self.net.prior(latents, quality, True, lambda x: annealed(x, heat, generator))
            drawn = self.net.synthesis(coded.values * self.net.inverse(quality), quality)
        drawn = PIXEL_UNIT * drawn + PIXEL_UNIT
        error = (worth * (drawn - crop).square()).mean()
        similarity = ms_ssim(drawn / 255, crop / 255, 1).mean() if min(crop.shape[2:]) >= 192 else torch.ones(())
        distortion = (1 - STRUCTURE) * error + STRUCTURE * STRUCTURE_UNIT * (1 - similarity)
        slope = self.coarsest * torch.exp(self.log_range * quality)
        bits = (coded.bits + coded.hyper_bits) / (crop.shape[2] * crop.shape[3])
        cost: Tensor = (bits + slope * distortion).mean()
        return cost


@functools.lru_cache(maxsize=2)
def search_of(info: ModelInfo) -> Search:
    """Return the search of an installed model of the photo family.

    Raises:
        ModelError: its folder is damaged.
    """
    arrays = read_arrays(read_limited(info.folder, WEIGHTS, MAX_FILE))
    return Search(read_tree(info.folder), arrays)


def annealed(x: Tensor, heat: float, generator: torch.Generator) -> Tensor:
    """Return x moved to the integers beside it, at random and by a temperature: at 0 to the nearer one."""
    low = x.detach().floor()
    part = (x - low).clamp(NEAREST, 1 - NEAREST)
    noise = torch.rand((2, *x.shape), generator=generator).clamp(1e-6, 1 - 1e-6)
    gumbel = -(-noise.log()).log()
    up, down = -torch.atanh(1 - part) / heat + gumbel[0], -torch.atanh(part) / heat + gumbel[1]
    return low + torch.sigmoid((up - down) / heat)


def over(side: slice, unit: int) -> slice:
    """Return a slice in larger units."""
    return slice(side.start // unit, side.stop // unit)


def tiles(height: int, width: int) -> Iterator[tuple[tuple[slice, slice], tuple[slice, slice]]]:
    """Yield rows and columns of each tile of a picture, and of the tile with its margin."""
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            bottom, right = min(height, top + TILE), min(width, left + TILE)
            outer = (
                slice(max(0, top - MARGIN), min(height, bottom + MARGIN)),
                slice(max(0, left - MARGIN), min(width, right + MARGIN)),
            )
            yield (slice(top, bottom), slice(left, right)), outer


def config_of(info: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> PhotoConfig:
    """Return the shapes of a released model's networks."""

    def outputs(name: str) -> int:
        return len(arrays[f"{name}.weight"])

    def blocks(program: str, scales: tuple[str, ...]) -> tuple[int, ...]:
        names = [op["name"] for op in info["programs"][program] if op["op"] == "residual"]
        return tuple(sum(name.startswith(f"{program}.{scale}.") for name in names) for scale in scales)

    scales = ("fine", "mid", "coarse")
    return PhotoConfig(
        widths=(outputs("analysis.stem"), outputs("analysis.down_mid"), outputs("analysis.down_coarse")),
        analysis_blocks=blocks("analysis", scales),
        synthesis_blocks=blocks("synthesis", scales),
        slices=tuple(info["slices"]),
        hyper=outputs("prior.analysis.4"),
        middle=outputs("prior.analysis.0"),
        head=outputs("prior.first.0.0"),
    )
