"""The codec `vlae` of numcodecs, for arrays of uint8 or bool that are pictures; Zarr 2 takes it as a compressor."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar

import numpy as np
from numcodecs.abc import Codec
from numcodecs.compat import ndarray_copy
from numpy.typing import NDArray

from ..collections.chunks import ChunkOptions, decode_array, encode_array


class Vlae(Codec):  # type: ignore[misc]  # the base is unknown where numcodecs is missing
    """Codec of arrays to bytes.

    Args:
        options: as of `ChunkOptions`: `lossless`, `model`, `quality`, `effort`.

    Raises:
        VlaeError: options exclude one another.
    """

    codec_id: ClassVar[str] = "vlae"

    def __init__(self, **options: Any) -> None:
        self.options = ChunkOptions(**options)

    def encode(self, buf: NDArray[Any]) -> bytes:
        """Return the bytes of an array.

        Raises:
            ImageError: it is no picture.
            ModelError: the model is unknown or damaged.
        """
        return encode_array(np.asarray(buf), self.options)

    def decode(self, buf: Any, out: NDArray[Any] | None = None) -> Any:
        """Return the array of some bytes, or put it into `out`.

        Raises:
            FormatError: they are damaged.
            ModelError: the model is not installed.
        """
        array = decode_array(bytes(buf))
        return array if out is None else ndarray_copy(array, out)

    def get_config(self) -> dict[str, Any]:
        """Return what an array's metadata say of the codec."""
        return {"id": self.codec_id} | {key: value for key, value in asdict(self.options).items() if value is not None}
