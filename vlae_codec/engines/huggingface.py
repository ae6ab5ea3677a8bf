"""Hugging Face datasets: columns of `Image` whose files are .vlz, and data sets of collections.

The feature `Image` decodes with Pillow, which this module teaches the format: such a column is used and saved as any
other. A process that only loads one needs `vlae_codec.register_vlz_opener()`, or an import of this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from datasets import Dataset, Features, Image, Value

from .. import api
from ..collections import Collection
from ..collections.sources import Where
from ..pillow_plugin import register_vlz_opener

register_vlz_opener()


def compress(
    dataset: Dataset, column: str = "image", model: str = "auto", *, num_proc: int | None = None, **options: Any
) -> Dataset:
    """Return a data set whose pictures are .vlz files; they are decoded at access.

    Args:
        dataset: it has a column of `datasets.Image`.
        column: that column.
        model: as for `vlae_codec.compress`.
        num_proc: processes that share the work.
        options: of `vlae_codec.compress`.

    Raises:
        ImageError, ModelError, VlaeError: as `vlae_codec.compress`.
    """

    def encode(row: dict[str, Any]) -> dict[str, Any]:
        found = row[column]
        source = found["path"] if found["bytes"] is None else found["bytes"]
        return {column: {"bytes": api.compress(source, model, **options), "path": None}}

    files = dataset.cast_column(column, Image(decode=False))
    return files.map(encode, num_proc=num_proc, features=files.features).cast_column(column, Image())


def load(where: Where) -> Dataset:
    """Return a data set of a collection: `image`, decoded at access, and `name`.

    Args:
        where: a collection of files of one picture each.

    Raises:
        FormatError: it is damaged.
        VlaeError, OSError: as `Collection`.
    """
    collection = Collection(where)

    def rows() -> Iterator[dict[str, Any]]:
        for number in range(len(collection)):
            name, data, index = collection.file(number)
            if index == 0:  # of an archive the whole file, once
                yield {"image": {"bytes": data, "path": None}, "name": name}

    return Dataset.from_generator(rows, features=Features({"image": Image(), "name": Value("string")}))
