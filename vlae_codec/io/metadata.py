"""What files say beside their pixels: read from Pillow's images, and given back to them."""

from __future__ import annotations

import math
import struct
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ..container.envelope import DPI, EXIF, ICC, KINDS, NOTHING, TEXTS, XMP, Metadata, fitting
from ..errors import ImageError
from .opening import ADOBE, DESCRIBING, GPS, ORIENTATION, SCREEN

PREFIX = b"Exif\0\0"
ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
"""What EXIF data begin with, and the order of bytes that it stands for."""
EXIF_FOLDER = 0x8769
XMP_TAG = 700
SHORT = 3
INCH = 0.0254
"""Metres."""
COMMENT = "Comment"
XMP_KEY = "XML:com.adobe.xmp"
SEGMENT = 65533
"""Bytes that a segment of a JPEG file holds."""
PROFILES = {"GRAY": ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L"), "RGB ": ("P", "PA", "RGB", "RGBA", "RGBX")}
"""Modes of images whose levels a profile of such colours is about."""
HELD = {
    "PNG": KINDS,
    "JPEG": KINDS,
    "WEBP": (ICC, EXIF, XMP),
    "AVIF": (ICC, EXIF, XMP),
    "TIFF": (ICC, EXIF, XMP, DPI),
    "BMP": (DPI,),
    "PPM": (),
}
"""Kinds of metadata that formats hold."""
NAMES = {"EXIF data": EXIF, "the place (GPS)": EXIF, "XMP": XMP, "texts": TEXTS, "resolution": DPI}
"""Kinds of what `opening.left_out` finds."""


class Keeping(NamedTuple):
    """What is kept of a file beside its pixels.

    Attributes:
        kinds: of `KINDS`.
        stored: pixels stay as they are stored if EXIF data say how to turn them; else they are turned, and the data say
            so no longer.
    """

    kinds: frozenset[str] = frozenset()
    stored: bool = False


KEEP_NOTHING = Keeping()


def parse_kinds(text: str) -> frozenset[str]:
    """Return the kinds of metadata that a text such as all, none or icc,dpi names.

    Raises:
        ImageError: it names another one.
    """
    names = [name.strip() for name in text.lower().split(",")]
    if names in (["all"], ["none"]):
        return frozenset(KINDS if names == ["all"] else ())
    if unknown := [name for name in names if name not in KINDS]:
        raise ImageError(f"{unknown[0]!r} is no kind of metadata: write all, none, or some of {','.join(KINDS)}")
    return frozenset(names)


def read_metadata(image: Image.Image, keep: Keeping) -> Metadata:
    """Return what is to be kept of a loaded image's metadata, as far as a file holds them."""
    if not keep.kinds:
        return NOTHING
    profile = image.info.get("icc_profile") or b""
    suits = image.mode in PROFILES.get(profile[16:20].decode("latin-1"), ())
    found = Metadata(profile if suits else b"", _exif(image), _xmp(image), _density(image), _texts(image))
    return fitting(found.only(keep.kinds))


def _exif(image: Image.Image) -> bytes:
    """EXIF data as the file has them; of TIFF files, which have them among others, what is about the picture."""
    if image.format != "TIFF":
        data = image.info.get("exif") or b""
        data = data.removeprefix(PREFIX) if isinstance(data, bytes) else b""
        return data if data[:4] in ORDERS else b""
    try:
        tags, out = image.getexif(), Image.Exif()
        for tag in DESCRIBING:
            if tag != EXIF_FOLDER and tag in tags:
                out[tag] = tags[tag]
        for folder in (EXIF_FOLDER, GPS):
            if inside := tags.get_ifd(folder):
                out[folder] = dict(inside)
        return out.tobytes().removeprefix(PREFIX) if len(out) else b""
    except Exception:  # the parsers raise nearly everything for damaged metadata, which no pixel depends on
        return b""


def _xmp(image: Image.Image) -> bytes:
    found = image.info.get("xmp") or image.info.get(XMP_KEY)
    if found is None and image.format == "TIFF":  # of old versions of Pillow
        found = getattr(image, "tag_v2", {}).get(XMP_TAG, b"")
        found = found[0] if isinstance(found, tuple) and len(found) == 1 else found
    elif found is None:
        segments = [content for _, content in getattr(image, "applist", ()) if content.startswith(ADOBE)]
        found = segments[0].removeprefix(ADOBE + b"\0") if segments else b""
    found = found.encode(errors="replace") if isinstance(found, str) else found
    return found if isinstance(found, bytes) else b""


def _density(image: Image.Image) -> tuple[int, int] | None:
    """Pixels a metre; None if no program meant them."""
    try:
        right, down = (float(number) for number in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    if not all(math.isfinite(one) and 1 < one < 1e6 for one in (right, down)) or round(right) == round(down) == SCREEN:
        return None
    return round(right / INCH), round(down / INCH)


def _texts(image: Image.Image) -> tuple[tuple[str, str], ...]:
    found = {str(key): str(text) for key, text in getattr(image, "text", {}).items() if key != XMP_KEY}
    if comment := image.info.get("comment"):
        found.setdefault(COMMENT, comment.decode(errors="replace") if isinstance(comment, bytes) else str(comment))
    return tuple(found.items())


def not_kept(found: tuple[str, ...], kept: Metadata) -> tuple[str, ...]:
    """Return the names of what was found and is not kept."""
    kinds = kept.parts()
    return tuple(name for name in found if NAMES[name] not in kinds)


def orientation_of(exif: bytes) -> int:
    """Return the orientation in EXIF data, 1 if there is none."""
    offset, order = _orientation_offset(exif)
    return struct.unpack_from(f"{order}H", exif, offset)[0] if offset else 1


def upright(metadata: Metadata) -> Metadata:
    """Return the metadata of a picture that was turned: the orientation is taken out, all else stays as it is."""
    offset, order = _orientation_offset(metadata.exif)
    if not offset:
        return metadata
    return replace(metadata, exif=metadata.exif[:offset] + struct.pack(f"{order}H", 1) + metadata.exif[offset + 2 :])


def _orientation_offset(exif: bytes) -> tuple[int, str]:
    """Where the orientation stands, 0 if it is not there, and the order of bytes."""
    order = ORDERS.get(exif[:4], "<")
    if exif[:4] not in ORDERS or len(exif) < 8:
        return 0, order
    (start,) = struct.unpack_from(f"{order}I", exif, 4)
    if start + 2 > len(exif):
        return 0, order
    (count,) = struct.unpack_from(f"{order}H", exif, start)
    for entry in range(start + 2, min(start + 2 + 12 * count, len(exif) - 11), 12):
        tag, kind, number = struct.unpack_from(f"{order}HHI", exif, entry)
        if (tag, kind, number) == (ORIENTATION, SHORT, 1):
            return entry + 8, order
    return 0, order


def is_of_colours(profile: bytes) -> bool:
    """Return whether a profile is about red, green and blue."""
    return profile[16:20] == b"RGB "


def in_colours_of(pixels: NDArray[Any], profile: bytes) -> NDArray[Any]:
    """Return a picture (H, W) or (H, W, 2 to 4) in red, green and blue if its profile is about these, else as it is."""
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if not is_of_colours(profile) or channels > 2:
        return pixels
    levels = np.atleast_3d(pixels * np.uint8(255) if pixels.dtype == bool else pixels)
    return np.concatenate([np.repeat(levels[:, :, :1], 3, axis=2), levels[:, :, 1:]], axis=2)


def in_info(metadata: Metadata) -> dict[str, Any]:
    """Return the metadata as the `info` of a Pillow image has them."""
    found: dict[str, Any] = dict(metadata.texts)
    found |= {"icc_profile": metadata.icc, "xmp": metadata.xmp, "exif": metadata.exif and PREFIX + metadata.exif}
    found["dpi"] = _dpi(metadata)
    return {name: value for name, value in found.items() if value}


def _dpi(metadata: Metadata) -> tuple[float, float] | None:
    return (metadata.density[0] * INCH, metadata.density[1] * INCH) if metadata.density else None


def written(metadata: Metadata, kind: str) -> Metadata:
    """Return what a file of a format (Pillow's name) holds of the metadata."""
    held = metadata.only(HELD[kind])
    if kind != "JPEG":
        return held
    comment = tuple((key, text) for key, text in held.texts if key == COMMENT and len(text.encode()) <= SEGMENT)
    return replace(
        held,
        texts=comment,
        exif=held.exif if len(PREFIX + held.exif) <= SEGMENT else b"",
        xmp=held.xmp if len(ADOBE) + 1 + len(held.xmp) <= SEGMENT else b"",
    )


def save_options(metadata: Metadata, kind: str) -> dict[str, Any]:
    """Return the options of `Image.save` that write the metadata, as `written` returns them, for a format."""
    options = in_info(replace(metadata, texts=(), xmp=b""))
    if kind == "PNG":
        options["pnginfo"] = info = PngInfo()
        for key, text in metadata.texts:
            add = info.add_text if text.isascii() else info.add_itxt
            add(key, text)
        if metadata.xmp:
            info.add_itxt(XMP_KEY, metadata.xmp.decode(errors="replace"))
    elif kind == "JPEG":
        for _, text in metadata.texts:
            options["comment"] = text.encode()
        if metadata.xmp:
            content = ADOBE + b"\0" + metadata.xmp
            options["extra"] = b"\xff\xe1" + struct.pack(">H", 2 + len(content)) + content
    elif kind == "TIFF" and (metadata.exif or metadata.xmp):
        options["exif"] = tags = Image.Exif()
        options["compression"] = "raw"  # in compressed files Pillow leaves out most tags, places among them
        if metadata.exif:
            tags.load(PREFIX + metadata.exif)
        if metadata.xmp:
            tags[XMP_TAG] = metadata.xmp
    elif metadata.xmp:
        options["xmp"] = metadata.xmp
    return options
