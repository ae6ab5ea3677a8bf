"""WebDataset: .vlz files in tars are decoded and written as others are, and samples go into a collection.

WebDataset("set-{0000..0099}.tar").decode(vlz_decoder("torch"))
ShardWriter("set-%04d.tar", encoder=vlz_encoder(quality=60)).write({"__key__": "a", "vlz": image, "cls": 3})
collect(samples, "set.vlz", field="png")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from webdataset.writer import default_handlers, encode_based_on_extension

from .. import api
from ..collections import append, encode_part
from ..collections.decode import Decoder, levels
from ..collections.encode import Failed
from ..errors import VlaeError
from ..io.images import to_pillow

SUFFIX = "vlz"
KINDS = ("numpy", "pil", "torch")


def vlz_decoder(kind: str = "pil", **options: Any) -> Callable[[str, bytes], Any]:
    """Return a handler for `WebDataset(...).decode`, which decodes fields that end in .vlz and no others.

    Args:
        kind: "pil" for Pillow images, "torch" for uint8 tensors (C, H, W), "numpy" for arrays (H, W) or (H, W, C).
        options: `seed`, `device`, `max_pixels`, as of `vlae_codec.decompress`.

    Raises:
        VlaeError: there is no such kind.
    """
    if kind not in KINDS:
        raise VlaeError(f"{kind!r} pictures: there are {', '.join(KINDS)}")
    decoder = Decoder(**options)

    def handle(key: str, data: bytes) -> Any:
        if key.rpartition(".")[2].lower() != SUFFIX:
            return None
        pixels = decoder.decode([(data, 0, 0)])[0]
        if kind == "pil":
            return to_pillow(pixels)
        if kind == "torch":
            from .torch import to_tensor

            return to_tensor(pixels)
        return levels(pixels)

    return handle


def vlz_encoder(model: str = "auto", **options: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return an encoder for `TarWriter` and `ShardWriter`: pictures in fields that end in "vlz", all else as ever.

    Args:
        model: as for `vlae_codec.compress`.
        options: of `vlae_codec.compress`.
    """
    handlers = {**default_handlers, SUFFIX: lambda image: api.compress(image, model, **options)}

    def encode(sample: dict[str, Any]) -> dict[str, Any]:
        encoded: dict[str, Any] = encode_based_on_extension(sample, handlers)
        return encoded

    return encode


def collect(
    samples: Iterable[Mapping[str, Any]],
    path: Path | str,
    *,
    field: str = SUFFIX,
    model: str = "auto",
    part: int = 1000,
    failed: Failed | None = None,
    **options: Any,
) -> int:
    """Append the pictures of samples to a collection, under their keys.

    Args:
        samples: as a WebDataset yields them; pictures are Pillow images, arrays, or the bytes of image files.
        path: the collection; made if it is not there.
        field: of the pictures.
        model: as for `vlae_codec.compress`.
        part: pictures that are written at a time.
        failed: Callback with the number of a sample that cannot be coded, and why; without it the first one is raised.
        options: of `vlae_codec.compress`.

    Returns:
        How many pictures the collection has now.

    Raises:
        ImageError, ModelError, VlaeError: as `vlae_codec.compress`, or as `vlae_codec.collections.append`.
    """
    total, first, stream = 0, 0, iter(samples)
    while some := list(islice(stream, part)):
        names = [f"{sample['__key__']}.{SUFFIX}" for sample in some]
        pictures = [_field(sample, field) for sample in some]
        report = None if failed is None else _shifted(failed, first)
        part_data = encode_part(pictures, model, names=names, failed=report, **options)
        total, first = append(path, part_data), first + len(some)
    return total


def _shifted(failed: Failed, first: int) -> Failed:
    return lambda number, error: failed(first + number, error)


def _field(sample: Mapping[str, Any], field: str) -> Any:
    if field not in sample:
        there = ", ".join(name for name in sample if not name.startswith("__"))
        raise VlaeError(f"sample {sample['__key__']} has no field {field}: it has {there}")
    return sample[field]
