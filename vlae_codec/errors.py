"""The errors that a user of the codec can meet; each message is one line that says what to do.

Names of parameters stand in backticks, as `max_pixels`; commands write the option of that name instead.
"""

from __future__ import annotations

from collections.abc import Iterable


def marked(names: Iterable[str]) -> list[str]:
    """Return names of parameters as messages have them."""
    return [f"`{name}`" for name in names]


class VlaeError(ValueError):
    """Something from outside (image, file, flag, folder) does not fit."""


class FormatError(VlaeError):
    """The bytes are not a .vlz file, are damaged, or are of an unknown version."""


class ModelError(VlaeError):
    """The model is unknown, altered, or unfit for the task."""


class ImageError(VlaeError):
    """The image's mode, size or content is not supported."""


class OptionError(VlaeError):
    """An option is out of range, or means nothing where it is given."""
