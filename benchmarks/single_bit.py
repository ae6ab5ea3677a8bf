"""Autoencoding a single bit: a latent that the decoder does not need is not used.

The images have a few pixels, all black or all white: one bit each. A decoder that reads the pixel before can say all
but the first pixel without z, so z would only cost; one that draws its pixels apart from each other needs z for the
bit. The encoder, the prior N(0, 1) and the training are the same.

Run as `python -m benchmarks.single_bit` (seconds); it keeps its figures and draws the KL during training.
"""

from __future__ import annotations

import math

import click
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.figure import Curve, Panel, draw_figure
from benchmarks.results import FOLDER, write_result
from vlae_models.nets.prior import gaussian_kl

PIXELS = 8
STEPS = 6000
BATCH = 256
EVERY = 100
SEED = 3


class OneBit(nn.Module):
    """A VAE of one latent dimension for rows of equal pixels; the window is the pixel before, or nothing."""

    def __init__(self, window: bool) -> None:
        super().__init__()
        self.window = window
        self.encoder = nn.Sequential(nn.Linear(PIXELS, 16), nn.Tanh(), nn.Linear(16, 2))
        self.features = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
        self.before, self.first = nn.Parameter(torch.zeros(())), nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """KL and -log p(x|z) of each row x (B, PIXELS) of 0 and 1, nats, for one sample of z each."""
        mean, log_scale = self.encoder(x).chunk(2, 1)
        z = mean + torch.exp(log_scale) * torch.randn_like(mean)
        logits = self.features(z).expand(-1, PIXELS) + self.first
        if self.window:
            logits = logits + F.pad(2 * x[:, :-1] - 1, (1, 0)) * self.before  # 0 where there is no pixel before
        rate = gaussian_kl(mean, log_scale, torch.zeros_like(mean), torch.zeros_like(mean)).sum(1)
        return rate, F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)


def train(window: bool, steps: int = STEPS) -> list[tuple[float, float]]:
    """KL and -ELBO, bits an image, after every `EVERY` steps."""
    torch.manual_seed(SEED)
    model = OneBit(window)
    optimiser = torch.optim.Adam(model.parameters(), 0.01)
    x = (torch.arange(BATCH) % 2).float()[:, None].expand(-1, PIXELS)  # as many of each, so the bit is one bit
    found, kept = [], []
    for step in range(1, steps + 1):
        rate, distortion = model(x)
        loss = (rate + distortion).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        kept.append((float(rate.detach().mean()) / math.log(2), float(loss.detach()) / math.log(2)))
        if step % EVERY == 0:
            found.append((sum(one[0] for one in kept) / EVERY, sum(one[1] for one in kept) / EVERY))
            kept.clear()
    return found


@click.command()
def main() -> None:
    """Train both decoders and draw what z carries."""
    curves: list[Curve] = []
    result: dict[str, float] = {"pixels": PIXELS, "steps": STEPS}
    for window, key, name in ((True, "with", "decoder reads the pixel before"), (False, "without", "pixels apart")):
        found = train(window)
        kl, neg_elbo = found[-1]
        result |= {f"{key}_window_kl_bits": round(kl, 4), f"{key}_window_neg_elbo_bits": round(neg_elbo, 4)}
        curves.append(Curve(name, tuple((EVERY * (i + 1), one[0]) for i, one in enumerate(found))))
        click.echo(f"{name}: KL {kl:.3f} bits, -ELBO {neg_elbo:.3f} bits")
    panel = Panel(curves, "updates", "KL, bits", "One bit: what z carries", 2)
    (FOLDER / "single_bit.svg").write_text(draw_figure([panel]))
    write_result("single_bit", result)


if __name__ == "__main__":
    main()
