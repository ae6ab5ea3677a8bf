"""Damage for the fuzzer: bytes that are changed anyhow, and what models declare and hold."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlae_codec.model.folder import fingerprint

ODD_BYTES = (0x00, 0x01, 0x7F, 0x80, 0xFF, 0x10, 0x15, 0x16)
ODD_VALUES: tuple[Any, ...] = (
    0, 1, -1, 2, 3, 7, 255, 1 << 16, 1 << 31, 1 << 40, 1 << 64, -(1 << 63), 0.5, 1e300, float("nan"), float("inf"),
    "", "x", "\0", "../x", "\x1b[31m", None, True, False, [], [1], [[]], {}, {"a": 1}, [0] * 41, ["a"] * 3,
)  # fmt: skip
DTYPES = ("<i1", "<i2", "<i4", "<i8", ">i2", ">i4", "<u2", "<f4", "<f8", "?", "<c8", "S3")


def mutate(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """Return the bytes after one to eight changes: flips, replacements, cuts, repeats, moves or splices."""
    out = bytearray(data)
    for _ in range(1 << rng.randrange(4)):
        _change(out, rng, others)
    return bytes(out)


def _change(out: bytearray, rng: random.Random, others: Sequence[bytes]) -> None:
    kind, place = rng.randrange(9), rng.randrange(len(out) + 1)
    end = min(len(out), place + 1 + rng.randrange(8))
    if kind == 0 and place < len(out):
        out[place] ^= 1 << rng.randrange(8)
    elif kind == 1 and place < len(out):
        out[place] = rng.choice(ODD_BYTES)
    elif kind == 2 and place < len(out):
        out[place] = rng.randrange(256)
    elif kind == 3:
        del out[place:end]
    elif kind == 4:
        out[place:place] = rng.randbytes(1 + rng.randrange(8))
    elif kind == 5:
        out[place:place] = out[place:end]
    elif kind == 6:
        del out[place:]
    elif kind == 7:
        other = rng.choice(others)
        start = rng.randrange(len(other) + 1)
        out[place:end] = other[start : start + rng.randrange(32)]
    else:
        out[place:end] = bytes([rng.choice(ODD_BYTES)]) * (end - place)


def mutate_info(info: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    """Return a model.json's tree with some values replaced, removed, or put elsewhere."""
    tree: dict[str, Any] = json.loads(json.dumps(info))
    for _ in range(1 + rng.randrange(3)):
        target: Any = tree
        while isinstance(target, dict | list) and target:
            key = rng.choice(list(target)) if isinstance(target, dict) else rng.randrange(len(target))
            if not isinstance(target[key], dict | list) or rng.randrange(3) == 0:
                break
            target = target[key]
        if not isinstance(target, dict | list) or not target:
            continue
        if rng.randrange(5) == 0:
            del target[key]
        elif type(target[key]) is int and rng.randrange(2):
            target[key] += rng.choice((-1, 1, 4, -4, target[key]))
        else:
            target[key] = copy.deepcopy(rng.choice(ODD_VALUES))
    return tree


def mutate_arrays(arrays: Mapping[str, NDArray[Any]], rng: random.Random) -> dict[str, NDArray[Any]]:
    """Return a model's arrays, some of them changed in shape, type or values, renamed or left out."""
    out = dict(arrays)
    for _ in range(1 + rng.randrange(2)):
        name = rng.choice(sorted(out)) if out else "nothing"
        array = out.get(name, np.zeros((2, 2), np.int16))
        kind = rng.randrange(7)
        if kind == 0:
            out.pop(name, None)
        elif kind == 1:
            with contextlib.suppress(OverflowError):  # of numbers of any size, which a mutation before may have left
                out[name] = array.astype(rng.choice(DTYPES))
        elif kind == 2:
            out[name] = array[: rng.randrange(len(array) + 1)]
        elif kind == 3:
            out[name] = array.T
        elif kind == 4:
            out[name] = array.reshape(-1)
        elif kind == 5:
            out[name + rng.choice("x0.")] = array
        else:
            limits = np.iinfo(array.dtype) if array.dtype.kind == "i" else np.iinfo(np.int16)
            out[name] = np.full_like(array, rng.choice((limits.min, limits.max, 0, 1)))
    return out


def pack_model(
    info: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], fresh: bool, name: str = "model.json"
) -> dict[str, bytes]:
    """Return the files of a model folder; `fresh` gives it the fingerprint that its weights have.

    Args:
        info: the tree of the JSON file.
        arrays: the weights.
        fresh: whether the fingerprint is made anew.
        name: of the JSON file.
    """
    tree = dict(info)
    if fresh:
        tree["fingerprint"] = fingerprint(tree, arrays).hex()
    stream, by_name = io.BytesIO(), dict[str, Any](arrays)
    np.savez(stream, **by_name)
    return {name: json.dumps(tree).encode(), "weights.npz": stream.getvalue()}
