"""What a `.vlz` file says of itself, whether its model is here or not; nothing is decoded and no weights are read."""

from __future__ import annotations

from ..container import envelope
from ..container.archive import parse_archive
from ..errors import ModelError
from ..families.bilevel.archive import identify_archive
from ..families.bilevel.identify import identify, is_archive, is_photo, parse_any
from ..families.pictures import identify_photo, parse_any_photo
from .archive import archive_file_record
from .records import FileRecord, file_record, photo_file_record, with_metadata


def describe(data: bytes, source: str = "") -> tuple[FileRecord, ModelError | None]:
    """Return the record of a file, and the error of its model if that is not here.

    Args:
        data: the file.
        source: its name, for the record.

    Raises:
        FormatError: the bytes are no .vlz file, or are damaged.
    """
    inner, metadata = envelope.unwrap(data)
    record, problem = _describe(inner, source)
    return with_metadata(record, metadata, len(data) - len(inner)), problem


def _describe(data: bytes, source: str) -> tuple[FileRecord, ModelError | None]:
    if is_archive(data):
        header = parse_archive(data)
        try:
            return archive_file_record(source, identify_archive(data, header), header), None
        except ModelError as error:
            return archive_file_record(source, None, header), error
    if is_photo(data):
        try:
            info, file, _ = identify_photo(data)
            return photo_file_record(source, info, file, len(data)), None
        except ModelError as error:
            return photo_file_record(source, None, parse_any_photo(data), len(data)), error
    try:
        return file_record(source, *identify(data)), None
    except ModelError as error:
        return file_record(source, None, parse_any(data)), error
