"""What a collection says of itself: its index is read, and no picture is decoded."""

from __future__ import annotations

from ..container.header import layout
from ..errors import ModelError
from ..families import registry
from ..report.records import FileRecord
from .reader import Collection

KIND = "collection"


def collection_record(collection: Collection, source: str = "") -> FileRecord:
    """Return the record of an open collection: models by their names, "unknown" those that are not installed.

    Args:
        collection: with its index.
        source: its name, for the record.

    Raises:
        FormatError: the index is damaged.
    """
    prefixes = collection.models()
    records = sum(part.records_end for part in collection.parts)
    size = sum(part.footer.length for part in collection.parts)
    return FileRecord(
        input=source,
        model=", ".join(map(_model, prefixes)) or None,
        fingerprint=", ".join(prefixes),
        mode=f"{KIND} of {collection.files} files" if collection.files < len(collection) else KIND,
        images=len(collection),
        width=None,
        height=None,
        channels=None,
        file_bytes=size,
        header_bytes=size - records,
        payload_bytes=records,
        sections=tuple(layout({f"part {number}": part.footer.length for number, part in enumerate(collection.parts)})),
    )


def _model(prefix: str) -> str:
    try:
        return next(registry.find_prefix(bytes.fromhex(prefix))).name
    except ModelError:
        return "unknown"
