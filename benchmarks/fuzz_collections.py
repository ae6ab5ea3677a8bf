"""Damaged collections: bytes that are changed anyhow, and indexes that lie under right checksums.

Run as `python -m benchmarks.fuzz_collections`. Input N depends on N alone. Whatever is wrong has to be one line; an
index that contradicts itself must not crash, hang or take memory.
"""

from __future__ import annotations

import io
import json
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import click
from tqdm import tqdm

from benchmarks.fuzz import LIMIT_S, peak_mib
from benchmarks.mutations import mutate
from benchmarks.results import write_result
from benchmarks.seals import reseal_collection
from vlae_cli.common import exit_on_error
from vlae_codec.collections import Collection, read_stream, recover
from vlae_codec.container.archive import LOSSY, write_archive
from vlae_codec.container.collection import FOOTER_SIZE, PREFIX, ROW, write_part
from vlae_codec.container.header import write_container
from vlae_codec.errors import VlaeError

FINGERPRINT = bytes(range(7, 39))


def make_corpus() -> list[bytes]:
    """Make collections of some files, with names and without, of one part and of several, some empty."""
    files = [(f"n/{n}.png", write_container(0, FINGERPRINT, n.to_bytes(1 + n % 7, "big"))) for n in range(40)]
    files[7] = ("many", write_archive(LOSSY, FINGERPRINT, 5, 2, [b"a", b"bc", b""]))
    named, bare = write_part(files), write_part([("", data) for _, data in files])
    return [named, bare, named + bare + write_part([]), write_part(files[:1]) * 3, write_part([])]


def make_input(number: int, corpus: list[bytes]) -> bytes:
    """Make the input of a number; half of them damaged near their end, where the index is."""
    rng = random.Random(number)
    whole = rng.choice(corpus)
    if rng.randrange(2):
        cut = max(0, len(whole) - FOOTER_SIZE - ROW.itemsize - PREFIX)
        data = whole[:cut] + mutate(whole[cut:], rng, corpus)
    else:
        data = mutate(whole, rng, corpus)
    return reseal_collection(data) if rng.randrange(2) else data


def read_by_number(data: bytes) -> None:
    """Open a collection and read some of its files by the number of a picture."""
    collection = Collection(data)
    list(collection.names())
    for number in range(0, len(collection), 1 + len(collection) // 20):
        collection.file(number)
    collection.models()
    list(collection.listing())


def read_in_order(data: bytes) -> None:
    """Read a collection as a stream."""
    list(read_stream(io.BytesIO(data)))


def mend(data: bytes) -> None:
    """Recover a collection, and read it if there was no error."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "x.vlz"
        path.write_bytes(data)
        recover(path)


READERS: dict[str, Callable[[bytes], None]] = {"by number": read_by_number, "in order": read_in_order, "mended": mend}


@click.command()
@click.option("--inputs", type=click.IntRange(1), default=100_000, show_default=True, help="How many.")
@exit_on_error
def main(inputs: int) -> None:
    """Feed damaged collections to their readers; exit code 1 if one does what it must not."""
    corpus, failures, slowest = make_corpus(), list[str](), 0.0
    outcomes = {name: Counter[str]() for name in READERS}
    for number in tqdm(range(inputs), disable=None):
        data = make_input(number, corpus)
        for name, read in READERS.items():
            if name == "mended" and number % 10:
                continue
            started = time.process_time()
            try:
                read(data)
                outcome = "read"
            except VlaeError as error:
                outcome = type(error).__name__
                failures += [f"{number}: more than one line"] if "\n" in str(error) else []
            except Exception as error:
                where = traceback.extract_tb(error.__traceback__)[-1]
                failures.append(f"{number}: {type(error).__name__} ({Path(where.filename).name}:{where.lineno})")
                outcome = "crash"
            outcomes[name][outcome] += 1
            slowest = max(slowest, time.process_time() - started)
    found = {name: dict(sorted(counts.items())) for name, counts in outcomes.items()}
    result = {"inputs": inputs, "outcomes": found, "failures": failures, "slowest_s": round(slowest, 3)}
    write_result("fuzz_collections", result | {"peak_mib": round(peak_mib(), 1)})
    click.echo(json.dumps(result, indent=1))
    if failures or slowest > LIMIT_S:
        sys.exit(1)


if __name__ == "__main__":
    main()
