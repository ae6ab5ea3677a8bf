"""What becomes of every kind of input: files made here go through the commands, and what comes back is compared.

Run as `python -m benchmarks.input_kinds`; takes a minute.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

import click
import numpy as np
from click.testing import CliRunner
from PIL import Image
from tqdm import tqdm

from benchmarks.made_inputs import Kind, all_kinds
from benchmarks.results import read_result, write_result
from benchmarks.tables import Lines
from vlae_cli.compress import main as compress
from vlae_cli.decompress import main as decompress
from vlae_codec.io.images import decode_image

WRONG = "NOT EXACT"
"""What is said of a lossless file that gives other samples: it must not be in the table."""
EXIF_PLACE = 0x8825


def measured(kind: Kind) -> dict[str, str]:
    """Return a row of the table: what the lossy and the lossless file keep of the pixels, and both of the rest."""
    found, kept = {}, {}
    for way, options in (("lossy", ()), ("lossless", ("--lossless",))):
        with tempfile.TemporaryDirectory() as folder:
            found[way], kept[way] = _there_and_back(kind, Path(folder), options)
    row = {"kind": kind.name, **found, "metadata": ""}
    if kind.metadata:
        texts = {way: _metadata_text(kind.metadata, one) for way, one in kept.items() if one is not None}
        same = len(set(texts.values())) == 1
        row["metadata"] = next(iter(texts.values())) if same else "; ".join(f"{w}: {t}" for w, t in texts.items())
    return row


def _there_and_back(kind: Kind, folder: Path, options: tuple[str, ...]) -> tuple[str, set[str] | None]:
    """Return what comes back of a file, and its metadata; None of a file that is refused."""
    source, packed, again = (folder / name for name in (f"a.{kind.ending}", "a.vlz", "b.png"))
    source.write_bytes(kind.data)
    done = CliRunner().invoke(compress, [str(source), "-o", str(packed), *options], prog_name="vlae-compress")
    if done.exit_code:
        line = done.output.strip().splitlines()[-1]
        assert isinstance(done.exception, SystemExit), line
        return "refused: " + line.rpartition(f"{source.name}: ")[2], None
    notes = [line.rpartition(f"{source.name}: ")[2] for line in done.output.splitlines() if line.startswith("note: ")]
    notes = [note for note in notes if not note.startswith(("kept exactly", "left out: "))]
    done = CliRunner().invoke(decompress, [str(packed), "-o", str(again)], prog_name="vlae-decompress")
    assert done.exit_code == 0, done.output
    with Image.open(again) as image:
        pixels = compared(kind, again.read_bytes(), bool(options))
        return "; ".join([pixels, *notes]), metadata_of(image)


def compared(kind: Kind, again: bytes, exact: bool) -> str:
    """Return how near the picture of a file, as it is shown, is to another one's samples."""
    assert kind.samples is not None, f"{kind.name}: a damaged file was read"
    wanted = _in_colour(kind.samples, 65535 if kind.deep else 255)
    picture = decode_image(again)
    deep, levels = picture.deep is not None, np.atleast_3d(picture.pixels if picture.deep is None else picture.deep)
    if picture.alpha is not None and not deep:
        levels = np.dstack([levels, picture.alpha])
    back = _in_colour(levels.astype(np.int64), 65535 if deep else 255)
    if back.shape != wanted.shape:
        return f"{WRONG}: another size" if exact else "another size"
    seen = wanted[:, :, 3:] > 0  # what full transparency hides may change
    if kind.deep == deep and (np.where(seen, back, 0) == np.where(seen, wanted, 0)).all():
        return "exact"
    if exact:
        return WRONG
    reduced = (wanted + 128) // 257 if kind.deep else wanted
    transparent = (reduced[:, :, 3] < 255).any()
    kept = (abs(back[:, :, 3] - reduced[:, :, 3]) <= int(kind.deep)).all()
    return "lossy" + (f", transparency {'exact' if kept else 'lost'}" if transparent else "")


def _in_colour(samples: np.ndarray[Any, np.dtype[np.int64]], most: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return samples (H, W, 1 to 4) as red, green, blue and alpha."""
    channels = samples.shape[2]
    alpha = samples[:, :, -1:] if channels in (2, 4) else np.full((*samples.shape[:2], 1), most)
    colours = samples[:, :, :3] if channels >= 3 else np.repeat(samples[:, :, :1], 3, axis=2)
    return np.concatenate([colours, alpha], axis=2)


def metadata_of(image: Image.Image) -> set[str]:
    """Return what a picture's file says beside its pixels."""
    exif = image.getexif()
    found = {"EXIF": bool(exif), "GPS": EXIF_PLACE in exif, "ICC": "icc_profile" in image.info}
    found |= {"DPI": "dpi" in image.info, "XMP": "xmp" in image.info, "text": bool(getattr(image, "text", None))}
    return {name for name, there in found.items() if there}


def _metadata_text(given: tuple[str, ...], kept: set[str]) -> str:
    lost = [name for name in given if name not in kept]
    parts = [f"{', '.join(name for name in given if name in kept)} kept"] if len(lost) < len(given) else []
    return "; ".join([*parts, f"{', '.join(lost)} left out"] if lost else parts)


def input_kinds(folder: Path) -> Lines:
    """Format the table of what becomes of each kind of file."""
    result = read_result("input_kinds", folder)
    if not result:
        return []
    line = "| {} |".format
    rows = [line(" | ".join(row[key] for key in ("kind", "lossy", "lossless", "metadata"))) for row in result["rows"]]
    titles = ("input", "lossy file", "lossless file", "metadata")
    head = f"{len(rows)} files, made and taken there and back by `python -m benchmarks.input_kinds`:"
    return [head, "", line(" | ".join(titles)), "|---|---|---|---|", *rows]


@click.command()
def main() -> None:
    """Take all kinds of files there and back."""
    rows = [measured(kind) for kind in tqdm(list(all_kinds()))]
    write_result("input_kinds", {"rows": rows})
    stream = io.StringIO()
    for row in rows:
        stream.write(f"{row['kind']:50} {row['lossy'][:50]:50} {row['lossless'][:70]:70} {row['metadata']}\n")
    click.echo(stream.getvalue())


if __name__ == "__main__":
    main()
