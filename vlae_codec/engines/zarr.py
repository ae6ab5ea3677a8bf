"""The codec `vlae` of Zarr 3: chunks of uint8 or bool are coded as pictures, with loss or without.

    zarr.create_array(store, shape=(1000, 512, 512), chunks=(10, 512, 512), dtype="uint8",
                      serializer=VlaeCodec(quality=60))

Where this package is installed, Zarr finds the codec by its entry point and reads such arrays without an import.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from typing import Any

from zarr.abc.codec import ArrayBytesCodec
from zarr.core.buffer import Buffer, NDBuffer

from ..collections.chunks import ChunkOptions, check_chunk, decode_array, encode_array
from ..errors import FormatError

NAME = "vlae"


@dataclass(frozen=True)
class VlaeCodec(ChunkOptions, ArrayBytesCodec):  # type: ignore[misc]  # the base is unknown where zarr is missing
    """Codec of chunks to bytes; arguments as of `ChunkOptions`."""

    is_fixed_size = False

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> VlaeCodec:
        """Return the codec of an array's metadata.

        Raises:
            VlaeError: it has options that exclude one another.
        """
        return cls(**data.get("configuration", {}))

    def to_dict(self) -> dict[str, Any]:
        """Return what the array's metadata say of the codec."""
        given = {name: value for name, value in asdict(self).items() if value is not None}
        return {"name": NAME, "configuration": given}

    def validate(self, *, shape: tuple[int, ...], dtype: Any, chunk_grid: Any) -> None:
        """Refuse arrays whose chunks are no pictures.

        Raises:
            ImageError: of other values than uint8 and bool, or of one axis.
        """
        check_chunk(getattr(chunk_grid, "chunk_shape", shape), dtype.to_native_dtype())

    async def _encode_single(self, chunk_data: NDBuffer, chunk_spec: Any) -> Buffer:
        data = await asyncio.to_thread(encode_array, chunk_data.as_numpy_array(), self)
        return chunk_spec.prototype.buffer.from_bytes(data)

    async def _decode_single(self, chunk_data: Buffer, chunk_spec: Any) -> NDBuffer:
        array = await asyncio.to_thread(decode_array, chunk_data.to_bytes())
        if array.shape != chunk_spec.shape:
            raise FormatError(f"a chunk of {array.shape} where one of {chunk_spec.shape} should be")
        return chunk_spec.prototype.nd_buffer.from_numpy_array(array.astype(chunk_spec.dtype.to_native_dtype()))

    def compute_encoded_size(self, input_byte_length: int, chunk_spec: Any) -> int:
        """Refuse to say how many bytes a chunk takes: that depends on it."""
        raise NotImplementedError
