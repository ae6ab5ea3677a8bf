"""Colour pictures drawn as on a GPU: by captured steps, with the coding left to the processor."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from host_reads import HostReads
from small_models import BACKENDS, windowed_model
from test_photo_networks import RECIPE, SMALL, picture, start

from vlae_codec.autoregressive import cuda_graph
from vlae_codec.autoregressive.cuda_graph import StaticStep
from vlae_codec.autoregressive.engine import Choose, Shape
from vlae_codec.autoregressive.window_net import LocalNet
from vlae_codec.coding.binary_coder import Reader, Writer
from vlae_codec.exact.arrays import Array
from vlae_codec.families.windowed import grid, pixels
from vlae_codec.families.windowed.model import Integers, Levels, WindowedModel
from vlae_codec.families.windowed.pixels import decisions

SIZE = (21, 40)
WIDTH = 25


@pytest.fixture(params=BACKENDS)
def model(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> WindowedModel:
    """A model on the GPU; without one, on torch, which takes the same way."""
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("there is no GPU")
    made = on(request.param)
    monkeypatch.setattr(WindowedModel, "on_gpu", property(lambda self: self.device == request.param))
    return made


def on(device: str) -> WindowedModel:
    return windowed_model(start(dataclasses.replace(SMALL, linear_path=True)), RECIPE, device)


def coded(model: WindowedModel) -> tuple[bytes, Integers]:
    """The payload and the latents of a picture."""
    y = model.encode(picture(32, 48))
    writer = Writer(grid.decisions(model, *y.shape[:2]))
    z = grid.push_grid(model.coder, writer, y, WIDTH)
    return writer.to_bytes(), z


@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("temperature", [0, 0.5, 1])
def test_captured_steps_draw_what_the_processor_draws(
    model: WindowedModel, temperature: float, grey: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[Shape] = []
    real = cuda_graph.draw_by_graph

    def noted(net: LocalNet, shape: Shape, choose: Choose, features: Array, places: Array = None) -> Array:
        sizes.append(shape)
        return real(net, shape, choose, features, places)

    monkeypatch.setattr(pixels, "draw_by_graph", noted)

    def drawn(one: WindowedModel) -> Levels:
        return pixels.draw(
            one, coded(one)[1], WIDTH, SIZE, grey=grey, seed=2**40 + 9, number=3, temperature=temperature
        )

    expected = drawn(on("cpu"))
    assert not sizes
    np.testing.assert_array_equal(drawn(model), expected)
    assert [(shape.height, shape.width) for shape in sizes] == [SIZE]
    monkeypatch.setattr(pixels, "BY_GRAPH", 0)
    np.testing.assert_array_equal(drawn(model), expected)
    assert len(sizes) == 1
    assert expected.std() > 5


def test_a_gpu_is_not_waited_for_by_the_coder(model: WindowedModel) -> None:
    """What is coded is the same, and made by numpy."""
    assert model.coder.device == "cpu" and on("cpu").coder.device == "cpu"
    payload, z = coded(model)
    assert payload == coded(on("cpu"))[0]
    levels, count = picture(*SIZE), decisions(*SIZE, False)
    written = []
    for one in (model, on("cpu")):
        writer = Writer(count)
        pixels.push_pixels(one, writer, levels, z, WIDTH, False, None)
        written.append(writer.to_bytes())
    assert written[0] == written[1]
    assert (pixels.pop_pixels(model, Reader(written[0], count), SIZE, z, WIDTH, False, None) == levels).all()


@pytest.mark.parametrize("temperature", [0, 0.5])
def test_a_step_asks_nothing_of_the_host(temperature: float, monkeypatch: pytest.MonkeyPatch) -> None:
    model = on("torch")
    monkeypatch.setattr(WindowedModel, "on_gpu", True)

    def one_step(net: LocalNet, shape: Shape, choose: Choose, features: Array, places: Array = None) -> Array:
        step = StaticStep(net, shape, choose, features, places)
        step()
        with HostReads() as reads:
            step()
        assert reads.found == []
        return step.picture()

    monkeypatch.setattr(pixels, "draw_by_graph", one_step)
    pixels.draw(model, coded(on("cpu"))[1], WIDTH, SIZE, temperature=temperature)
