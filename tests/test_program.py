"""Layer programs: against a slow reference in Python's integers' place, the same by numpy and torch, and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vlae_codec.errors import ModelError
from vlae_codec.exact.backend import Backend
from vlae_codec.exact.flow import Flow, run
from vlae_codec.exact.program import Program

Arrays = dict[str, np.ndarray]


def layer(
    arrays: Arrays, name: str, outputs: int, inputs: int, side: int, rng: np.random.Generator, wide: int = 90
) -> None:
    arrays[f"{name}.weight"] = rng.integers(-wide, wide + 1, (outputs, inputs, side, side)).astype(np.int16)
    arrays[f"{name}.bias"] = rng.integers(-5000, 5000, outputs).astype(np.int32)
    arrays[f"{name}.shift"] = rng.integers(5, 9, outputs).astype(np.int8)


def network() -> tuple[list[dict[str, Any]], Arrays]:
    rng = np.random.default_rng(5)
    arrays: Arrays = {}
    layer(arrays, "stem", 8, 12, 3, rng)
    layer(arrays, "block.first", 6, 8, 3, rng)
    layer(arrays, "block.second", 8, 6, 3, rng)
    layer(arrays, "down", 10, 8, 3, rng, 3000)
    layer(arrays, "up", 12, 11, 1, rng)
    program: list[dict[str, Any]] = [
        {"op": "unshuffle", "by": 2},
        {"op": "conv", "name": "stem", "low": -4000, "high": 4000},
        {"op": "residual", "name": "block", "shift": 2, "low": -200, "high": 255, "inner": 300, "limit": 9000},
        {"op": "conv", "name": "down", "low": -70000, "high": 70000, "stride": 2},
        {"op": "clip", "shift": 3, "low": 0, "high": 1000},
        {"op": "quality", "shift": 1},
        {"op": "conv", "name": "up", "low": -30000, "high": 30000},
        {"op": "shuffle", "by": 2},
    ]
    return program, arrays


def reference(program: list[dict[str, Any]], arrays: Arrays, x: Any, level: int) -> Any:
    """The same in int64, one tap after the other."""

    def rounded(x: Any, shift: Any) -> Any:
        return (x + ((1 << shift) >> 1)) >> shift

    def conv(name: str, x: Any, low: int, high: int, stride: int = 1) -> Any:
        weight, bias, shift = (arrays[f"{name}.{part}"].astype(np.int64) for part in ("weight", "bias", "shift"))
        side, pad = weight.shape[2], weight.shape[2] // 2
        padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
        total = np.zeros((len(weight), *x.shape[1:]), np.int64) + bias[:, None, None]
        for r in range(side):
            for c in range(side):
                part = padded[:, r : r + x.shape[1], c : c + x.shape[2]]
                total += np.einsum("oi,ihw->ohw", weight[:, :, r, c], part)
        found: Any = rounded(total, shift[:, None, None]).clip(low, high)[:, ::stride, ::stride]
        return found

    for op in program:
        kind = op["op"]
        if kind == "unshuffle":
            c, h, w = x.shape
            x = x.reshape(c, h // 2, 2, w // 2, 2).transpose(0, 2, 4, 1, 3).reshape(4 * c, h // 2, w // 2)
        elif kind == "shuffle":
            c, h, w = x.shape
            x = x.reshape(c // 4, 2, 2, h, w).transpose(0, 3, 1, 4, 2).reshape(c // 4, 2 * h, 2 * w)
        elif kind == "conv":
            x = conv(op["name"], x, op["low"], op["high"], op.get("stride", 1))
        elif kind == "clip":
            x = rounded(x, op["shift"]).clip(op["low"], op["high"])
        elif kind == "quality":
            x = np.concatenate([x, np.full_like(x[:1], level << op["shift"])])
        else:
            inner = conv(f"{op['name']}.first", rounded(x, op["shift"]).clip(op["low"], op["high"]), 0, op["inner"])
            x = (x + conv(f"{op['name']}.second", inner, -op["limit"], op["limit"])).clip(-op["limit"], op["limit"])
    return x


@pytest.mark.parametrize("shape", [(3, 2, 2), (3, 18, 10), (3, 300, 62)])
def test_programs_compute_what_they_say(shape: tuple[int, int, int]) -> None:
    program, arrays = network()
    x = np.random.default_rng(1).integers(-128, 128, shape)
    expected = reference(program, arrays, x, 77)
    net = Program(program, arrays, 3, 128, Backend())
    np.testing.assert_array_equal(run(net, x.astype(np.float32), 77), expected)
    assert net.outputs == 3 and len({conv.double for op in net.ops for conv in op.convs}) == 2
    torch = pytest.importorskip("torch")
    other = Program(program, arrays, 3, 128, Backend("torch"))
    np.testing.assert_array_equal(run(other, torch.from_numpy(x).float(), 77).numpy(), expected)


@pytest.mark.parametrize("backend", ["cpu", "torch"])
@pytest.mark.parametrize("heights", [[16, 16, 32], [2] * 32, [0, 2, 60, 0, 2], [64, 0]])
def test_rows_that_come_in_bands_give_the_same(heights: list[int], backend: str) -> None:
    if backend == "torch":
        pytest.importorskip("torch")
    program, arrays = network()
    ops = Backend(backend)
    net = Program(program, arrays, 3, 128, ops)
    x = np.random.default_rng(1).integers(-128, 128, (3, 64, 10)).astype(np.float32)
    flow, found, top = Flow(net, 77), [], 0
    for number, height in enumerate(heights):
        rows = ops.load(x[:, top : top + height], False)
        found.append(ops.to_numpy(flow.push(rows, number == len(heights) - 1)))
        top += height
    np.testing.assert_array_equal(np.concatenate(found, 1), ops.to_numpy(run(net, ops.load(x, False), 77)))
    assert sum(map(len, found[:-1])) or len(heights) == 2


@pytest.mark.parametrize("wanted", [(1, 1), (1, 5), (13, 2), (32, 5)])
def test_what_is_not_wanted_does_not_change_the_rest(wanted: tuple[int, int]) -> None:
    program, arrays = network()
    net = Program(program, arrays, 3, 128, Backend())
    x = np.random.default_rng(1).integers(-128, 128, (3, 64, 10)).astype(np.float32)
    whole, flow, found = run(net, x), Flow(net, wanted=wanted), []
    for top in range(0, 64, 16):
        found.append(flow.push(x[:, top : top + 16], top == 48))
    rows = np.concatenate(found, 1)
    assert rows.size < whole.size or wanted == (32, 5)
    np.testing.assert_array_equal(rows[:, : wanted[0], : wanted[1]], whole[:, : wanted[0], : wanted[1]])


@pytest.mark.parametrize("taps", [1, 200, 3000])
def test_taps_are_gathered_a_part_at_a_time(taps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    program, arrays = network()
    net = Program(program, arrays, 3, 128, Backend())
    x = np.random.default_rng(1).integers(-128, 128, (3, 12, 58)).astype(np.float32)
    whole = run(net, x, 77)
    monkeypatch.setattr("vlae_codec.exact.flow.TAPS", taps)  # so few that maps are cut across too
    np.testing.assert_array_equal(run(net, x, 77), whole)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"op": "conv", "name": "none", "low": 0, "high": 1}, "lacks"),
        ({"op": "conv", "name": "stem", "low": 0, "high": 1 << 30}, "range"),
        ({"op": "shuffle", "by": 16}, "does not fit"),
        ({"op": "clip", "shift": -1, "low": 0, "high": 1}, "shift"),
        ({"op": "clip", "shift": 1, "low": 3}, "malformed"),
        ({"op": "fly"}, "unknown"),
        ({}, "malformed"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, Any], what: str) -> None:
    program, arrays = network()
    with pytest.raises(ModelError, match=what):
        Program([program[0], change, *program[2:]], arrays, 3, 128, Backend())


def test_sums_that_could_be_inexact_are_refused() -> None:
    program, arrays = network()
    arrays["stem.weight"] = np.full((8, 12, 3, 3), 1 << 62, np.int64)
    with pytest.raises(ModelError):
        Program(program, arrays, 3, 1 << 20, Backend())
