from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from host_reads import HostReads
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from small_models import BACKENDS, WINDOW_NAMES, exported, some_latents, tiny_model

from benchmarks.plain_drawing import Canvas, context_of, draw, local, raster_steps, wavefront_steps
from benchmarks.random_net import GaussianPixels, feature_rows, moved, quantile_rows, random_net
from vlae_codec.autoregressive import engine
from vlae_codec.autoregressive.cuda_graph import StaticStep, draw_by_graph
from vlae_codec.autoregressive.engine import Rows, Shape, Sheared, draw_whole, sweep
from vlae_codec.autoregressive.order import Step, Window
from vlae_codec.autoregressive.window_net import LocalNet, Workspace, least_logits
from vlae_codec.exact.kernels import fold
from vlae_codec.exact.layers import LIMIT
from vlae_codec.exact.philox import pixel_noise
from vlae_codec.exact.tables import SIGMOID_RANGE, load_tables
from vlae_codec.model.networks import BATCH, IntegerModel
from vlae_codec.parallel import cores, in_threads

NUMPY = np.zeros(0)
windows = st.builds(Window, st.integers(0, 3), st.integers(0, 3), st.integers(0, 3))
sizes = st.integers(1, 9)
Integers = NDArray[np.int64]


def rescaled(x: Integers, weight: Integers, bias: Integers, shift: int) -> Integers:
    """A layer as the design states it, in integers."""
    total: Integers = (2 * (x @ weight + bias) + (1 << shift)) >> (shift + 1)
    return total


@settings(max_examples=50)
@given(
    st.integers(0, 2**32),
    st.integers(0, 14),
    st.integers(0, 5),
    st.integers(0, 2),
    st.integers(1, 3),
    st.integers(1, 7),
)
def test_the_network_is_that_of_the_layers(
    seed: int, shift: int, inputs: int, blocks: int, heads: int, count: int
) -> None:
    rng, width = np.random.default_rng(seed), 4

    def layer(rows: int, columns: int) -> tuple[Integers, Integers]:
        return rng.integers(-(2**15), 2**15, (rows, columns)), rng.integers(-(2**31), 2**31, columns)

    def clamp(x: Integers, low: int = -LIMIT) -> Integers:
        return np.clip(x, low, LIMIT)

    mix = layer(inputs, width)
    pairs = [(layer(width, width), layer(width, width)) for _ in range(blocks)]
    tops = [layer(width + index, 2) for index in range(heads)]
    folded_tops = [fold(*top, shift) for top in tops]
    folded_tops = [np.insert(top[:, :-1], width, top[:, -1], axis=1) for top in folded_tops]
    net = LocalNet(fold(*mix, shift), [(fold(*a, shift), fold(*b, shift)) for a, b in pairs], folded_tops)

    x, drawn = rng.integers(-LIMIT, LIMIT + 1, (count, inputs)), rng.integers(0, 256, (count, heads))
    stream = clamp(rescaled(x, *mix, shift))
    for first, second in pairs:
        hidden = clamp(rescaled(clamp(stream, 0), *first, shift), 0)
        stream = clamp(stream + clamp(rescaled(hidden, *second, shift)))

    work = Workspace(net, 9, NUMPY)
    for _ in range(2):  # the second time in used buffers
        buffers = work.columns(count)
        buffers.inputs[:-1] = x.T
        step = work.heads(count)
        work.trunk(buffers, step.sums)
        step.drawn[...] = drawn.T
        for index, top in enumerate(tops):
            expected = rescaled(np.concatenate([clamp(stream, 0), drawn[:, :index]], axis=1), *top, shift)
            np.testing.assert_array_equal(work.head(step, index), expected.T)
        work.columns(9).inputs[...] = 5.0


def pixel_by_pixel(net: LocalNet, shape: Shape, features: Any, places: Any, choose: Any) -> NDArray[np.float64]:
    """(B, H, W, channels), each pixel from its own window in raster order: what every order must give."""
    above, left, right = shape.window
    size = (shape.batch, shape.height + above, left + shape.width + right, net.channels)
    padded, work = np.zeros(size), Workspace(net, 1, NUMPY)
    for row, column, index in np.ndindex(shape.height, shape.width, shape.batch):
        seen = [padded[index, row + above + r, column + left + c] for r, c in shape.window.offsets()]
        buffers = work.columns(1)
        buffers.inputs[:-1, 0] = np.concatenate([*seen, features[row, column, :, index]])
        heads = work.heads(1)
        work.trunk(buffers, heads.sums)
        for channel in range(net.channels):
            outputs = work.head(heads, channel).reshape(-1, 1, 1)
            heads.drawn[channel] = choose(channel, outputs, places[row, column][None])[0]
        padded[index, row + above, column + left] = heads.drawn[:, 0]
    return padded[:, above:, left : left + shape.width]


@pytest.mark.parametrize("whole", [True, False])
@settings(max_examples=40)
@given(data=st.data())
def test_every_order_draws_the_pixels_of_the_definition(whole: bool, data: st.DataObject) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "GROUP", engine.GROUP if whole else 1)
        patch.setattr(engine, "WHOLE", engine.WHOLE if whole else 0)
        patch.setattr(engine, "BLOCK", engine.BLOCK if whole else 2 * 5 * 6)  # two columns at once
        check_every_order(data)


