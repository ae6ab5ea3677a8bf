"""How fast the local decoder draws: raster order against the wavefront, numpy against torch, and the arithmetic floor.

Three orders are measured: the wavefront; raster order by the same engine; and, for one digit and the smallest
photograph, "plain", raster order by one call of the plain network a pixel, as a PixelCNN is usually sampled.

Run as `python -m benchmarks.decoding_speed`. Each figure is stored at once; a run that was stopped goes on where it was
(`--again` measures all anew), `--part` takes one of its parts, and OMP_NUM_THREADS adds figures of its own; `--gpu`
compares one with this machine's CPU, by the wavefront alone. Many digits are drawn in a thread for each core.
Raster order is too slow for whole photographs: it draws the first rows, and its time is scaled to the whole (`share`).
Every pixel drawn is compared.
"""

from __future__ import annotations

import functools
import os
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.options import name_of_gpu, open_model
from benchmarks.plain_drawing import plain_digits, plain_photograph
from benchmarks.random_net import GaussianPixels, feature_rows, moved, multiplications, quantile_rows, random_net
from benchmarks.results import read_result, write_result
from vlae_cli.common import exit_on_error
from vlae_codec.autoregressive import engine
from vlae_codec.autoregressive.cuda_graph import draw_by_graph
from vlae_codec.autoregressive.engine import Shape, sweep
from vlae_codec.autoregressive.order import Window
from vlae_codec.autoregressive.window_net import Columns, Heads, Workspace
from vlae_codec.errors import VlaeError
from vlae_codec.exact.arrays import Array
from vlae_codec.model.networks import IntegerModel

NAME, GPU_NAME = "decoding_speed", "decoding_speed-gpu"
BATCHES = (1, 16, 256, 4096, 10_000)
SIZES = ((256, 256), (512, 768), (1024, 1024), (2048, 2048))
WINDOW = Window(3, 3, 3)
FEATURES = 12
RASTER_DIGITS = 64
RASTER_PIXELS = 8192
PLAIN_PIXELS = 2048
THREADS = ", OMP_NUM_THREADS="
ONCE = 2.0
"""Seconds; what takes less is measured several times, and the best counts."""

Pictures = NDArray[np.uint8]
Row = dict[str, Any]


class Timed(Workspace):
    """Counts the seconds spent in the network, those of all threads together."""

    seconds = 0.0
    lock = threading.Lock()

    @classmethod
    def count(cls, start: float) -> None:
        """Add what has passed since the clock showed `start`."""
        passed = time.perf_counter() - start
        with cls.lock:
            Timed.seconds += passed

    def trunk(self, buffers: Columns, sums: Array) -> None:
        start = time.perf_counter()
        super().trunk(buffers, sums)
        Timed.count(start)

    def head(self, heads: Heads, channel: int) -> Array:
        start = time.perf_counter()
        outputs = super().head(heads, channel)
        Timed.count(start)
        return outputs


def timed(function: Callable[..., Array]) -> Callable[..., Array]:
    """Return the function, its seconds counted with the network's."""

    def run(*arguments: Any) -> Array:
        start = time.perf_counter()
        result = function(*arguments)
        Timed.count(start)
        return result

    return run


class Measured(NamedTuple):
    """The best run's seconds, those of them in the network, and the pictures."""

    seconds: float
    network: float
    pictures: Pictures


def measure(run: Callable[[], Pictures]) -> Measured:
    """Run once, and up to four times more if that is quick."""
    found: list[Measured] = []
    while not found or (len(found) < 5 and sum(run.seconds for run in found) < ONCE):
        Timed.seconds, start = 0.0, time.perf_counter()
        pictures = run()
        found.append(Measured(time.perf_counter() - start, Timed.seconds, pictures))
    return min(found, key=lambda run: run.seconds)


def matmul_rate(size: int = 1024) -> float:
    """Float64 operations a second of numpy's matrix product, the best of many, for others may use the machine too."""
    a = np.random.default_rng(0).normal(size=(size, size))
    out, best = np.empty_like(a), np.inf
    for _ in range(30):
        start = time.perf_counter()
        np.matmul(a, a, out=out)
        best = min(best, time.perf_counter() - start)
    return float(2 * size**3 / best)


