"""Pictures of all kinds that people have, made from the shared sets or drawn here, to try the default settings on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.made_inputs import ellipse
from benchmarks.made_pictures import crop
from vlae_models.data.cifar import TEST, load_cifar
from vlae_models.data.drawn import KINDS as DRAWN
from vlae_models.data.drawn import Fonts, draw
from vlae_models.data.sets import load_ink

Levels = NDArray[np.uint8]
Make = Callable[[Path], Iterator[Levels]]
SIDE = 256
SEED = 910_000
"""From which on no training picture has a seed."""
COLOURS = {
    "white": (255, 255, 255), "black": (0, 0, 0), "red": (255, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 255),
    "grey": (128, 128, 128), "cream": (250, 240, 220), "teal": (12, 96, 110),
}  # fmt: skip
"""Of flat areas."""


def whole(data: Path) -> Iterator[Levels]:
    """Yield photographs."""
    for path in sorted((data / "kodak-dev").glob("*.png")):
        yield np.asarray(Image.open(path).convert("RGB"))


def crops(data: Path) -> Iterator[Levels]:
    """Yield crops of photographs that were JPEG files."""
    yield from (crop(str(data), 40 * number) for number in range(16))


def greys(data: Path) -> Iterator[Levels]:
    """Yield crops of photographs in grey."""
    yield from (np.asarray(Image.fromarray(picture).convert("L")) for picture in list(crops(data))[:8])


def _small(data: Path, side: int) -> Iterator[Image.Image]:
    for picture in whole(data):
        yield Image.fromarray(picture[:512, :512]).resize((side, side), Image.Resampling.LANCZOS)


def small(data: Path) -> Iterator[Levels]:
    """Yield photographs of 64x64 pixels."""
    yield from (np.asarray(image) for image in _small(data, 64))


def thumbnails(data: Path) -> Iterator[Levels]:
    """Yield grey photographs of the size of digits, and faces."""
    yield from (np.asarray(image.convert("L")) for image in _small(data, 28))
    with np.load(data / "frey" / "freyfaces.npz") as file:
        for face in file["x"].reshape(-1, 28, 20)[::300]:
            yield np.asarray(Image.fromarray(face).resize((28, 28), Image.Resampling.LANCZOS))


def tiny(data: Path) -> Iterator[Levels]:
    """Yield photographs of 32x32 pixels."""
    yield from load_cifar(data, TEST)[:12]


def few_colours(data: Path) -> Iterator[Levels]:
    """Yield photographs of palettes, as GIF files have them, and of a few grey levels."""
    for number, picture in enumerate(list(crops(data))[:6]):
        image = Image.fromarray(picture)
        dither = (Image.Dither.NONE, Image.Dither.FLOYDSTEINBERG)[number % 2]
        yield np.asarray(image.quantize((16, 64, 256)[number % 3], dither=dither).convert("RGB"))
        yield np.asarray(image.convert("L")) // 16 * 17


def drawn(kind: int) -> Make:
    """Return what draws pictures of one kind, photographs pasted into some."""

    def make(data: Path) -> Iterator[Levels]:
        photos = [Image.fromarray(picture) for picture in list(whole(data))[:3]]
        turn = [number for number, (_, often) in enumerate(DRAWN) for _ in range(often)]
        first = SEED // len(turn) * len(turn) + turn.index(kind)
        for number in range(4):
            seed = first + number * len(turn)
            yield np.asarray(draw(seed, SIDE, Fonts([]), photos).convert("RGB"))

    return make


def icons(data: Path) -> Iterator[Levels]:
    """Yield drawn pictures of 20x24 to 64x64 pixels, transparent outside an ellipse."""
    for number in range(8):
        image = draw(SEED + 5 * number, SIDE, Fonts([])).resize((64, 64), Image.Resampling.BOX).convert("RGB")
        plane = Image.fromarray(ellipse()[:, :, 0].astype(np.uint8)).resize((64, 64))
        yield np.dstack([np.asarray(image), np.asarray(plane)])


def scans(data: Path) -> Iterator[Levels]:
    """Yield drawn pages of two levels."""
    for number in range(8):
        page = draw(SEED + number, SIDE, Fonts([])).convert("L")
        yield np.where(np.asarray(page) < 128, np.uint8(0), np.uint8(255))


def ink(name: str) -> Make:
    """Return what yields pictures of a set of ink, of 28x28 pixels."""

    def make(data: Path) -> Iterator[Levels]:
        test = load_ink(name, data).test
        yield from test[:: len(test) // 12][:12]

    return make


def flat(data: Path) -> Iterator[Levels]:
    """Yield pictures of one colour."""
    for colour in COLOURS.values():
        yield np.full((64, 64, 3), colour, np.uint8)


def gradients(data: Path) -> Iterator[Levels]:
    """Yield gradients along an axis, around a point, and of a sky's colours."""
    rows, columns = np.mgrid[:SIDE, :SIDE] / (SIDE - 1)
    distance = np.hypot(rows - 0.5, columns - 0.4)
    for shape in (rows, columns, (rows + columns) / 2, distance / distance.max()):
        for first, last in (("black", "white"), ("blue", "cream"), ("grey", "teal")):
            one, other = (np.array(COLOURS[name]) for name in (first, last))
            yield np.rint(one + shape[:, :, None] * (other - one)).astype(np.uint8)


def patterns(data: Path) -> Iterator[Levels]:
    """Yield checkerboards and stripes, in black and white and in colours."""
    rows, columns = np.mgrid[:64, :64]
    for period in (1, 2, 5):
        for one, other in (("black", "white"), ("red", "cream")):
            board = (rows // period + columns // period) % 2
            yield np.where(board[:, :, None] == 1, COLOURS[one], COLOURS[other]).astype(np.uint8)
            yield np.where(rows[:, :, None] // period % 2 == 1, COLOURS[one], COLOURS[other]).astype(np.uint8)


def smallest(data: Path) -> Iterator[Levels]:
    """Yield photographs and drawings of 1 to 20 pixels a side."""
    for number, picture in enumerate(list(crops(data))[:12]):
        height, width = ((1, 1), (1, 16), (3, 5), (8, 8), (16, 16), (20, 13))[number % 6]
        yield picture[:height, :width]


def noises(data: Path) -> Iterator[Levels]:
    """Yield noise of all levels and of sixteen."""
    for number in range(4):
        levels = np.random.default_rng(number).integers(0, 256, (128, 128, 3), np.uint8)
        yield levels if number < 2 else levels // 16 * 17


KINDS: dict[str, Make] = {
    "photographs, 768x512": whole,
    "photographs, 256x256": crops,
    "photographs, grey": greys,
    "photographs, 64x64": small,
    "photographs, 32x32": tiny,
    "photographs and faces, grey, 28x28": thumbnails,
    "photographs of few colours": few_colours,
    **{f"drawn: {function.__name__.replace('_', ' ')}": drawn(number) for number, (function, _) in enumerate(DRAWN)},
    "icons, transparent": icons,
    "pages of two levels": scans,
    "digits, grey": ink("mnist-dynamic"),
    "characters, grey": ink("omniglot"),
    "silhouettes": ink("caltech"),
    "one colour": flat,
    "gradients": gradients,
    "checkerboards and stripes": patterns,
    "1 to 20 pixels a side": smallest,
    "noise": noises,
}
"""What makes the pictures of a kind from the folder of the sets."""
