"""Colour profiles, and the colours that they make of a picture's levels."""

from __future__ import annotations

import io

from PIL import Image, ImageCms

CONVERTED = "colours of its profile turned into those of sRGB"
UNREAD_PROFILE = "its colour profile cannot be used: colours are taken as those of sRGB"
GREYS = ("1", "L", "LA", "La")
OTHER_COLOURS = ("CMYK", "LAB")
"""Modes that are of a profile's own colours; all others are, or can be made, grey or RGB."""


def to_srgb(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """Return an image without a colour profile, its colours those of sRGB, and notices about it."""
    data = image.info.get("icc_profile")
    if not data:
        return image, []
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        if "sRGB" in ImageCms.getProfileDescription(profile):
            return image, []
        alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
        mode = _mode_for(image, profile.profile.xcolor_space)
        colours = image if image.mode == mode else image.convert(mode)
        srgb = ImageCms.createProfile("sRGB")
        changed = ImageCms.profileToProfile(colours, profile, srgb, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):  # the second for what is no profile at all
        return image, [UNREAD_PROFILE]
    assert changed is not None
    if alpha is not None:
        changed.putalpha(alpha)
    return changed, [CONVERTED]


def _mode_for(image: Image.Image, space: str) -> str:
    """Return the mode in which a profile of some colours can be used on an image; what does not fit will fail there."""
    if image.mode in OTHER_COLOURS:
        return image.mode
    return "L" if space == "GRAY" and image.mode in GREYS else "RGB"
