"""Pictures of any size to files and back, by the family of the model or of the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..container.header import PAGE, PHOTO, STORED, parse_head
from ..errors import FormatError, ImageError, VlaeError
from ..io.images import Picture, from_array
from ..model.info import PAGE as PAGE_FAMILY
from ..model.info import PHOTO as PHOTO_FAMILY
from ..model.info import STORED as STORED_FAMILY
from ..model.info import WINDOWED, ModelInfo
from .choice import default_page_model
from .compressed import PhotoCompressed, Progress
from .page import codec as page
from .page import container as page_container
from .page.container import PageFile
from .photo import codec as photo
from .photo.container import PhotoFile, file_sections, parse_file
from .photo.texture import Draw
from .stored import codec as stored
from .stored import container as stored_container
from .stored.container import StoredFile
from .windowed import codec as windowed
from .windowed.codec import DEFAULT_TEMPERATURE, SAMPLES_TEMPERATURE
from .windowed.container import WindowedFile, parse_photo, photo_sections

__all__ = ["DEFAULT_TEMPERATURE", "SAMPLES_TEMPERATURE", "PhotoCompressed", "compress_photo", "decompress_photo"]

AnyFile = PhotoFile | WindowedFile | StoredFile | PageFile
EXACT = "kept exactly: a lossy file would hardly be smaller"
"""Notice of a picture for which a lossy file was wanted."""
FINEST, WHOLE = 100.0, "kept exactly: quality 100 is without loss"
"""Quality at which pictures are stored where no model is named, and the notice that says so."""
TWO_LEVELS = "kept exactly: it has two levels at most"
"""Notice of such a picture for which a lossy file was wanted."""
HARDLY = 64
"""Bytes that exact pixels may cost beyond a lossy file."""
THIN = 8
"""Pixels of a side below which a picture is stored: models code patches of at least that size."""
DRAWN_BITS, HARDEST = 1.0, 7
"""Bits a sample up to which no model is tried for an exact file, below so much effort: photographs take 2 to 5."""


def compress_photo(
    picture: Picture,
    info: ModelInfo,
    *,
    quality: float | None = None,
    target_bytes: int | None = None,
    lossless: bool = False,
    effort: int = 5,
    device: str = "cpu",
    progress: Progress | None = None,
    auto: bool = False,
    refine: photo.Refine | None = None,
) -> PhotoCompressed:
    """Return the file of a picture; arguments as of the families' codecs.

    Args:
        auto: store the picture without a model where that takes fewer bytes.
        refine: a search for better latents, for models of the photo family.

    Raises:
        ImageError: the family cannot code it so, or no quality keeps within the bytes.
        ModelError: the model is damaged, or the device is not there.
    """

    def by_model() -> PhotoCompressed:
        if info.family == PAGE_FAMILY:
            if quality is not None or target_bytes is not None:
                raise ImageError(f"model {info.name} keeps the exact pixels: leave out quality and target")
            return page.compress(picture, info, progress)
        if info.family == PHOTO_FAMILY:
            if lossless:
                raise ImageError(
                    f"model {info.name} codes lossy files alone: leave out the model, or name a windowed one"
                )
            return photo.compress(
                picture, info, quality=quality, target_bytes=target_bytes, effort=effort, device=device,
                refine=refine, progress=progress,
            )  # fmt: skip
        return windowed.compress_photo(
            picture, info, quality=quality, target_bytes=target_bytes, lossless=lossless, device=device,
            progress=progress,
        )  # fmt: skip

    if not auto:
        return by_model()
    if two := _as_page(picture, effort, progress):
        if lossless:
            return two
        if target_bytes is None or len(two.data) <= target_bytes:
            return replace(two, notices=(*two.notices, TWO_LEVELS))
    if lossless:
        return _smaller_exact(picture, by_model, effort)
    if quality == FINEST:
        whole = stored.compress(picture, effort)
        return replace(whole, notices=(*whole.notices, WHOLE))
    kept, lossy = None, None
    if target_bytes is not None:
        kept = stored.compress_within(picture, target_bytes, effort)
    elif min(picture.size) < THIN:
        kept = stored.compress(picture, effort)
    else:
        lossy = by_model()
        kept = stored.compress_within(picture, len(lossy.data) + HARDLY, effort)
    if kept:
        return replace(kept, notices=(*kept.notices, EXACT))
    return lossy or by_model()


def _as_page(picture: Picture, effort: int, progress: Progress | None) -> PhotoCompressed | None:
    """Return the exact file of a picture of two levels, by a page model or without one, whichever is smaller."""
    info = default_page_model()
    if info is None or page.split(picture) is None:
        return None
    made = page.compress(picture, info, progress)
    return stored.compress_within(picture, len(made.data) - 1, effort) or made


def _smaller_exact(picture: Picture, by_model: Callable[[], PhotoCompressed], effort: int) -> PhotoCompressed:
    """Return the smaller exact file; the model is not tried where it has hardly a chance or cannot."""
    made = stored.compress(picture, effort)
    bits = 8 * len(made.data) / picture.pixels.size
    unfit = picture.alpha is not None or picture.deep is not None or min(picture.size) < THIN
    if unfit or (bits < DRAWN_BITS and effort < HARDEST):
        return made
    return min(by_model(), made, key=lambda one: len(one.data))


def decompress_photo(
    data: bytes,
    *,
    seed: int = 0,
    number: int = 0,
    temperature: float = DEFAULT_TEMPERATURE,
    preview: bool = False,
    max_pixels: int | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
) -> tuple[NDArray[Any], ModelInfo, str]:
    """Return the picture of a file, (H, W), (H, W, 3) or with alpha, its model, and what the file has lost.

    It is uint8, and uint16 of exact pictures of 16 bits a sample.

    Arguments as of the families' codecs; seed, number and temperature are of the texture of photographs.

    Raises:
        FormatError: the bytes are no such file, damaged, or beyond the limit.
        ModelError: the model is unknown or damaged.
        VlaeError: the file's family has no texture, and some was requested.
    """
    mode = parse_head(data)[0]
    if mode in (STORED, PAGE) and temperature > 0:
        raise VlaeError("the file holds exact pixels: there is no texture, and temperature changes nothing")
    if mode == STORED:
        return *stored.decompress(data, max_pixels=max_pixels, progress=progress), ""
    if mode == PAGE:
        return *page.decompress(data, max_pixels=max_pixels, progress=progress), ""
    if mode == PHOTO:
        draw = Draw(0.0 if preview else temperature, seed, number)
        pixels, info = photo.decompress(data, draw=draw, max_pixels=max_pixels, device=device, progress=progress)
        return pixels, info, ""
    return windowed.decompress_photo(
        data, seed=seed, number=number, temperature=temperature, preview=preview,
        max_pixels=max_pixels, device=device, progress=progress,
    )  # fmt: skip


def identify_photo(data: bytes) -> tuple[ModelInfo, AnyFile, bool]:
    """Return model and parts of a file, and whether all of it is intact; the lossy part is verified.

    Raises:
        FormatError: the bytes are no such file, or damaged.
        ModelError: the model is unknown.
    """
    mode = parse_head(data)[0]
    if mode == STORED:
        exact = stored_container.parse_file(data)
        stored_container.check_file(data)
        return stored.INFO, exact, True
    if mode in (PHOTO, PAGE):
        return *(photo.identify(data) if mode == PHOTO else page.identify(data)), True
    return windowed.identify_photo(data)


def parse_any_photo(data: bytes) -> AnyFile:
    """Return the parts of a file whose model is not known, its checksums unread.

    Raises:
        FormatError: the bytes are no such file.
    """
    mode = parse_head(data)[0]
    if mode == STORED:
        return stored_container.parse_file(data)
    if mode == PAGE:
        return page_container.parse_file(data)
    return parse_file(data) if mode == PHOTO else parse_photo(data)


def is_exact(data: bytes) -> bool:
    """Return whether a file holds exact pixels."""
    return parse_any_photo(data).residual is not None


def sections_of(file: AnyFile, size: int) -> list[dict[str, str | int]]:
    """Return name, offset and length in bytes of each part of a file of so many bytes, in order."""
    if isinstance(file, StoredFile):
        return stored_container.file_sections(file, size)
    if isinstance(file, PageFile):
        return page_container.file_sections(file, size)
    return file_sections(file, size) if isinstance(file, PhotoFile) else photo_sections(file)


def verify_photo(result: PhotoCompressed, picture: Picture, device: str = "cpu") -> None:
    """Decode a file that was just made.

    Raises:
        FormatError: it is not what it should be.
    """
    if result.model.family == WINDOWED:
        windowed.verify_photo(result, picture, device)
        return
    if result.model.family in (STORED_FAMILY, PAGE_FAMILY):
        found, _ = (stored if result.model.family == STORED_FAMILY else page).decompress(result.data)
        if not np.array_equal(stored.channels(from_array(found))[0], stored.channels(picture)[0]):
            raise FormatError("the exact picture does not come back: please report this")
        return
    pixels, _ = photo.decompress(result.data, device=device)
    if pixels.shape[:2] != picture.size:
        raise FormatError("a picture of another size comes back: please report this")
