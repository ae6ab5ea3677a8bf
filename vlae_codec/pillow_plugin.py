"""Pillow opens and saves .vlz files once `register_vlz_opener` was called.

>>> import io, vlae_codec
>>> from PIL import Image
>>> vlae_codec.register_vlz_opener()
>>> stream = io.BytesIO()
>>> Image.new("1", (28, 28)).save(stream, "VLZ", model="mnist", lossless=True)
>>> with Image.open(stream) as image:
...     (image.format, image.size, image.mode, image.get_format_mimetype(), image.info["model"])
('VLZ', (28, 28), '1', 'image/x-vlz', 'mnist')

Opening reads the header and finds the model; the picture is drawn when its pixels are loaded. An archive or a
collection opens as an image of several frames: `seek(17)` goes to a picture, and only what holds it is read and
decoded. Frames of a collection have sizes and modes of their own, and the names of their files in `info`.
"""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from PIL import Image, ImageFile, UnidentifiedImageError

from . import api
from .collections import Collection
from .container import envelope, header
from .container.archive import parse_archive
from .container.header import HEADER, MAGIC
from .container.limits import check_pixels
from .errors import FormatError, ModelError, VlaeError
from .families import known, registry
from .families.bilevel.archive import Reader, identify_archive
from .families.bilevel.identify import is_archive, is_collection
from .families.result import FileInfo
from .io import files, images
from .io.metadata import in_colours_of, in_info, is_of_colours
from .model.info import ModelInfo

FORMAT, MIME, SUFFIX = "VLZ", "image/x-vlz", ".vlz"
OPTIONS = frozenset(inspect.signature(api.compress).parameters) - {"image"}
OPTIONS_OF_ALL = frozenset(inspect.signature(api.compress_many).parameters) - {"pictures"} | {"append_images"}
"""What `Image.save` takes, without and with `save_all`."""
FIRST_READ = 4096
"""Bytes of an archive's header that are read at first."""


class UnreadableError(UnidentifiedImageError, FormatError):
    """A damaged file, as Pillow's users expect it: an OSError."""


class UnknownModelError(UnidentifiedImageError, ModelError):
    """A file of a model that is not installed, as Pillow's users expect it: an OSError."""


@contextmanager
def _pillow_errors() -> Iterator[None]:
    try:
        yield
    except ModelError as error:
        raise UnknownModelError(str(error)) from error
    except FormatError as error:
        raise UnreadableError(str(error)) from error


class VlzImageFile(ImageFile.ImageFile):
    """A .vlz file as an image of Pillow's; `info` has its model, fingerprint and mode."""

    format = FORMAT
    format_description = "Variational Lossy Autoencoder"

    # What a copy by pickle or deepcopy has: the pixels of the frame that it was made of.
    n_frames, is_animated, _min_frame = 1, False, 0
    _content: bytes | None = None
    _reader: Reader | None = None
    _collection: Collection | None = None
    _inner: tuple[bytes, VlzImageFile] | None = None
    _frame, _drawn = 0, True
    _metadata = envelope.NOTHING

    def _open(self) -> None:
        self._drawn = False
        with _pillow_errors():
            self._open_any()
            if is_of_colours(self._metadata.icc):
                self._mode = "RGBA" if self._mode.endswith("A") else "RGB"

    def _open_any(self) -> None:
        stream = self._stream()
        head = stream.read(HEADER.size)
        if is_collection(head):
            self._collection = Collection(stream)
            self.n_frames = len(self._collection)
            self.is_animated = self.n_frames > 1
            self._enter(0)
            return
        if envelope.is_wrapped(head):
            whole = head + stream.read(header.limit(head) - len(head))
            self._content, self._metadata = envelope.unwrap(whole)
            self.info.update(in_info(self._metadata))
            stream = io.BytesIO(self._content)
            head = stream.read(HEADER.size)
        if is_archive(head):
            head = read_archive_head(head, stream.read)
            archive = parse_archive(head)
            self.n_frames = archive.count
            self._show(identify_archive(head, archive), "archive", None, "1")
            return
        family = known.family_of_file(head)
        head += stream.read(header.MAX_FILE + 1 - len(head))
        found = family.head(head)
        # Those of any size have a checksum behind what was read: of models that begin alike, the first is taken.
        model = family.identify(head)[0] if found.size is None else next(registry.find_prefix(found.prefix))
        self._show(model, "lossless" if found.lossless else "lossy", found.size, _mode_of(found))

    def _show(self, model: ModelInfo, kind: str, size: tuple[int, int] | None, mode: str) -> None:
        """Set what an open file says of itself."""
        height, width = size or (model.height, model.width)
        check_pixels(height, width, self.n_frames, _Settings.max_pixels)
        self._size, self._mode, self.is_animated = (width, height), mode, self.n_frames > 1
        self.info |= {"model": model.name, "fingerprint": model.fingerprint, "kind": kind}

    def _enter(self, frame: int) -> None:
        """Open the file of a frame of the collection, whose size and mode it has."""
        assert self._collection is not None
        if not self.n_frames:
            raise FormatError("a collection without pictures")
        name, data, index = self._collection.file(frame)
        if self._inner is None or self._inner[0] != data:
            self._inner = data, VlzImageFile(io.BytesIO(data))
        image = self._inner[1]
        image.seek(index)
        self._size, self._mode, self.info = image.size, image.mode, {**image.info, "name": name}

    def load(self) -> Any:
        """Draw the picture, the frame that was sought last."""
        if not self._drawn:
            with _pillow_errors():
                self.im = self._draw().im
            self._drawn = True
        return Image.Image.load(self)

    def _draw(self) -> Image.Image:
        if self._inner is not None:
            return self._inner[1]._draw()
        content = self._whole()
        if not is_archive(content):
            pixels = api.decompress_array(content, _Settings.seed, max_pixels=_Settings.max_pixels)
            return images.to_pillow(in_colours_of(pixels, self._metadata.icc))
        if self._reader is None:
            self._reader = Reader(content, max_pixels=_Settings.max_pixels)
        wanted = range(self._frame, self._frame + 1)
        ((_, pixels),) = self._reader.pictures(wanted, seed=_Settings.seed)
        return images.to_pillow(pixels.astype(bool))

    def _whole(self) -> bytes:
        """Read the file once, then close it."""
        if self._content is None:
            stream = self._stream()
            stream.seek(0)
            self._content = files.read_stream(stream, HEADER.size, header.limit)
            if self._exclusive_fp:
                stream.close()
        return self._content

    def _stream(self) -> IO[bytes]:
        if self.fp is None:
            raise ValueError("the image was closed before it was read")
        return self.fp

    def seek(self, frame: int) -> None:
        """Go to a picture of an archive or collection, 0 to n_frames - 1.

        Raises:
            EOFError: there is none of this number.
            UnidentifiedImageError: its file is damaged, or of a model that is not installed.
        """
        if not self._seek_check(frame):
            return
        if self._collection is not None:
            with _pillow_errors():
                self._enter(frame)
        self._frame, self._drawn = frame, False

    def tell(self) -> int:
        """Return the number of the current picture."""
        return self._frame


