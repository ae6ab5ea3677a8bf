"""Write the page and the models that it fetches into one folder of static files: `python -m web.build OUT`.

A model becomes the very bytes whose SHA-256 is its fingerprint (docs/format.md, section 3): its JSON, then each array's
name, type, shape and values. So a file named by the hash of what it holds is all that the page has to trust. The files
are gzipped; the hash is of what was packed.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import vlae_codec
from vlae_codec.model.folder import LABELS
from vlae_codec.model.folder import read_arrays as read_weights
from web.bundle import single_page

HERE = Path(__file__).resolve().parent
PAGE = ("index.html", "style.css", "js")
GOLDEN = HERE.parent / "tests" / "golden"
EXAMPLES = {"digit": "search", "exact-digit": "lossless", "digits": "lossless-archive-named"}
"""What the page offers to open: golden files of the model for digits."""
SINGLE = ("mnist", "omniglot", "caltech", "photo", "photo-exact", "page")
"""Models of the page that is a single file; the others are for studies."""
TABLES = {"tables": ("exact", "tables.npz"), "scales": ("coding", "scales.npz")}


def pack(info: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the bytes whose SHA-256 is the fingerprint of a model of this JSON tree and these arrays."""
    parts = [json.dumps({key: value for key, value in info.items() if key not in LABELS}, sort_keys=True).encode()]
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        array = array.astype(array.dtype.newbyteorder("<"))
        parts += [f"\n{name} {array.dtype.str} {array.shape}\n".encode(), array.tobytes()]
    return b"".join(parts)


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of a .npz file by name."""
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


def zoo() -> Iterator[tuple[dict[str, Any], Path]]:
    """Yield the JSON tree and the folder of each model of the checkout."""
    folder = Path(str(resources.files("vlae_models"))) / "zoo"
    for path in sorted(folder.rglob("model.json")):
        yield json.loads(path.read_text()), path.parent


def build(out: Path) -> dict[str, Any]:
    """Write everything to a folder and return its index.

    Args:
        out: the folder; what it has of the page, its models and examples is written anew.
    """
    for name in (*PAGE, "models", "examples"):
        shutil.rmtree(out / name, ignore_errors=True)
    (out / "models").mkdir(parents=True)
    for name in PAGE:
        source = HERE / name
        if source.is_dir():
            shutil.copytree(source, out / name)
        elif source.exists():
            shutil.copy(source, out / name)
    index: dict[str, Any] = {"tables": {}, "models": {}}
    codec = Path(str(resources.files("vlae_codec")))
    for name, place in TABLES.items():
        index["tables"][name] = write_named(out, pack({}, read_arrays(codec.joinpath(*place))))
    for info, folder in zoo():
        fingerprint = write_named(out, pack(info, read_weights((folder / "weights.npz").read_bytes())))
        assert fingerprint == info["fingerprint"], f"{folder}: its weights have another fingerprint"
        size = (out / "models" / f"{fingerprint}.bin.gz").stat().st_size
        index["models"][fingerprint] = {"name": info["name"], "description": info["description"], "bytes": size}
    # Superseded models come later and have the names of those of now.
    copy_examples(out / "examples", {label["name"]: one for one, label in reversed(index["models"].items())})
    (out / "models" / "index.json").write_text(json.dumps(index, indent=1) + "\n")
    (out / "single.html").write_text(single_page(out, held(out, index)))
    return index


def held(out: Path, index: dict[str, Any]) -> dict[str, bytes]:
    """Return the files that the page holds where it is a single file: tables, examples, the models of `SINGLE`."""
    models = {one: label for one, label in index["models"].items() if label["name"] in SINGLE}
    names = [f"models/{one}.bin.gz" for one in (*index["tables"].values(), *models)]
    names += [f"examples/{path.name}" for path in sorted((out / "examples").iterdir())]
    listing = json.dumps({**index, "models": models}).encode()
    return {"models/index.json": listing} | {name: (out / name).read_bytes() for name in names}


def copy_examples(folder: Path, fingerprints: Mapping[str, str]) -> None:
    """Write the files that the page offers to open; `fingerprints` are those of models by name."""
    folder.mkdir(parents=True)
    for name, kind in EXAMPLES.items():
        shutil.copy(GOLDEN / f"{fingerprints['mnist'][:12]}-{kind}.vlz", folder / f"{name}.vlz")
    with Image.open(HERE / "photo.webp") as image:
        photograph = image.convert("RGB")
    (folder / "photo.vlz").write_bytes(vlae_codec.compress(photograph, "photo"))


def write_named(out: Path, data: bytes) -> str:
    """Write bytes, gzipped, under their SHA-256, and return that."""
    name = hashlib.sha256(data).hexdigest()
    (out / "models" / f"{name}.bin.gz").write_bytes(gzip.compress(data, 9, mtime=0))
    return name


def main() -> None:
    """Build into the folder that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    index = build(parser.parse_args().out)
    print(f"{len(index['models'])} models")


if __name__ == "__main__":
    main()