def digit_multiplications(model: IntegerModel) -> int:
    """Multiply-adds from z to a digit."""
    coarse, fine, whole = (model.height * model.width // n for n in (16, 4, 1))
    places = {"full": 1, "spread": 1, "widen": coarse, "coarse": coarse, "up": coarse, "fine": fine, "out": fine}
    total = whole * multiplications(model.local_net)
    for name, weights in model.arrays.items():
        side, part = name.split(".")[:2]
        if side == "decoder" and name.endswith("weight"):
            total += places[part] * weights.size
    return total


class Book:
    """Figures by name, stored after each; those that are there already are not measured again.

    Args:
        stored: figures of a run before.
        rate: float64 operations a second.
        about: what is said about the machine.
        name: of the result.
        raster: measure raster order, too.
    """

    def __init__(self, stored: dict[str, Row], rate: float, about: Row, name: str = NAME, raster: bool = True) -> None:
        self.rows, self.rate, self.about, self.name, self.raster = stored, rate, about, name, raster

    def orders(self, backend: str, plain: bool) -> tuple[str, ...]:
        """Orders that are measured; all but the wavefront with numpy alone."""
        if backend != "numpy" or not self.raster:
            return ("wavefront",)
        return ("wavefront", "raster", "plain") if plain else ("wavefront", "raster")

    def add(self, name: str, run: Callable[[], Measured], operations: float, **more: Any) -> None:
        """Measure a figure; `share` of the whole may be all that is drawn, the time is then scaled.

        With `threads`, the network's seconds are those of so many threads.
        """
        name += suffix()
        if name in self.rows:
            return
        load, share = os.getloadavg()[0], more.get("share", 1.0)
        found = run()
        seconds, floor = found.seconds / share, operations / self.rate
        row: Row = {
            "seconds": round(seconds, 4),
            **more,
            "gflops_float64": round(self.rate / 1e9, 1),
            "floor_seconds": round(floor, 4),
            "over_floor": round(seconds / floor, 2),
        }
        if found.network and "cuda" not in name:  # there that clock does not tell the time
            row["network_share"] = round(found.network / found.seconds / more.get("threads", 1), 3)
        if "pixels" in more:
            row["seconds_a_megapixel"] = round(seconds / more["pixels"] * 1e6, 3)
        if "digits" in more:
            row["digits_a_second"] = round(more["digits"] / seconds, 1)
        self.rows[name] = {**row, "load_average": round(load, 2)}
        click.echo(f"{name}: {self.rows[name]}")
        self.store()

    def store(self) -> None:
        """Write everything measured so far."""
        threads = sorted({name.partition(THREADS)[2] for name in self.rows})
        figures = {count or "default": ratios(self.rows, f"{THREADS}{count}" if count else "") for count in threads}
        write_result(self.name, {**self.about, "rows": self.rows, "figures": figures})


def suffix() -> str:
    """Return the suffix of figures with other numbers of BLAS threads than the default."""
    threads = os.environ.get("OMP_NUM_THREADS")
    return f"{THREADS}{threads}" if threads else ""


def ratios(rows: dict[str, Row], suffix: str = "") -> Row:
    """Return the ratios to be reached, as far as measured with the threads that the suffix names."""
    rows = {name.removesuffix(suffix): row for name, row in rows.items() if name.endswith(suffix)}

    def ratio(above: str, below: str) -> float | None:
        return round(rows[above]["seconds"] / rows[below]["seconds"], 2) if above in rows and below in rows else None

    def field(name: str, key: str) -> Any:
        return rows[name][key] if name in rows else None

    return {
        "plain_over_wavefront_one_digit": ratio("digits 1, numpy, plain", "digits 1, numpy, wavefront"),
        "raster_over_wavefront_one_digit": ratio("digits 1, numpy, raster", "digits 1, numpy, wavefront"),
        "plain_over_wavefront_256x256": ratio("256x256, numpy, plain", "256x256, numpy, wavefront"),
        "raster_over_wavefront_256x256": ratio("256x256, numpy, raster", "256x256, numpy, wavefront"),
        "seconds_1024x1024": field("1024x1024, numpy, wavefront", "seconds"),
        "over_floor_512x768": field("512x768, numpy, wavefront", "over_floor"),
        "digits_a_second_10000": field("digits 10000, numpy, wavefront", "digits_a_second"),
        "cpu_over_cuda_1024x1024": ratio("1024x1024, numpy, wavefront", "1024x1024, cuda, wavefront"),
    }


class Checked:
    """Measures drawings of the same pictures, and checks that they are the same.

    The first one is compared with; of what draws fewer pictures or rows, those are compared.
    """

    def __init__(self) -> None:
        self.first: Pictures | None = None

    def __call__(self, run: Callable[[], Pictures]) -> Measured:
        """Run the measurement.

        Raises:
            VlaeError: other pixels than in the first.
        """
        found = measure(run)
        self.first = found.pictures if self.first is None else self.first
        count, rows = (min(a, b) for a, b in zip(found.pictures.shape[:2], self.first.shape[:2], strict=True))
        if not np.array_equal(found.pictures[:count, :rows], self.first[:count, :rows]):
            raise VlaeError("two orders or backends drew different pixels")
        return found


def digits(book: Book, name: str, backends: list[str], batches: tuple[int, ...]) -> None:
    """Digits of the shipped model, from z to pixels."""
    checked = Checked()
    for backend in backends:
        model = open_model(name, {"numpy": "cpu"}.get(backend, backend))
        z = np.rint(np.random.default_rng(0).normal(size=(max(batches), model.latent)) * 1024).astype(np.int64)
        model.draw(z[:2])  # weights are converted
        setattr(model, "_features", timed(type(model)._features.__get__(model)))  # noqa: B010
        for batch in batches:
            for order in book.orders(backend, plain=batch == 1):
                raster = order == "raster"
                count = min(batch, RASTER_DIGITS) if raster else batch
                draw = functools.partial(model.draw, z[:count], raster=raster)
                draw = functools.partial(plain_digits, model, z[:count]) if order == "plain" else draw
                operations = 2.0 * digit_multiplications(model) * batch
                threads = min(model.workers, -(-count // model.at_once(count)))
                more = {"digits": batch, "share": count / batch, "threads": threads}
                book.add(f"digits {batch}, {backend}, {order}", functools.partial(checked, draw), operations, **more)


def device_of(backend: str) -> Array:
    """Return an empty array where a backend computes."""
    if backend == "numpy":
        return np.zeros(0)
    import torch

    return torch.zeros(0, dtype=torch.float64, device="cuda" if backend == "cuda" else "cpu")


def photograph(shape: Shape, backend: str, plain: bool = False) -> Pictures:
    """One RGB picture by the net of random integers, (1, H, W, 3); a lower shape has the first rows of a higher one."""
    width = shape.width
    like = device_of(backend)
    net = moved(random_net(WINDOW, features=FEATURES), like)
    kind = np.float64 if backend == "cuda" else np.int16
    features, places = feature_rows(width, FEATURES, 1, like, dtype=kind), quantile_rows(width, 3, 0, like)
    choose = GaussianPixels(like)
    if plain:
        return plain_photograph(net, (shape.height, width), WINDOW, choose, features, places)
    if backend == "cuda":
        whole = features(0, shape.height), places(0, shape.height)
        drawn: Pictures = draw_by_graph(net, shape, choose, *whole).cpu().numpy().astype(np.uint8)
        return drawn
    out = np.zeros((1, shape.height, width, 3), np.uint8)

    def emit(first: int, rows: Array) -> None:
        out[0, first : first + len(rows)] = np.asarray(rows)[:, :, :, 0]

    sweep(net, shape, choose, emit, like=like, features=features, positions=places)
    return out


def photographs(book: Book, backends: list[str], sizes: tuple[tuple[int, int], ...]) -> None:
    """One RGB picture of each size, with an RGB window of 7 x 4 and a net of 96 channels."""
    macs = multiplications(random_net(WINDOW, features=FEATURES))
    for height, width in sizes:
        checked = Checked()
        for backend in backends:
            for order in book.orders(backend, plain=(height, width) == sizes[0]):
                some = {"raster": RASTER_PIXELS, "plain": PLAIN_PIXELS}.get(order, height * width)
                rows = min(height, max(4, some // width))
                shape = Shape(rows, width, 1, WINDOW, WINDOW.slant)
                shape = shape.raster() if order == "raster" else shape
                run = functools.partial(checked, functools.partial(photograph, shape, backend, order == "plain"))
                operations = 2.0 * macs * height * width
                title = f"{height}x{width}, {backend}, {order}"
                book.add(title, run, operations, pixels=height * width, share=rows / height)


def available(torch_too: bool) -> list[str]:
    """Backends that can be measured here."""
    if not torch_too:
        return ["numpy"]
    try:
        import torch
    except ImportError:
        return ["numpy"]
    return ["numpy", "torch", *(["cuda"] if torch.cuda.is_available() else [])]


@click.command()
@click.option("-m", "--model", default="mnist", show_default=True, help="Name or folder of the model for digits.")
@click.option("--part", type=click.Choice(["digits", "images", "all"]), default="all", show_default=True)
@click.option("--largest", type=click.IntRange(1), default=2048, show_default=True, help="Side of the largest image.")
@click.option("--torch/--no-torch", "torch_too", default=True, show_default=True, help="Measure torch as well.")
@click.option("--again", is_flag=True, help="Measure what is stored already, too.")
@click.option("--gpu", is_flag=True, help="Numpy and the GPU alone, the wavefront alone, into a result of its own.")
@exit_on_error
def main(model: str, part: str, largest: int, torch_too: bool, again: bool, gpu: bool) -> None:
    """Measure and store; nothing else should run on the machine."""
    setattr(engine, "Workspace", Timed)  # noqa: B010
    name = GPU_NAME if gpu else NAME
    stored = {} if again else (read_result(name) or {}).get("rows", {})
    about = {
        "model": model,
        "omp_num_threads": os.environ.get("OMP_NUM_THREADS", ""),
        "net": "7x4 RGB window, 96 channels",
    }
    backends = ["numpy", "cuda"] if gpu else available(torch_too)
    if gpu:
        about["gpu"] = name_of_gpu()
    book = Book(stored, matmul_rate(), about, name, raster=not gpu)
    if part in ("digits", "all"):
        digits(book, model, backends, BATCHES)
    if part in ("images", "all"):
        photographs(book, backends, tuple(size for size in SIZES if max(size) <= largest))
    book.store()


if __name__ == "__main__":
    main()
