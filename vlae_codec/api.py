"""The codec in a few functions, for programs: pictures in, bytes out, and back.

Pictures come as Pillow images, numpy arrays or paths and go as Pillow images, of which `numpy.asarray` makes arrays.
`compress_many` and `decompress_many` are for archives. All of them are to be had from `vlae_codec` itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .container import envelope
from .errors import FormatError, ImageError, VlaeError
from .families import codec
from .families.bilevel import archive
from .families.bilevel.identify import is_archive
from .families.choice import bilevel_models
from .families.registry import AUTO
from .families.request import Draw, Rate
from .io import datasets, forms, images
from .io.images import PillowImage
from .io.metadata import Keeping, in_colours_of, in_info, parse_kinds
from .memory import limited
from .report import inspection
from .report.records import FileRecord
from .sources import ImageLike, Source, read_file, read_picture

__all__ = [
    "ImageLike",
    "Source",
    "compress",
    "compress_many",
    "decompress",
    "decompress_array",
    "decompress_many",
    "inspect",
]


def compress(
    image: ImageLike,
    model: str = AUTO,
    *,
    lossless: bool = False,
    bits: int | None = None,
    quality: float | None = None,
    target_bytes: int | None = None,
    effort: int | None = None,
    code: str | None = None,
    fit: bool = False,
    binarise: bool = False,
    keep: str = "none",
    device: str = "cpu",
    max_memory: int | None = None,
) -> bytes:
    """Return the bytes of the .vlz file of one picture.

    Args:
        image: the picture; bilevel models take it as bright ink on black, cut at half brightness.
        model: name, folder or fingerprint; "auto" is, for 28 x 28 pixels without colour, the bilevel model
            with the shortest code, and for all other pictures that for photographs.
        lossless: keep the exact pixels too.
        bits: of the lossy code, 1 to 56, rounded up to whole bytes; by default the model's own choice.
        quality: instead of bits, 0 to 100; by default 50 for bilevel models and 70 for photographs.
        target_bytes: instead, the most bytes that the file of a photograph may have.
        effort: 1 (fast) to 9 (fewest bits for what is kept), by default 5.
        code: "search", the default, for the best of a fixed number of codes; "sample" for a true sample of the
            posterior, in as many bits as that takes.
        fit: resize a picture that no model takes as it is.
        binarise: with `lossless`, round grey pixels to black and white first.
        keep: "all" metadata or some of "icc,exif,xmp,dpi,texts"; without loss pixels stay as they are stored then, and
            are not turned.
        device: "cpu", "torch" or "cuda"; the bytes are the same.
        max_memory: refuse a picture with which the process would hold more bytes at its peak.

    Returns:
        A whole file: for a digit some ten bytes, of which two or three are its code.

    Raises:
        ImageError: not an image, of a kind or size that no model takes; or `lossless` would not keep it as it is.
        ModelError: the model is unknown or damaged, or the device is not there.
        VlaeError: an argument is out of range, or two exclude one another.
        OSError: the file is missing or unreadable.

    >>> import numpy as np
    >>> digit = np.zeros((28, 28), np.uint8)
    >>> digit[5:23, 13:16] = 255
    >>> data = compress(digit, "mnist")
    >>> len(data) < 16
    True
    >>> decompress(data, seed=7).size
    (28, 28)
    >>> exact = compress(digit, "mnist", lossless=True)
    >>> bool((255 * np.asarray(decompress(exact)) == digit).all())
    True
    """
    rate = Rate(bits, quality, target_bytes, lossless, effort, code, fit, binarise)
    with limited(max_memory):
        picture = read_picture(image, Keeping(parse_kinds(keep), lossless))
        job = codec.plan(picture, model, rate)
        return envelope.wrap(codec.compress_one(job, device).data, job.picture.metadata)


def compress_many(
    pictures: Sequence[ImageLike] | NDArray[Any],
    model: str = AUTO,
    *,
    names: Sequence[str] | None = None,
    lossless: bool = False,
    bits: int | None = None,
    quality: float | None = None,
    effort: int | None = None,
    code: str | None = None,
    fit: bool = False,
    binarise: bool = False,
    device: str = "cpu",
) -> bytes:
    """Return the bytes of an archive of many pictures of one size; without loss it takes their -ELBO.

    Args:
        pictures: at least one; each as for `compress`, or an array (N, H, W) of them all.
        model: as for `compress`.
        names: to be kept, one for each picture, all different.
        lossless: keep the exact pixels, by bits-back coding; `bits` are not to be given then.
        bits: of each code, as for `compress`; so are the others.
        quality: instead of bits.
        effort: 1 to 9, by default 5.
        code: as for `compress`.
        fit: resize what no model takes as it is.
        binarise: with `lossless`, round grey pixels first.
        device: "cpu", "torch" or "cuda".

    Raises:
        ImageError: no pictures, of several sizes, or as `compress`; or a name is unfit or there twice.
        ModelError: as `compress`.
        VlaeError: as `compress`; or the names are not as many as the pictures.
        OSError: a file is missing or unreadable.

    >>> import numpy as np
    >>> digits = np.zeros((5, 28, 28), bool)
    >>> digits[:, 5:23, 13:16] = True
    >>> data = compress_many(digits, "mnist", lossless=True)
    >>> inspect(data).images
    5
    >>> all((np.asarray(image) == digit).all() for image, digit in zip(decompress_many(data), digits))
    True
    """
    rate = Rate(bits, quality, None, lossless, effort, code, fit, binarise)
    if not len(pictures):
        raise ImageError("no pictures: an archive holds at least one")
    if names is not None and len(names) != len(pictures):
        raise VlaeError(f"{len(names)} names for {len(pictures)} pictures")
    read = [forms.over_black(read_picture(image)) for image in pictures]
    models = bilevel_models(model, lossless)
    taken = {(info.height, info.width) for info in models}
    if model == AUTO and not fit and (odd := {one.size for one in read} - taken):
        height, width = min(odd)
        raise ImageError(f"{width} x {height} pixels: archives are for bilevel models, a collection holds any pictures")
    batches = [datasets.Batch(one.pixels[None], (str(number),), one.notices) for number, one in enumerate(read)]
    pixels, _ = datasets.join(batches, models, fit, lossless and not binarise)
    info = archive.choose_model(models, pixels, device)
    return archive.compress_archive(info, pixels, rate, names=names, device=device).data


def decompress(
    data: Source,
    seed: int = 0,
    *,
    index: int = 0,
    preview: bool = False,
    temperature: float | None = None,
    max_pixels: int | None = None,
    device: str = "cpu",
    max_memory: int | None = None,
) -> PillowImage:
    """Return a plausible picture for a .vlz file; for a lossless one the exact picture.

    Args:
        data: the file's bytes, or its path.
        seed: of the texture, 0 to 2^63 - 1; one seed gives the same pixels on every machine.
        index: of an archive, the number of the picture; negative ones count from the end.
        preview: of a lossless file draw the lossy part, even if the rest is cut off or damaged.
        temperature: of the texture of photographs, 0 (none, the least error) to 1.
        max_pixels: refuse a file that announces more, of all its pictures together; by default 2^26, of archives 2^32.
        device: "cpu", "torch" or "cuda"; the pixels are the same.
        max_memory: refuse a picture of any size with which the process would hold more bytes at its peak.

    Returns:
        A Pillow image of the picture's size: mode "1" of black and white, "L" of a grey photograph, else "RGB", each
        with an "A" if it is transparent; "I;16" of exact grey ones of 16 bits. Pillow holds no colours of 16
        bits, which are rounded to 8: `decompress_array` gives them.

    Raises:
        FormatError: no .vlz file, damaged, beyond `max_pixels`, or without a picture of this number.
        ModelError: the model is not installed or damaged; the message names its fingerprint.
        VlaeError: the seed or the temperature is out of range.
        OSError: the file is missing or unreadable.
    """
    content, metadata = envelope.unwrap(read_file(data))
    pixels = decompress_array(
        content, seed, index=index, preview=preview, temperature=temperature, max_pixels=max_pixels, device=device,
        max_memory=max_memory,
    )  # fmt: skip
    image = images.to_pillow(in_colours_of(pixels, metadata.icc))
    image.info.update(in_info(metadata))
    return image


def decompress_array(
    data: Source,
    seed: int = 0,
    *,
    index: int = 0,
    preview: bool = False,
    temperature: float | None = None,
    max_pixels: int | None = None,
    device: str = "cpu",
    max_memory: int | None = None,
) -> NDArray[Any]:
    """Return the array that `decompress` makes a Pillow image of, exact 16-bit pictures whole; arguments as there.

    Returns:
        bool (H, W) of black and white; else uint8 or uint16, (H, W) grey, (H, W, 3) RGB, with alpha 2 or 4 channels.

    Raises:
        VlaeError, OSError: as `decompress`.

    >>> import numpy as np
    >>> deep = np.arange(300, dtype=np.uint16).reshape(10, 10, 3) * 200
    >>> bool((decompress_array(compress(deep, lossless=True)) == deep).all())
    True
    """
    content, _ = envelope.unwrap(read_file(data))
    draw = Draw(seed, 1, temperature, preview, max_pixels)
    if is_archive(content):
        reader = archive.Reader(content, device, max_pixels)
        draw.check((), reader.info)
        wanted = archive.parse_index(str(index), reader.archive.count)
        ((_, pixels),) = reader.pictures(wanted, seed=seed)
        return np.asarray(pixels, bool)
    if index not in (0, -1):
        raise FormatError(f"picture {index} of a file that holds one picture")
    with limited(max_memory):
        return codec.decompress_one(content, draw, device).pictures[0]


def decompress_many(
    data: Source, seed: int = 0, *, max_pixels: int | None = None, device: str = "cpu"
) -> Iterator[PillowImage]:
    """All pictures of an archive in order (or the one of a file of one), each drawn at its turn.

    Args:
        data: the file's bytes, or its path.
        seed: of the texture in lossy files.
        max_pixels: as for `decompress`.
        device: "cpu", "torch" or "cuda".

    Raises:
        FormatError: as `decompress`; all that can be verified is, before the first picture is given out.
        ModelError: as `decompress`.
        VlaeError: the seed is out of range.
        OSError: the file is missing or unreadable.
    """
    content = read_file(data)
    Draw(seed)
    if not is_archive(content):
        yield decompress(content, seed, max_pixels=max_pixels, device=device)
        return
    reader = archive.Reader(content, device, max_pixels)
    for _, pixels in reader.pictures(range(reader.archive.count), seed=seed):
        yield images.to_pillow(pixels.astype(bool))


def inspect(data: Source) -> FileRecord:
    """Return what a .vlz file declares: model, size, number of pictures, bytes by part; nothing is decoded.

    Args:
        data: the file's bytes, or its path.

    Returns:
        A record whose `model`, `width`, `height` and `channels` are None if the model is not installed.

    Raises:
        FormatError: no .vlz file, or damaged.
        OSError: the file is missing or unreadable.
    """
    return inspection.describe(read_file(data), str(data) if isinstance(data, str | os.PathLike) else "")[0]
