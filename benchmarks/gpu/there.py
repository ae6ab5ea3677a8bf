"""Train one model on a machine that is lent for some minutes, in a process that outlives the call that starts it.

    python3 -m benchmarks.gpu.there start RECIPE --data SHARDS --seconds 690
    python3 -m benchmarks.gpu.there wait --seconds 560      # copies what there is into $OUT, in pieces

It needs torch, numpy, pillow and tqdm alone. Time counts from `start`, reading and compiling included.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

RUN = Path("/tmp/run")
"""Where the run lies on that machine: outside the tree, which every call lays anew."""
PIECE = 15 << 20
"""Bytes of a piece of what comes back."""


def start(recipe: str, data: Path, seconds: float) -> None:
    """Start the training in a session of its own; what it prints goes to `RUN/output`."""
    RUN.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "benchmarks.gpu.there", "train", recipe, "--data", str(data)]
    command += ["--until", str(time.time() + seconds)]
    with (RUN / "output").open("w") as output:
        started = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    (RUN / "pid").write_text(str(started.pid))


def train(recipe: str, data: Path, until: float, device: str = "auto") -> None:
    """Train until a time of the clock."""
    from vlae_models.photo.config import PHOTO
    from vlae_models.photo.training import PhotoTrainer
    from vlae_models.recipe import load_recipe
    from vlae_models.train.loop import prepare_torch

    began = time.time()
    trainer = PhotoTrainer(load_recipe(recipe, PHOTO), data, RUN, None, prepare_torch(device, None), quiet=True)
    trainer.minutes = (until - time.time()) / 60
    print(f"read and compiled in {time.time() - began:.0f} s, trains for {trainer.minutes:.2f} min", flush=True)
    trainer.run(quiet=True)


def wait(seconds: float, out: Path) -> None:
    """Wait for the end of the training, or so long, and leave the averaged weights and the log in `out`."""
    until = time.time() + seconds
    while time.time() < until and alive():
        time.sleep(1)
    collect(out)


def alive() -> bool:
    """Return whether the training runs."""
    try:
        state = Path("/proc", (RUN / "pid").read_text(), "stat").read_text()
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] != "Z"


def collect(out: Path) -> None:
    """Write output, log and averaged weights into a folder, the weights in pieces."""
    import torch

    for name in ("output", "log.csv"):
        if (RUN / name).exists():
            (out / name).write_bytes((RUN / name).read_bytes())
    if not (RUN / "checkpoint.pt").exists():
        return
    tree = torch.load(RUN / "checkpoint.pt", map_location="cpu", weights_only=True)
    torch.save({"average": tree["average"], "config": tree["config"], "state": tree["state"]}, RUN / "average.pt")
    data = (RUN / "average.pt").read_bytes()
    for number, at in enumerate(range(0, len(data), PIECE)):
        (out / f"average.{number}").write_bytes(data[at : at + PIECE])


def main() -> None:
    """Run one of the three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["start", "train", "wait"])
    parser.add_argument("recipe", nargs="?", default="photo")
    parser.add_argument("--data", type=Path, default=Path("runs/gpu/shards"))
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--until", type=float, default=0.0)
    given = parser.parse_args()
    if given.what == "start":
        start(given.recipe, given.data, given.seconds)
    elif given.what == "train":
        train(given.recipe, given.data, given.until)
    else:
        wait(given.seconds, Path(os.environ["OUT"]))


if __name__ == "__main__":
    main()
