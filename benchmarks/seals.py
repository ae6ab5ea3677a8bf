"""Right checksums for damaged files, so that the damage gets behind the check of them."""

from __future__ import annotations

import binascii
import zlib
from collections.abc import Mapping

import numpy as np

from vlae_codec.container import envelope
from vlae_codec.container.archive import CRC, NAMES_NUMBER, parse_archive
from vlae_codec.container.collection import FOOTER, FOOTER_SIZE, LAST, PREFIX, ROW
from vlae_codec.container.header import (
    ARCHIVE,
    CHECKSUM,
    ENVELOPE,
    HEADER,
    MAGIC,
    STORED,
    VERSION,
    WINDOWED,
    WINDOWED_LOSSLESS,
    parse_head,
)
from vlae_codec.container.varint import read_number, write_number
from vlae_codec.errors import FormatError
from vlae_codec.families.windowed.container import parse_file

NO_MODEL = bytes(32)
Fingerprints = Mapping[bytes, bytes]
"""Whole fingerprints of models by their first bytes, as a file has them."""


def reseal(data: bytes, known: Fingerprints) -> bytes:
    """Return a file with the checksums that it should have, as far as it still has a form and its model is known."""
    try:
        if envelope.is_wrapped(data):
            return _reseal_envelope(data, known)
        mode, prefix = parse_head(data)
        model = NO_MODEL if mode == STORED else known.get(prefix)
        if model is None:
            return data
        if mode in (WINDOWED, WINDOWED_LOSSLESS):
            checked = parse_file(data).checked
            data = with_crc(data[: checked - CHECKSUM.size], model) + data[checked:]
            return data if mode == WINDOWED else with_crc(data[: -CHECKSUM.size], model)
        if mode == ARCHIVE:
            return _reseal_archive(data, model)
        return with_crc(data[: -CHECKSUM.size], model)
    except FormatError:
        return data


def with_crc(body: bytes, model: bytes = NO_MODEL) -> bytes:
    """Return a file with its CRC-16 behind it, under the fingerprint of a model."""
    return body + CHECKSUM.pack(binascii.crc_hqx(body, binascii.crc_hqx(model, 0xFFFF)))


def wrap_entries(entries: bytes, data: bytes) -> bytes:
    """Return a file behind metadata of any bytes, deflated and with a right checksum."""
    block = zlib.compress(entries)
    head = MAGIC + bytes([VERSION << 4 | ENVELOPE])
    return with_crc(head + write_number(len(block)) + block) + data


def _reseal_envelope(data: bytes, known: Fingerprints) -> bytes:
    length, position = read_number(data, envelope.START)
    end = position + length
    if end + CHECKSUM.size + HEADER.size > len(data):
        return data
    return with_crc(data[:end]) + reseal(data[end + CHECKSUM.size :], known)


def _reseal_archive(data: bytes, model: bytes) -> bytes:
    archive = parse_archive(data)
    out = bytearray(data)
    head = out[: archive.header - CRC]
    out[archive.header - CRC : archive.header] = zlib.crc32(head, zlib.crc32(model)).to_bytes(CRC, "little")
    parts = [(archive.starts[number], length, number) for number, length in enumerate(archive.lengths)]
    if archive.names >= CRC:
        parts.append((archive.header, archive.names - CRC, NAMES_NUMBER))
    for start, length, number in parts:
        if start + length + CRC <= len(out):
            crc = zlib.crc32(out[start : start + length], zlib.crc32(number.to_bytes(4, "little")))
            out[start + length : start + length + CRC] = crc.to_bytes(CRC, "little")
    return bytes(out)


def reseal_collection(data: bytes) -> bytes:
    """Return a collection with right checksums of its last part: of the pages, the root and the footer."""
    if len(data) < FOOTER_SIZE:
        return data
    footer = bytearray(data[-FOOTER_SIZE:])
    *_, pages, models, _ = FOOTER.unpack(footer[: FOOTER.size])
    size, end = pages * ROW.itemsize + models * PREFIX, len(data) - FOOTER_SIZE
    body = bytearray(data[:end])
    if size <= end:
        rows = np.frombuffer(body[end - size :], ROW, pages).copy()
        position = end - size - int(rows["page"].astype(np.int64).sum() + rows["names"].astype(np.int64).sum())
        for row in rows if position >= 0 else ():
            for length, crc in (("page", "page_crc"), ("names", "names_crc")):
                row[crc] = zlib.crc32(body[position : position + int(row[length])])
                position += int(row[length])
        body[end - size : end - size + pages * ROW.itemsize] = rows.tobytes()
        footer[FOOTER.size - CRC : FOOTER.size] = zlib.crc32(body[end - size :]).to_bytes(CRC, "little")
    footer[FOOTER.size : FOOTER.size + CRC] = zlib.crc32(footer[: FOOTER.size]).to_bytes(CRC, "little")
    return bytes(body + footer[: FOOTER.size + CRC]) + LAST
