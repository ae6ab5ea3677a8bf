"""Files that every decoder has to refuse, by cause. Their checksums are right unless checksums are what is tested."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from vlae_codec.container.archive import parse_archive
from vlae_codec.container.header import checksum
from vlae_codec.container.varint import write_number
from vlae_codec.families import registry
from vlae_codec.families.page.container import PageFile, Stretches, write_file
from vlae_codec.families.registry import find_model
from vlae_codec.families.stored import palette, predicted
from vlae_codec.families.stored.container import PALETTE, PREDICTED, StoredFile
from vlae_codec.families.stored.container import write_file as write_stored


class Bad(NamedTuple):
    """A file to refuse.

    Attributes:
        name: of the file.
        cause: why, a line.
        data: its bytes.
        options: of the decoder.
    """

    name: str
    cause: str
    data: bytes
    options: tuple[str, ...] = ()


def checksummed(fingerprint: bytes, body: bytes) -> bytes:
    """Return a file with a correct checksum."""
    return body + checksum(fingerprint, body).to_bytes(2, "little")


def bad_single(files: dict[str, bytes]) -> Iterator[Bad]:
    """Yield files of one black and white picture."""
    good, exact = files["search"], files["lossless-digit"]
    mnist = bytes.fromhex(registry.find_model("mnist").fingerprint)
    yield Bad("empty", "no bytes", b"")
    yield Bad("magic", "another magic", b"\x89PNG" + good[4:])
    yield Bad("magic-cut", "cut within the magic", good[:1])
    yield Bad("head-cut", "cut within the header", good[:5])
    yield Bad("payload-cut", "cut within the payload", good[:-3])
    yield Bad("version", "version 2", checksummed(mnist, good[:2] + bytes([good[2] + 16]) + good[3:-2]))
    yield Bad("mode", "a mode that is not known", checksummed(mnist, good[:2] + b"\x1e" + good[3:-2]))
    yield Bad("model", "a model that does not exist", good[:3] + b"\x01\x02\x03" + good[6:])
    yield Bad("checksum", "a flipped bit", good[:7] + bytes([good[7] ^ 4]) + good[8:])
    yield Bad("seal", "a flipped bit of the checksum", good[:-1] + bytes([good[-1] ^ 1]))
    yield Bad("long", "a tree-search code of 8 bytes", checksummed(mnist, good[:6] + bytes(range(8))))
    yield Bad("longest", "65 bytes of payload", checksummed(mnist, good[:6] + bytes(65)))
    yield Bad(
        "sample-short",
        "relative entropy coding that ends early",
        checksummed(mnist, good[:2] + b"\x14" + good[3:6] + b"\xff"),
    )
    yield Bad(
        "sample-long",
        "relative entropy coding with a byte left",
        checksummed(mnist, good[:2] + b"\x11" + good[3:6] + bytes(9)),
    )
    yield Bad("exact-cut", "an exact file that is cut, read exactly", exact[:-1])
    yield Bad("exact-lossy-cut", "an exact file that is cut within its lossy part", exact[:9], ("--preview",))
    yield Bad("exact-flipped", "a flipped bit of the residual", exact[:-4] + bytes([exact[-4] ^ 8]) + exact[-3:])
    body = exact[:6] + bytes([7 << 5 | exact[6] & 31]) + exact[7:-2]
    yield Bad("exact-long", "an exact file with a payload of 8 bytes", checksummed(mnist, body))


def bad_archives(files: dict[str, bytes]) -> Iterator[Bad]:
    """Yield archives."""
    mnist = bytes.fromhex(registry.find_model("mnist").fingerprint)
    good, exact, named = files["archive-chunks"], files["exact-archive"], files["archive-names"]
    head = parse_archive(good)

    def header(body: bytes) -> bytes:
        return body + zlib.crc32(body, zlib.crc32(mnist)).to_bytes(4, "little")

    yield Bad("archive-head", "a flipped bit of the header", good[:8] + bytes([good[8] ^ 1]) + good[9:])
    yield Bad(
        "archive-kind",
        "a kind that is not known",
        header(good[:6] + b"\x05" + good[7 : head.header - 4]) + good[head.header :],
    )
    yield Bad("archive-none", "no pictures", header(good[:7] + b"\0\x01"))
    yield Bad(
        "archive-much",
        "more pictures than there may be",
        header(good[:7] + write_number(1 << 27) + write_number(1 << 27) + b"\x01"),
    )
    yield Bad("archive-number", "a number of six bytes", header(good[:7] + b"\xff\xff\xff\xff\xff\x01\x01\x01"))
    yield Bad("archive-flipped", "a flipped bit of a chunk", good[:-9] + bytes([good[-9] ^ 2]) + good[-8:])
    yield Bad("archive-cut", "a chunk that is cut", good[:-7])
    one = files["archive-one"]
    start = parse_archive(one).header
    codes = one[start : start + 1] + b"\xe0" + one[start + 2 : -4]
    crc = zlib.crc32(codes, zlib.crc32(bytes(4))).to_bytes(4, "little")
    yield Bad("archive-code", "a code of a kind that is not known", one[:start] + codes + crc)
    yield Bad("archive-more", "a byte behind the last chunk", good + b"\0")
    start = parse_archive(named).header
    yield Bad(
        "archive-names-flipped",
        "a flipped bit of the names",
        named[: start + 3] + bytes([named[start + 3] ^ 1]) + named[start + 4 :],
    )
    yield Bad(
        "exact-archive-flipped", "a flipped bit of an exact chunk", exact[:-20] + bytes([exact[-20] ^ 1]) + exact[-19:]
    )
    part = parse_archive(exact)
    chunk = bytearray(exact[part.header : part.header + part.lengths[0]])
    for name, cause, place, value in (
        ("seeds", "no seeds", 0, 0),
        ("precision", "bins of 16 bits", 1, 16),
        ("end", "a last word of zeros", -1, 0),
    ):
        changed = bytearray(chunk)
        changed[place] = value
        if name == "end":
            changed[-4:] = bytes(4)
            changed += bytes(-(len(changed) - 2) % 4)
        body = header(exact[: part.header - 4 - len(write_number(len(chunk)))] + write_number(len(changed)))
        seal = zlib.crc32(bytes(changed), zlib.crc32(bytes(4))).to_bytes(4, "little")
        yield Bad(f"exact-archive-{name}", cause, body + bytes(changed) + seal)


def bad_pictures(files: dict[str, bytes]) -> Iterator[Bad]:
    """Yield pictures of any size, of all families."""
    info, other = find_model("photo"), find_model("photo-exact")
    photo, windowed = bytes.fromhex(info.fingerprint), bytes.fromhex(other.fingerprint)
    about = f"photo-{info.fingerprint[:6]}"
    good, clear = files[f"{about}-grey"], files[f"{about}-alpha-soft"]
    yield Bad(f"{about}-flags", "flags that are not known", checksummed(photo, good[:7] + b"\x81" + good[8:-2]))
    yield Bad(f"{about}-none", "no rows", checksummed(photo, good[:8] + b"\0" + good[9:-2]))
    yield Bad(f"{about}-side", "a side of 65,537", checksummed(photo, good[:8] + write_number(65537) + good[9:-2]))
    yield Bad(f"{about}-much", "2^32 pixels", checksummed(photo, good[:8] + 2 * write_number(65536) + good[10:-2]))
    yield Bad(
        f"{about}-short",
        "few bytes for many pixels",
        checksummed(photo, good[:8] + 2 * write_number(4000) + good[10:-2]),
    )
    yield Bad(f"{about}-cut", "cut", good[:-5])
    yield Bad(f"{about}-head-cut", "cut within the header", checksummed(photo, good[:9]))
    yield Bad(
        f"{about}-other", "a model of another family", checksummed(windowed, good[:3] + windowed[:3] + good[6:-2])
    )
    yield Bad(f"{about}-bits", "bits that no encoder writes", checksummed(photo, good[:10] + b"\xff" * 400))
    size = bytes([clear[8] - 1])
    yield Bad(f"{about}-alpha-size", "transparency of another size", checksummed(photo, clear[:8] + size + clear[9:-2]))
    yield Bad(f"{about}-alpha-cut", "transparency that is cut", checksummed(photo, clear[:-30]))
    place = clear.index(b"RIFF")
    broken = clear[:place] + b"JUNK" + clear[place + 4 : -2]
    yield Bad(f"{about}-alpha-other", "transparency that is no WebP image", checksummed(photo, broken))
    good, exact = files["windowed-colour-50"], files["windowed-exact-colour"]
    downscaled = bytes([good[6] | 64])
    yield Bad(
        "windowed-shrunk",
        "downscaled by 3/4",
        checksummed(windowed, good[:6] + downscaled + b"\x03" + good[8 if good[6] & 64 else 7 : -2]),
    )
    yield Bad(
        "windowed-exact-shrunk",
        "an exact picture that is downscaled",
        checksummed(windowed, exact[:6] + bytes([exact[6] | 64]) + exact[7:-2]),
    )
    yield Bad("windowed-exact-cut-off", "an exact picture that is cut, read exactly", exact[:-3])
    yield Bad("windowed-other", "a model of another family", checksummed(photo, good[:3] + photo[:3] + good[6:-2]))
    stored, none = files["stored-colour"], bytes(32)
    yield Bad("stored-model", "a model where there is none", checksummed(none, stored[:3] + b"\0\0\x01" + stored[6:-2]))
    yield Bad("stored-flags", "flags that are not known", checksummed(none, stored[:6] + b"\x20" + stored[7:-2]))
    yield Bad(
        "stored-size", "a tile of another size", checksummed(none, stored[:7] + bytes([stored[7] + 1]) + stored[8:-2])
    )
    yield Bad("stored-more", "a byte behind the tiles", checksummed(none, stored[:-2] + b"\0"))
    yield Bad("stored-cut", "a tile that is cut", checksummed(none, stored[:-9]))


def bad_palettes(files: dict[str, bytes]) -> Iterator[Bad]:
    """Yield exact pictures by a palette."""
    good, none, about = files["stored-palette-alpha"], bytes(32), "stored-palette"

    def picture(body: bytes, height: int = 9, width: int = 9) -> bytes:
        return write_stored(StoredFile(False, False, height, width, body, coding=PALETTE))

    colours = np.arange(9, dtype=np.uint8).reshape(3, 3)
    beyond, _ = palette.encode(np.full((9, 9), 3, np.uint16), colours)
    drawn, _ = palette.encode(np.zeros((9, 9), np.uint16), colours)
    yield Bad(f"{about}-level", "a palette beyond the highest level", picture(b"\x04" + bytes(40)))
    yield Bad(f"{about}-beyond", "a colour that is not in the palette", picture(beyond))
    yield Bad(f"{about}-long", "a palette of 257 colours", picture(b"\x80\x02" + bytes(40)))
    yield Bad(f"{about}-deep", "a palette of 16 bits", checksummed(none, good[:6] + b"\x0e" + good[7:-2]))
    yield Bad(f"{about}-empty", "nothing behind the size", picture(b""))
    yield Bad(f"{about}-bits", "bits that no encoder writes", picture(b"\x04" + b"\xff" * 40))
    yield Bad(f"{about}-words", "half a word", picture(drawn + b"\0\0"))
    yield Bad(f"{about}-much", "many pixels from few bytes", picture(drawn, 4096, 4096))
    yield Bad(f"{about}-thin", "a longer walk than its pixels are worth", picture(drawn, 65536, 8))
    yield Bad(f"{about}-flipped", "a flipped bit of the pixels", good[:-9] + bytes([good[-9] ^ 1]) + good[-8:])


def bad_predicted(files: dict[str, bytes]) -> Iterator[Bad]:
    """Yield exact pictures by predicted samples."""
    good, none, about = files["stored-predicted-alpha"], bytes(32), "stored-predicted"

    def picture(body: bytes, height: int = 9, width: int = 9) -> bytes:
        return write_stored(StoredFile(False, False, height, width, body, coding=PREDICTED))

    flat, _ = predicted.encode(np.full((9, 9, 3), 40, np.uint8))
    yield Bad(f"{about}-deep", "predicted samples of 16 bits", checksummed(none, good[:6] + b"\x16" + good[7:-2]))
    yield Bad(f"{about}-palette", "predicted and a palette", checksummed(none, good[:6] + b"\x1a" + good[7:-2]))
    yield Bad(f"{about}-bits", "bits that no encoder writes", picture(b"\xff" * 40))
    yield Bad(f"{about}-words", "half a word", picture(flat + b"\0\0"))
    yield Bad(f"{about}-much", "many pixels from few bytes", picture(flat, 4096, 4096))
    yield Bad(f"{about}-thin", "a longer walk than its pixels are worth", picture(flat, 65536, 8))
    yield Bad(f"{about}-flipped", "a flipped bit of the samples", good[:-9] + bytes([good[-9] ^ 1]) + good[-8:])


def bad_pages(files: dict[str, bytes]) -> Iterator[Bad]:
    """Yield pages of two levels."""
    info = find_model("page")
    model, about = bytes.fromhex(info.fingerprint), f"page-{info.fingerprint[:6]}"
    good = files[f"{about}-few"]
    whole = ((0, 9000),)

    def page(rows: Stretches, columns: Stretches, side: int = 30, residual: bytes = b"\1\2\3\4") -> bytes:
        return write_file(model, PageFile(b"", side, side, b"\xff", b"\0", rows, columns, residual))

    yield Bad(f"{about}-flags", "a flag that is not known", checksummed(model, good[:6] + b"\x03" + good[7:-2]))
    yield Bad(f"{about}-flipped", "a flipped bit of the residual", good[:-9] + bytes([good[-9] ^ 16]) + good[-8:])
    yield Bad(f"{about}-cut", "cut within the head", checksummed(model, good[:9]))
    yield Bad(f"{about}-beyond", "rows beyond the picture", page(((0, 31),), ((0, 30),)))
    yield Bad(f"{about}-touching", "stretches that touch", page(((0, 5), (5, 9)), ((0, 30),)))
    yield Bad(f"{about}-empty", "a stretch of no rows", page(((4, 4),), ((0, 30),)))
    yield Bad(f"{about}-half", "rows without columns", page(((0, 30),), ()))
    yield Bad(f"{about}-nothing", "a residual of no pixels", page((), ()))
    tall = PageFile(b"", 9000, 1, b"\xff", b"\0", whole, ((0, 1),), b"\1\2\3\4")
    yield Bad(f"{about}-thin", "a longer walk than its pixels are worth", write_file(model, tall))
    yield Bad(f"{about}-much", "many pixels from few bytes", page(whole, whole, 9000))


def bad_collections(files: dict[str, bytes]) -> Iterator[Bad]:
    """Yield collections."""
    good = files["collection"]
    yield Bad("collection-cut", "cut within a file", good[:30])
    yield Bad("collection-index-cut", "cut within the index", good[:-10])
    yield Bad("collection-more", "a byte behind the last part", good + b"\x01")


def bad_metadata(files: dict[str, bytes]) -> Iterator[Bad]:
    """Yield files behind metadata."""
    good, none = files["metadata"], bytes(32)
    length = good[3]
    inner = good[6 + length :]

    def packed(entries: bytes) -> bytes:
        block = zlib.compress(entries)
        return checksummed(none, good[:3] + write_number(len(block)) + block) + inner

    yield Bad("metadata-flipped", "a flipped bit of the metadata", good[:6] + bytes([good[6] ^ 1]) + good[7:])
    yield Bad("metadata-cut", "cut within the metadata", good[: length // 2])
    yield Bad("metadata-alone", "nothing behind the metadata", good[: 6 + length])
    yield Bad("metadata-kind", "metadata of an unknown kind", packed(b"\x09\x01x"))
    yield Bad("metadata-twice", "two entries of a kind", packed(2 * b"\x03\x01x"))
    yield Bad("metadata-entry", "an entry that is cut", packed(b"\x03\x09x"))
    yield Bad("metadata-large", "more than a MiB, inflated", packed(b"\x03" + write_number(1 << 20) + bytes(1 << 20)))
    archive = files["archive-one"]
    yield Bad("metadata-archive", "metadata in front of an archive", good[: 6 + length] + archive)
    yield Bad("metadata-metadata", "metadata in front of metadata", good[: 6 + length] + good)


def all_bad(files: dict[str, bytes]) -> Iterator[Bad]:
    """Yield all files to refuse, made of the files of the suite by name."""
    stored = (bad_palettes, bad_predicted)
    for some in (bad_single, bad_archives, bad_pictures, *stored, bad_pages, bad_collections, bad_metadata):
        yield from some(files)
