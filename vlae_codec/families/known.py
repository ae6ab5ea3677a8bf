"""The families that this version has, by name and by the modes of their files."""

from __future__ import annotations

from ..container.header import parse_head
from ..errors import FormatError, ModelError
from ..model.info import ModelInfo
from .family import Family

PREFIX = 3
"""Bytes of a fingerprint that a .vlz file carries; no fewer name a model."""

_families: dict[str, Family] = {}
_stand_ins: dict[bytes, ModelInfo] = {}
"""By the first bytes of their fingerprints."""


def register(family: Family, instead: ModelInfo | None = None) -> None:
    """Let models of a family be found, and pictures and files go to it.

    Args:
        instead: what files name in place of a model, if the family has none.
    """
    _families[family.name] = family
    if instead:
        _stand_ins[bytes.fromhex(instead.fingerprint)[:PREFIX]] = instead


def family(name: str) -> Family:
    """Return the family of a name.

    Raises:
        ModelError: there is none.
    """
    if name not in _families:
        raise ModelError(f"family {name!r} is unknown; this version has {', '.join(_families)}")
    return _families[name]


def families() -> list[Family]:
    """Return all families in the order in which pictures are offered to them."""
    return list(_families.values())


def family_of_file(data: bytes) -> Family:
    """Return the family that a file of one picture is of, by its first bytes.

    Raises:
        FormatError: no .vlz file of one picture.
    """
    mode = parse_head(data)[0]
    for one in _families.values():
        if mode in one.modes:
            return one
    raise FormatError(f"no file of one picture: mode {mode} is unknown, so it is damaged, or update this program")


def stand_in(prefix: bytes) -> ModelInfo | None:
    """Return what stands for the model whose fingerprint begins so, of a family that has none."""
    return _stand_ins.get(prefix)