def check_every_order(data: st.DataObject) -> None:
    window = data.draw(windows)
    height, width, channels = data.draw(sizes), data.draw(sizes), data.draw(st.integers(1, 3))
    batch, count = data.draw(st.integers(1, 2)), data.draw(st.integers(0, 3))
    net = random_net(window, channels, count, width=5, blocks=data.draw(st.integers(0, 2)))
    features = feature_rows(width, count, batch, NUMPY)(0, height)
    places = quantile_rows(width, channels, 7, NUMPY)(0, height)
    choose = GaussianPixels(NUMPY)
    first = Shape(height, width, batch, window, window.slant)
    expected = pixel_by_pixel(net, first, features, places, choose)
    tensors = torch.asarray(features), torch.asarray(places)
    tensor_net, tensor_choose = moved(net, tensors[0]), GaussianPixels(tensors[0])
    for shape in (first, replace(first, slant=window.slant + 1), first.raster()):
        np.testing.assert_array_equal(draw_whole(net, shape, choose, features, places), expected)
        for function in (draw_whole, draw_by_graph):  # without a GPU the step that would be captured runs as it is
            drawn = function(tensor_net, shape, tensor_choose, *tensors)
            np.testing.assert_array_equal(drawn.numpy(), expected)


def test_long_steps_keep_the_blas_to_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its threads would wait for each other in every short block; a step of one block leaves it as it is."""
    seen: list[bool] = []

    class Limited:
        def __enter__(self) -> None:
            seen.append(True)

        def __exit__(self, *error: object) -> None:
            pass

    monkeypatch.setattr(engine, "single_blas_thread", Limited)
    net, shape = random_net(Window(1, 1, 1), 1, 0, width=4, blocks=1), Shape(6, 6, 1, Window(1, 1, 1), 2)
    features = feature_rows(6, 0, 1, NUMPY)(0, 6)
    places = quantile_rows(6, 1, 0, NUMPY)(0, 6)
    first = draw_whole(net, shape, GaussianPixels(NUMPY), features, places)
    assert not seen
    monkeypatch.setattr(engine, "BLOCK", 1)
    np.testing.assert_array_equal(draw_whole(net, shape, GaussianPixels(NUMPY), features, places), first)
    assert seen


@pytest.mark.parametrize("order", [wavefront_steps, raster_steps])
@pytest.mark.parametrize("window", WINDOW_NAMES)
def test_a_model_draws_what_its_layers_say(window: str, order: Any) -> None:
    """The engine against the plain loop over the layers."""
    model, z = tiny_model(window), some_latents(3)
    context = context_of(model, z)
    rows, columns = np.indices((28, 28), dtype=np.int64)
    noise = pixel_noise(rows, columns, 0, np.full_like(rows, 4), 11)

    def value(step: Step, seen: Any) -> Any:
        return noise[step.rows, step.columns] < local(model, context[:, step.rows, step.columns], seen) << 8

    expected = draw(Canvas(3, 28, 28, model.window, context), order(28, 28, model.window), value)
    np.testing.assert_array_equal(model.draw(z, seed=11, draw=4, raster=order is raster_steps), expected)


@pytest.mark.parametrize("device", BACKENDS)
def test_backends_draw_the_same_rgb(device: str) -> None:
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("there is no GPU")
    like = torch.zeros(0, dtype=torch.float64, device="cuda" if device == "cuda" else "cpu")
    window, pictures = Window(3, 3, 3), []
    shape = Shape(20, 30, 2, window, window.slant)
    for place in (NUMPY, like):
        net = moved(random_net(window, width=16), place)
        features, places = feature_rows(30, 12, 2, place)(0, 20), quantile_rows(30, 3, 1, place)(0, 20)
        pictures.append(draw_whole(net, shape, GaussianPixels(place), features, places))
        if place is like:
            pictures.append(draw_by_graph(net, shape, GaussianPixels(place), features, places))
    for other in pictures[1:]:
        np.testing.assert_array_equal(pictures[0], other.cpu().numpy())
    assert pictures[0].std() > 5  # equality means something only if the pixels differ among themselves


@pytest.mark.parametrize("window", [Window(0, 0, 0), Window(0, 2, 0), Window(2, 3, 1)])
def test_the_captured_step_asks_nothing_of_the_host(window: Window) -> None:
    like = torch.zeros(0, dtype=torch.float64)
    net, shape = moved(random_net(window, width=8, blocks=1), like), Shape(5, 6, 2, window, window.slant)
    features, places = feature_rows(6, 12, 2, like)(0, 5), quantile_rows(6, 3, 1, like)(0, 5)
    step = StaticStep(net, shape, GaussianPixels(like), features, places)
    step()
    before = [buffer.data_ptr() for buffer in (step.pixels, step.time, *step.buffers, step.heads.sums)]
    with HostReads() as reads:
        step()
    assert reads.found == []
    assert before == [buffer.data_ptr() for buffer in (step.pixels, step.time, *step.buffers, step.heads.sums)]


def test_threads_draw_the_same() -> None:
    z = some_latents(BATCH + 5)
    model = IntegerModel(*exported())
    assert model.workers == cores()
    model.workers = 1
    expected = model.draw(z, seed=6)
    model.workers = 2
    np.testing.assert_array_equal(model.draw(z, seed=6), expected)


def test_an_exception_drops_what_has_not_begun() -> None:
    begun: list[int] = []

    def job(number: int) -> int:
        begun.append(number)
        if number == 1:
            raise KeyboardInterrupt
        time.sleep(0.01)
        return number

    assert in_threads(lambda n: 2 * n, range(3), 2) == [0, 2, 4]
    with pytest.raises(KeyboardInterrupt):
        in_threads(job, range(100), 2)
    assert len(begun) < 50


def no_outputs(channel: int, outputs: Any, places: Any) -> Any:
    return outputs[0] * 0 + 1


def test_memory_follows_the_frontier_and_not_the_height(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "GROUP", 32)
    monkeypatch.setattr(engine, "WHOLE", 0)
    window, sizes = Window(2, 1, 1), []
    for height in (100, 10_000):
        shape = Shape(height, 8, 1, window, window.slant)
        sizes.append((Rows(shape).capacity, Sheared(shape, 1, NUMPY).pixels.size))
    assert sizes[0] == sizes[1]
    net, given = random_net(window, 1, 2, width=3, blocks=1), list[tuple[int, int]]()
    loaded: list[tuple[int, int]] = []

    def load(first: int, last: int) -> Any:
        loaded.append((first, last))
        return np.zeros((last - first, 8, 2, 1))

    def emit(first: int, rows: Any) -> None:
        assert (rows == 1).all()
        given.append((first, first + len(rows)))

    progress: list[int] = []
    shape = Shape(300, 8, 1, window, window.slant)
    sweep(net, shape, no_outputs, emit, like=NUMPY, features=load, progress=progress.append)
    for parts in (loaded, given):
        assert (parts[0][0], parts[-1][1]) == (0, 300)
        assert all(a[1] == b[0] for a, b in zip(parts, parts[1:], strict=False))
        assert max(last - first for first, last in parts) <= Rows(shape).capacity < 20
    assert sum(progress) == 300 and min(progress) > 0


def test_symbols_come_in_the_order_of_the_diagonals() -> None:
    """What an entropy decoder relies on: for each diagonal each channel, rows downwards, pictures innermost."""
    window, calls = Window(1, 1, 1), list[tuple[int, list[list[float]]]]()
    numbers = np.arange(12.0).reshape(3, 4)

    def choose(channel: int, outputs: Any, places: Any) -> Any:
        assert outputs.shape == (2, len(places), 2)
        calls.append((channel, places.tolist()))
        return places[:, None] * 10 + channel + np.array([0, 0.5])

    shape = Shape(3, 4, 2, window, window.slant)
    net = random_net(window, 2, 0, width=3, blocks=1)
    drawn = draw_whole(net, shape, choose, np.zeros((3, 4, 0, 2)), numbers)
    expected = numbers[None, :, :, None] * 10 + np.arange(2) + np.array([0, 0.5])[:, None, None, None]
    np.testing.assert_array_equal(drawn, expected)
    lines = [numbers[step.rows, step.columns].tolist() for step in wavefront_steps(3, 4, window)]
    assert calls == [(channel, line) for line in lines for channel in range(2)]


def test_an_interrupt_goes_through() -> None:
    window, steps = Window(1, 1, 1), iter(range(20))

    def choose(channel: int, outputs: Any, places: Any) -> Any:
        if next(steps) == 10:
            raise KeyboardInterrupt
        return outputs[0]

    net, shape = random_net(window, 1, 0, width=3, blocks=1), Shape(9, 9, 1, window, window.slant)
    with pytest.raises(KeyboardInterrupt):
        draw_whole(net, shape, choose, np.zeros((9, 9, 0, 1)))


def test_too_steep_an_order_is_refused() -> None:
    with pytest.raises(ValueError, match="needs 4"):
        Shape(9, 9, 1, Window(3, 3, 3), 3)


def edges() -> Iterator[int]:
    """Noise at which a probability is just reached or just missed."""
    for value in load_tables().sigmoid[[0, 1, 2, 1023, 1024, 1025, 2047, 2048]].tolist():
        yield from (max(0, (value << 8) - 1), value << 8, (value << 8) + 1)
    yield from (0, 2**32 - 1)


def test_logits_may_be_compared_instead_of_probabilities() -> None:
    sigmoid = load_tables().sigmoid
    assert (np.diff(sigmoid) >= 0).all()
    noise = np.array([*edges(), *np.random.default_rng(0).integers(0, 2**32, 500)])
    logits = np.arange(-SIGMOID_RANGE - 3, SIGMOID_RANGE + 4)
    ones = sigmoid[logits.clip(-SIGMOID_RANGE, SIGMOID_RANGE) + SIGMOID_RANGE]
    least = least_logits(noise)
    np.testing.assert_array_equal(logits >= least[:, None], noise[:, None] < ones << 8)