def _mode_of(found: FileInfo) -> str:
    """Return Pillow's mode of the picture of a file."""
    if found.depth == 1:
        return "1"
    if found.depth == 16 and found.channels == 1:
        return "I;16"
    return ("L", "LA", "RGB", "RGBA")[found.channels - 1]


class _Settings:
    """What opening takes from `register_vlz_opener`; `Image.open` has no arguments for it."""

    seed = 0
    max_pixels: int | None = None


def read_archive_head(head: bytes, read: Callable[[int], bytes]) -> bytes:
    """Read the beginning of an archive, as much as holds its header.

    Args:
        head: the first bytes.
        read: gives more of them.

    Raises:
        FormatError: it is damaged, or ends before its header does.
    """
    more = FIRST_READ
    while True:
        try:
            parse_archive(head)
            return head
        except FormatError:
            found = read(more)
            if not found or len(head) > header.MAX_ARCHIVE:
                raise
            head += found
            more = len(head)


def register_vlz_opener(seed: int = 0, max_pixels: int | None = None) -> None:
    """Teach Pillow the .vlz format: `Image.open`, `Image.save` and, for archives, `save_all=True`.

    `save` takes what `vlae_codec.compress` takes, and refuses other options. With `save_all=True` and
    `append_images=[...]` it writes an archive, with `names=[...]` one that keeps names.

    Args:
        seed: of the texture of lossy pictures that are opened from now on.
        max_pixels: refuse files that announce more, in all their pictures; by default as `vlae_codec.decompress`.
    """
    _Settings.seed, _Settings.max_pixels = seed, max_pixels
    Image.register_open(FORMAT, VlzImageFile, _accept)
    Image.register_save(FORMAT, _save)
    Image.register_save_all(FORMAT, _save_all)
    Image.register_extension(FORMAT, SUFFIX)
    Image.register_mime(FORMAT, MIME)


def _accept(prefix: bytes) -> bool:
    return prefix.startswith(MAGIC)


def _options(image: Image.Image, known: frozenset[str]) -> dict[str, Any]:
    given: dict[str, Any] = getattr(image, "encoderinfo", {})
    if unknown := sorted(given.keys() - known):
        raise VlaeError(f"no option of .vlz files: {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    return dict(given)


def _save(image: Image.Image, stream: IO[bytes], filename: str | bytes) -> None:
    stream.write(api.compress(image, **_options(image, OPTIONS)))


def _save_all(image: Image.Image, stream: IO[bytes], filename: str | bytes) -> None:
    options, frames = _options(image, OPTIONS_OF_ALL), []
    for one in [image, *options.pop("append_images", [])]:
        for number in range(getattr(one, "n_frames", 1)):
            one.seek(number)
            frames.append(one.copy())
    stream.write(api.compress_many(frames, **options))
