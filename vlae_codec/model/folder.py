"""A model folder: model.json, which names the family and its settings, and weights.npz, arrays of integers."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from .limits import MAX_ARRAYS, MAX_FILE, MAX_INFO, MAX_PARAMETERS, Arrays, check_keys

if TYPE_CHECKING:
    from importlib.abc import Traversable

INFO, WEIGHTS = "model.json", "weights.npz"
LABELS = ("name", "description", "fingerprint", "auto", "integer_loss_nats", "integer_loss")
"""Keys of model.json that no decoded bit depends on."""
REQUIRED = {"format": int, "name": str, "description": str, "fingerprint": str}
FAMILIES = {1: "bilevel", 2: "windowed"}
"""Families by the formats of model.json that do not name theirs."""
PLANES = ".planes.npy"
"""What names of arrays end in whose bytes lie in planes, (itemsize, ...), the lowest first."""

Tree = Mapping[str, Any]


def read_limited(folder: Traversable | Path, name: str, limit: int) -> bytes:
    """Return a file of a model folder, of at most `limit` bytes.

    Raises:
        ModelError: it is missing, unreadable or larger.
    """
    try:
        with (folder / name).open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise ModelError(f"{folder}: not a model folder ({name}: {error.strerror})") from error
    if len(data) > limit:
        raise ModelError(f"{folder}: {name} is larger than {limit} bytes, the most that is read")
    return data


def read_tree(folder: Traversable | Path) -> dict[str, Any]:
    """Return the tree of a folder's model.json, its labels checked.

    Raises:
        ModelError: the file is missing, not JSON, incomplete, or its labels are malformed.
    """
    text = read_limited(folder, INFO, MAX_INFO)
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"not a model folder ({INFO}: {error})") from error
    if not isinstance(tree, dict):
        raise ModelError(f"{INFO} is no JSON object")
    check_keys(tree, REQUIRED)
    if not re.fullmatch("[0-9a-f]{64}", tree["fingerprint"]):
        raise ModelError(f"{INFO}: the fingerprint is not 64 hexadecimal digits")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._+-]{0,63}", tree["name"]):
        raise ModelError(f"{INFO}: the name should be of 1 to 64 letters, digits and . _ + -")
    auto = tree.get("auto", True)
    if not isinstance(auto, bool) and auto != "lossless":
        raise ModelError(f'{INFO}: auto should be true, false or "lossless"')
    return tree


def family_of(tree: Tree) -> str:
    """Return the name of the family that a tree is of."""
    return str(tree.get("family", FAMILIES.get(tree["format"], f"of format {tree['format']}")))


def fingerprint(info: Tree, arrays: Arrays) -> bytes:
    """Return the SHA-256 of the weights and of everything in model.json that decoding depends on."""
    digest = hashlib.sha256()
    digest.update(json.dumps({k: v for k, v in info.items() if k not in LABELS}, sort_keys=True).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"\n{name} {array.dtype.newbyteorder('<').str} {array.shape}\n".encode())
        digest.update(array.astype(array.dtype.newbyteorder("<")).tobytes())
    return digest.digest()


def read_weights(folder: Traversable | Path, tree: Tree) -> dict[str, NDArray[Any]]:
    """Return the arrays of a folder's weights.npz, which the fingerprint of its tree vouches for.

    Raises:
        ModelError: the file is missing, damaged, beyond the limits, or not the one that the fingerprint is of.
    """
    arrays = read_arrays(read_limited(folder, WEIGHTS, MAX_FILE))
    if fingerprint(tree, arrays).hex() != tree["fingerprint"]:
        raise ModelError(f"the weights are not those that {INFO} names; install the model again")
    return arrays


def read_arrays(data: bytes) -> dict[str, NDArray[Any]]:
    """Read the integer arrays of a weights.npz, by name.

    Raises:
        ModelError: not an .npz file of plain integers, damaged, or larger than the limits.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            members = file.infolist()
            if len(members) > MAX_ARRAYS or sum(member.file_size for member in members) > MAX_FILE:
                raise ModelError(f"weights.npz declares {len(members)} arrays, more than the limits allow")
            return dict(_read_member(file, member) for member in members)
    except ModelError:
        raise
    except Exception as error:  # zipfile and numpy raise nearly everything for damaged files, RecursionError among it
        raise ModelError(f"weights.npz cannot be read ({error})") from error


def _read_member(file: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[str, NDArray[Any]]:
    """Read an array and its name; its bytes may be in planes, the lowest ones first."""
    values = _read_array(file, member)
    if not member.filename.endswith(PLANES):
        return member.filename.removesuffix(".npy"), values
    if values.dtype.itemsize != 1 or len(values) not in (2, 4, 8):
        raise ModelError(f"weights.npz: {member.filename} holds no planes of bytes")
    joined = np.ascontiguousarray(np.moveaxis(values, 0, -1)).view(f"<i{len(values)}")[..., 0]
    return member.filename.removesuffix(PLANES), joined.astype(joined.dtype.newbyteorder("="))


def _read_array(file: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ModelError(f"weights.npz: {member.filename} is packed in a way that is not read")
    with file.open(member) as stream:
        body = io.BytesIO(stream.read(member.file_size + 1))
    if np.lib.format.read_magic(body) != (1, 0):
        raise ModelError(f"weights.npz: {member.filename} is of an unknown version")
    shape, by_columns, dtype = np.lib.format.read_array_header_1_0(body)
    count = 1
    for length in shape:
        count *= length
    rest = body.getbuffer()[body.tell() :]
    if dtype.kind != "i" or dtype.itemsize > 8 or count * dtype.itemsize != len(rest) or count > MAX_PARAMETERS:
        raise ModelError(f"weights.npz: {member.filename} is no array of integers of the size that it declares")
    values = np.frombuffer(rest, dtype).astype(dtype.newbyteorder("="))
    return values.reshape(shape, order="F" if by_columns else "C")
