"""Pictures of any size to files and back, by the family of the model or of the file."""

from __future__ import annotations

from ..container.header import PHOTO, parse_head
from ..errors import FormatError, ImageError, VlaeError
from ..io.images import Picture, Pixels
from . import store
from .compressed import PhotoCompressed, Progress
from .photo import codec as photo
from .photo.container import PhotoFile, file_sections, parse_file
from .store import PhotoInfo
from .windowed import codec as windowed
from .windowed.codec import DEFAULT_TEMPERATURE, SAMPLES_TEMPERATURE
from .windowed.container import PhotoFile as WindowedFile
from .windowed.container import parse_photo, photo_sections

__all__ = ["DEFAULT_TEMPERATURE", "SAMPLES_TEMPERATURE", "PhotoCompressed", "compress_photo", "decompress_photo"]

AnyFile = PhotoFile | WindowedFile


def compress_photo(
    picture: Picture,
    info: PhotoInfo,
    *,
    quality: float | None = None,
    target_bytes: int | None = None,
    lossless: bool = False,
    effort: int = 5,
    device: str = "cpu",
    progress: Progress | None = None,
) -> PhotoCompressed:
    """Return the file of a picture; arguments as of the families' codecs.

    Raises:
        ImageError: the family cannot code it so, or no quality keeps within the bytes.
        ModelError: the model is damaged, or the device is not there.
    """
    if info.family == store.PHOTO:
        if lossless:
            raise ImageError(f"model {info.name} codes lossy files alone: leave out the model, or name a windowed one")
        return photo.compress(picture, info, quality=quality, target_bytes=target_bytes, effort=effort, device=device)
    return windowed.compress_photo(
        picture, info, quality=quality, target_bytes=target_bytes, lossless=lossless, device=device, progress=progress
    )


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
) -> tuple[Pixels, PhotoInfo, str]:
    """Return the picture of a file, uint8 (H, W), (H, W, 3) or with alpha, its model, and what the file has lost.

    Arguments as of the families' codecs; seed, number and temperature are of the windowed family's texture.

    Raises:
        FormatError: the bytes are no such file, damaged, or beyond the limit.
        ModelError: the model is unknown or damaged.
        VlaeError: the file's family has no texture, and some was asked for.
    """
    if parse_head(data)[0] == PHOTO:
        if temperature > 0:
            raise VlaeError(
                "files of the photo family have no texture: there is one picture, and temperature changes nothing"
            )
        pixels, info = photo.decompress(data, max_pixels=max_pixels, device=device, progress=progress)
        return pixels, info, ""
    return windowed.decompress_photo(
        data, seed=seed, number=number, temperature=temperature, preview=preview,
        max_pixels=max_pixels, device=device, progress=progress,
    )  # fmt: skip


def identify_photo(data: bytes) -> tuple[PhotoInfo, AnyFile, bool]:
    """Return model and parts of a file, and whether all of it is intact; the lossy part is verified.

    Raises:
        FormatError: the bytes are no such file, or damaged.
        ModelError: the model is unknown.
    """
    if parse_head(data)[0] == PHOTO:
        info, file = photo.identify(data)
        return info, file, True
    return windowed.identify_photo(data)


def parse_any_photo(data: bytes) -> AnyFile:
    """Return the parts of a file whose model is not known, its checksums unread.

    Raises:
        FormatError: the bytes are no such file.
    """
    return parse_file(data) if parse_head(data)[0] == PHOTO else parse_photo(data)


def is_exact(data: bytes) -> bool:
    """Return whether a file holds exact pixels."""
    return parse_any_photo(data).residual is not None


def sections_of(file: AnyFile, size: int) -> list[dict[str, str | int]]:
    """Return name, offset and length in bytes of each part of a file of so many bytes, in order."""
    return file_sections(file, size) if isinstance(file, PhotoFile) else photo_sections(file)


def verify_photo(result: PhotoCompressed, picture: Picture, device: str = "cpu") -> None:
    """Decode a file that was just made.

    Raises:
        FormatError: it is not what it should be.
    """
    if result.model.family == store.WINDOWED:
        windowed.verify_photo(result, picture, device)
        return
    pixels, _ = photo.decompress(result.data, device=device)
    if pixels.shape[:2] != picture.size:
        raise FormatError("a picture of another size comes back: please report this")
