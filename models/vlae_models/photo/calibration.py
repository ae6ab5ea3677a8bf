"""What a photo model's layers read on training crops: ranges, for fraction bits, and second moments, for rounding."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .nets import Residual
from .vlae import PhotoVLAE

QUALITIES = (0.0, 0.25, 0.5, 0.75, 0.996)
QUANTILE = 0.9999
HEADROOM = 1.4
"""By how much a range exceeds the quantile; what is beyond is clamped."""
SAMPLE = 1 << 16


@dataclass
class Ranges:
    """Magnitudes and moments by the name of a module.

    Attributes:
        inputs: what enters a convolution, after its ReLU if it has one.
        outputs: what leaves a convolution or a residual block.
        moments: sums of products of any two of the values that a convolution multiplies with its weights, and of these
            with 1, (C k k + 1, C k k + 1).
    """

    inputs: dict[str, float] = field(default_factory=dict)
    outputs: dict[str, float] = field(default_factory=dict)
    moments: dict[str, Tensor] = field(default_factory=dict)

    def note(self, table: dict[str, float], name: str, maps: Tensor) -> None:
        """Widen the range of a module."""
        values = maps.detach().abs().flatten()
        values = values[:: max(1, len(values) // SAMPLE)]
        table[name] = max(table.get(name, 1e-3), HEADROOM * float(torch.quantile(values, QUANTILE)))

    def add(self, name: str, layer: nn.Conv2d, maps: Tensor) -> None:
        """Add to the moments of a convolution."""
        padding = layer.kernel_size[0] // 2
        for one in maps.float():
            patches = F.unfold(one[None], layer.kernel_size, padding=padding, stride=layer.stride)[0]
            patches = torch.cat([patches, patches.new_ones(1, patches.shape[1])])
            product = patches @ patches.T
            self.moments[name] = self.moments[name].add_(product) if name in self.moments else product


@torch.no_grad()
def calibrated(net: PhotoVLAE, levels: Tensor) -> Ranges:
    """Return the ranges of a network on crops (N, 3, S, S), 0 ... 255."""
    ranges, hooks = Ranges(), []
    for name, module in net.named_modules():
        if isinstance(module, (nn.Conv2d, Residual)):

            def look(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor, name: str = name) -> None:
                ranges.note(ranges.inputs, name, inputs[0])
                ranges.note(ranges.outputs, name, output)
                if isinstance(module, nn.Conv2d):
                    ranges.add(name, module, inputs[0])

            hooks.append(module.register_forward_hook(look))
    for quality in QUALITIES:
        net(levels, levels.new_full((len(levels),), quality), hard=True)
    for hook in hooks:
        hook.remove()
    return ranges
