"""What coding a picture of the photo family takes of memory at the most, by its size."""

from __future__ import annotations

from .model import PhotoModel
from .transform import grid

WORK = 64 << 20
"""Bytes of a band and of the results of its layers, and of what libraries keep for themselves."""
THREAD = 20 << 20
"""Bytes of the taps and products of a thread."""
SENT, READ = 13, 9
"""Bytes of a symbol of a step where it is sent: mean, scale and latent, in two orders; and where it is read."""
SHOWN = 9
"""Bytes of a pixel of a picture that is shown or written: its own, those of a Pillow image, and of a file."""


def encoding_bytes(model: PhotoModel, size: tuple[int, int], copies: int = 1) -> int:
    """Return the bytes that coding a picture of a height and width takes, the picture and the model apart.

    Args:
        size: of the picture.
        copies: of the latents: two where several levels are tried, for which what they gave unrounded is kept, too.
    """
    latents, features, symbols = _counts(model, size)
    drawn = 3 * size[0] * size[1] * (copies - 1)
    return 4 * copies * latents + drawn + 4 * features + SENT * symbols + _work(model)


def decoding_bytes(model: PhotoModel, size: tuple[int, int], texture: bool = False) -> int:
    """Return the bytes that decoding and showing a picture of a height and width takes, the model apart.

    Args:
        size: of the picture.
        texture: whether there is a texture to draw.
    """
    latents, features, symbols = _counts(model, size)
    pixels = size[0] * size[1]
    drawing = 4 * latents + 3 * pixels
    known = (4 + texture) * latents + 4 * features
    return max(known + READ * symbols, drawing, SHOWN * pixels) + _work(model)


def _counts(model: PhotoModel, size: tuple[int, int]) -> tuple[int, int, int]:
    """Return how many numbers latents and features have, and the symbols of the largest step."""
    rows, columns = grid(size)
    framed = (rows + 2) * (columns + 2)
    return sum(model.slices) * framed, model.hyper_synthesis.outputs * framed, max(model.slices) * rows * columns // 2


def _work(model: PhotoModel) -> int:
    return WORK + THREAD * model.ops.workers
