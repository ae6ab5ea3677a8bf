"""Arrays of weights as a small .npz: planes of bytes, each deflated in the way that makes it shortest.

Weights look like noise of some distribution, in which deflate finds no repetitions worth having; a Huffman code for
each plane alone is shorter by a tenth. zipfile does not let one choose, so the zip file is written here.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlae_codec.model.folder import PLANES

LOCAL, CENTRAL, END = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s4H2IH")
VERSION, DEFLATED, EPOCH = 20, 8, 33
"""Of the zip format; its number of deflate; the first of January 1980 in its dates."""
STRATEGIES = (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED, zlib.Z_HUFFMAN_ONLY)


def pack(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return an .npz of arrays of integers whose bytes depend on nothing else, not even the time.

    Arrays of more than a byte an integer that lie by rows have their bytes in planes (docs/format.md, section 3);
    others keep their order, which decoders compute with.
    """
    out, central = io.BytesIO(), []
    for name in sorted(arrays):
        member, parts = _member(name, arrays[name])
        body, data = b"".join(parts), _shortest(parts)
        common = (0, DEFLATED, 0, EPOCH, zlib.crc32(body), len(data), len(body), len(member), 0)
        central.append(CENTRAL.pack(b"PK\1\2", VERSION, VERSION, *common, 0, 0, 0, 0, out.tell()) + member)
        out.write(LOCAL.pack(b"PK\3\4", VERSION, *common) + member + data)
    start, index = out.tell(), b"".join(central)
    out.write(index + END.pack(b"PK\5\6", 0, 0, len(central), len(central), len(index), start, 0))
    return out.getvalue()


def _member(name: str, array: NDArray[Any]) -> tuple[bytes, list[bytes]]:
    """Return the name of an array's file and its content: the header of .npy, then the planes of bytes."""
    size, planes = array.dtype.itemsize, array.dtype.itemsize > 1 and array.flags.c_contiguous
    if planes:
        little = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).view(np.int8)
        array = np.ascontiguousarray(np.moveaxis(little.reshape(*array.shape, size), -1, 0))
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    whole = stream.getvalue()
    length = array.nbytes // size if planes else array.nbytes
    start = len(whole) - array.nbytes
    parts = [whole[place : place + length] for place in range(start, len(whole), length)] if length else []
    return (name + (PLANES if planes else ".npy")).encode(), [whole[:start], *parts]


def _shortest(parts: Sequence[bytes]) -> bytes:
    """Parts deflated one behind the other, each with codes of its own, by the strategy that is best for all."""
    found = []
    for strategy in STRATEGIES:
        coder = zlib.compressobj(9, zlib.DEFLATED, -15, 9, strategy)
        data = b"".join(coder.compress(part) + coder.flush(zlib.Z_FULL_FLUSH) for part in parts[:-1])
        found.append(data + coder.compress(parts[-1]) + coder.flush())
    return min(found, key=len)
