"""Thumbnails: CIFAR-10 test pictures in 20 to 60 bytes, ours beside ThumbHash, BlurHash and a shrunken JPEG.

Run as `python -m benchmarks.thumbnails --data FOLDER`. Bytes are those that change from picture to picture: of our file
the payload, of a JPEG the scan (its tables are the same for all, one size and quality for all pictures), of the hashes
all of them. What our whole file takes, with model, size and checksum, is stated beside. The sheet shows the first ten.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from benchmarks.cifar import Pictures, load_test
from benchmarks.feature_net import distances_if_trained
from benchmarks.image_quality import psnr
from benchmarks.placeholders import blurhash, thumbhash
from benchmarks.results import FOLDER, write_result
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.errors import ImageError, VlaeError
from vlae_codec.families.windowed import codec
from vlae_codec.families.windowed.store import PhotoInfo, find_photo_model
from vlae_codec.io.images import Picture

TARGETS = (24, 36, 54)
"""Bytes: of a ThumbHash, and of BlurHashes of 4 x 4 and 5 x 5 waves."""
WAVES = {24: 3, 36: 4, 54: 5}
"""Waves a side of the BlurHash that is set beside a target."""
AROUND = 11
"""Bytes of our file around the payload of a picture of this size; if it is shrunk there is one more, which we pay."""
JPEG_SIDES = {8: 0, 16: 2, 32: 2}
"""Sides to which JPEG shrinks, and how it samples colour there (4:4:4, 4:2:0)."""
QUALITIES = range(1, 96, 2)
SHEET, ZOOM = 10, 4

Row = dict[str, Any]


def ours(info: PhotoInfo, pictures: Pictures, target: int) -> tuple[Pictures, Pictures, Row]:
    """What our files of at most so many bytes of payload show, drawn and as previews; the coarsest files if need be."""
    shown: list[list[NDArray[np.uint8]]] = [[], []]
    payload, whole, over = [], [], 0
    for picture in tqdm(pictures, desc=f"{target} bytes", unit="picture", disable=None):
        try:
            made = codec.compress_photo(Picture(picture), info, target_bytes=target + AROUND)
        except ImageError:
            over += 1
            made = codec.compress_photo(Picture(picture), info, quality=0)
        payload.append(made.lossy_bits / 8)
        whole.append(len(made.data))
        for preview, kind in enumerate(shown):
            picture = codec.decompress_photo(made.data, preview=bool(preview))[0]
            kind.append(np.atleast_3d(picture) * np.ones(3, np.uint8))  # a grey one has no colours
    row = {"bytes": float(np.mean(payload)), "file_bytes": float(np.mean(whole)), "over": over}
    return np.stack(shown[0]), np.stack(shown[1]), row


def hashed(pictures: Pictures, waves: int | None) -> tuple[Pictures, Row]:
    """What a BlurHash of so many waves a side shows, or a ThumbHash."""
    made = [blurhash(one, waves) if waves else thumbhash(one) for one in pictures]
    return np.stack([shown for shown, _ in made]), {"bytes": float(np.mean([size for _, size in made]))}


def scan_bytes(data: bytes) -> int:
    """Bytes of a baseline JPEG's one scan."""
    start = data.index(b"\xff\xda")
    return len(data) - start - 2 - int.from_bytes(data[start + 2 : start + 4], "big") - 2


def shrunken_jpeg(picture: NDArray[np.uint8], side: int, quality: int) -> tuple[NDArray[np.uint8], int]:
    """What a JPEG of so small a side shows when it is enlarged, and the bytes of its scan."""
    full = picture.shape[1], picture.shape[0]
    out = io.BytesIO()
    small = Image.fromarray(picture).resize((side, side), Image.Resampling.LANCZOS)
    small.save(out, "JPEG", quality=quality, subsampling=JPEG_SIDES[side], optimize=False)
    again = Image.open(io.BytesIO(out.getvalue())).resize(full, Image.Resampling.BICUBIC)
    return np.asarray(again), scan_bytes(out.getvalue())


def jpegs(pictures: Pictures) -> list[tuple[Pictures, Row]]:
    """All sizes and qualities of a shrunken JPEG."""
    found = []
    for side in JPEG_SIDES:
        for quality in QUALITIES:
            made = [shrunken_jpeg(one, side, quality) for one in pictures]
            shown = np.stack([one for one, _ in made])
            size = float(np.mean([size for _, size in made]))
            found.append((shown, {"bytes": size, "side": side, "quality": quality, "psnr": mean_psnr(pictures, shown)}))
    return found


def best_jpeg(found: list[tuple[Pictures, Row]], most: float) -> tuple[Pictures, Row]:
    """The one of the best PSNR whose scans take so many bytes at most on average; else the smallest."""
    within = [one for one in found if one[1]["bytes"] <= most]
    return max(within, key=lambda one: one[1]["psnr"]) if within else min(found, key=lambda one: one[1]["bytes"])


def mean_psnr(originals: Pictures, others: Pictures) -> float:
    """Mean of the pictures' PSNR, dB."""
    return float(np.mean([psnr(*pair) for pair in zip(originals, others, strict=True)]))


def judged(originals: Pictures, shown: Pictures, row: Row) -> Row:
    """The row with PSNR and, if the net for it is trained, feature distance."""
    found = {**row, "psnr": mean_psnr(originals, shown)}
    distances = distances_if_trained(originals, shown)
    return found if distances is None else {**found, "features": float(np.mean(distances))}


def sheet(columns: dict[str, Pictures]) -> Image.Image:
    """The first pictures of each kind, one row a kind, four times as large."""
    rows = np.concatenate([np.concatenate(list(kind[:SHEET]), axis=1) for kind in columns.values()])
    return Image.fromarray(rows.repeat(ZOOM, axis=0).repeat(ZOOM, axis=1))


@click.command()
@data_option
@click.option("-m", "--model", default="photo", show_default=True, help="A model of photographs.")
@click.option("--images", type=click.IntRange(1, 1000), default=200, show_default=True, help="Test pictures.")
@exit_on_error
def main(data: Path, model: str, images: int) -> None:
    """Measure, and draw the sheet."""
    info = find_photo_model(model)
    if info is None:
        raise VlaeError(f"{model}: no such model of photographs")
    pictures, _ = load_test(data, images)
    every, shown, table = jpegs(pictures), {"original": pictures}, {}
    for target in TARGETS:
        drawn, preview, row = ours(info, pictures, target)
        kinds = {"ours": (drawn, row), "ours, --preview": (preview, row)}
        kinds["JPEG, shrunk"] = best_jpeg(every, row["bytes"])
        kinds["BlurHash"] = hashed(pictures, WAVES[target])
        if target == min(TARGETS):
            kinds["ThumbHash"] = hashed(pictures, None)
        table[str(target)] = {name: judged(pictures, *kind) for name, kind in kinds.items()}
        shown |= {f"{name}, {target}": kind[0] for name, kind in kinds.items()}
    figures = {"model": info.name, "fingerprint": info.fingerprint, "images": len(pictures), "targets": table}
    path = write_result("thumbnails", {**figures, "sheet_rows": list(shown)})
    (FOLDER / "sheets").mkdir(exist_ok=True)
    sheet(shown).save(FOLDER / "sheets" / "thumbnails.png", optimize=True)
    click.echo(path.read_text())


if __name__ == "__main__":
    main()
