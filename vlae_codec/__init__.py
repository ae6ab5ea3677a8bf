"""A lossy image codec from the Variational Lossy Autoencoder (Chen et al., arXiv 1611.02731).

>>> import numpy as np, vlae_codec
>>> data = vlae_codec.compress(np.zeros((28, 28), np.uint8))
>>> vlae_codec.inspect(data).images
1
>>> vlae_codec.decompress(data).size
(28, 28)

`register_vlz_opener()` lets Pillow open and save .vlz files. Nothing heavy is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import FormatError, ImageError, ModelError, VlaeError

if TYPE_CHECKING:
    from .api import compress, compress_many, decompress, decompress_array, decompress_many, inspect
    from .pillow_plugin import register_vlz_opener

__version__ = "0.1.0"
__all__ = [
    "FormatError", "ImageError", "ModelError", "VlaeError",
    "compress", "compress_many", "decompress", "decompress_array", "decompress_many", "inspect", "register_vlz_opener",
]  # fmt: skip

_HOMES = dict.fromkeys(
    ("compress", "compress_many", "decompress", "decompress_array", "decompress_many", "inspect"), "api"
)
_HOMES["register_vlz_opener"] = "pillow_plugin"
_ENGINES = ("dask", "huggingface", "numcodecs", "ray", "torch", "webdataset", "zarr")
"""Modules for other people's engines, each of which is needed by its own module alone."""


def __getattr__(name: str) -> Any:
    """Return a function of the API or the module of an engine, importing it at its first use."""
    if name in _ENGINES:
        return import_module(f".engines.{name}", __name__)
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
