"""What the second readers of section 15 of docs/format.md share: the head of a file, the hash, and probabilities."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from math import isqrt
from operator import mul
from typing import NamedTuple

from independent_reader import MASK, Vector, clamp

Decide = Callable[[int], int]
"""A decision from the probability of a 1, in units of 2^-24."""


def hashed(value: int) -> int:
    """The hash h."""
    value &= MASK
    value ^= value >> 15
    value = value * 0x2C1B3C6D & MASK
    return value ^ value >> 13


def head(data: bytes, flag: int) -> tuple[int, int, int, int]:
    """Channels, height and width of a file of mode 10 with this flag, and the place behind them."""
    assert data[:6] == b"\xd6\x5a\x1a\0\0\0" and data[6] & ~3 == flag
    height, place = leb128(data, 7)
    width, place = leb128(data, place)
    return (1 if data[6] & 1 else 3) + (data[6] >> 1 & 1), height, width, place


def leb128(data: bytes, place: int) -> tuple[int, int]:
    """A number as in section 2, and the place behind it."""
    value = shift = 0
    while True:
        value |= (data[place] & 127) << shift
        place, shift = place + 1, shift + 7
        if data[place - 1] < 128:
            return value, place


class Question(NamedTuple):
    """What is asked of a place: its class, its cell of each context, and inputs beside those of the cells."""

    kind: int
    cells: Vector
    more: Sequence[int] = ()


class Decision(NamedTuple):
    """An answer, with the inputs and the probability of a 1 that it was decided by."""

    question: Question
    inputs: Vector
    one: int
    found: int


class Mixer:
    """Decisions by cells and weights that learn; `weights` are those of each question and class at first."""

    def __init__(self, weights: Vector, decide: Decide, logistic: Vector) -> None:
        self.first, self.decide, self.logistic = weights, decide, logistic
        self.cells: dict[tuple[int, int], tuple[int, int]] = {}
        self.weights: dict[tuple[int, int], Vector] = {}

    def ask(self, number: int, asked: Sequence[Question]) -> Vector:
        """The decisions of the question of this number, which then are learnt."""
        decisions = [self.decision(number, one) for one in asked]
        for kind in {one.kind for one in asked}:
            self.learn(self.weights[number, kind], [one for one in decisions if one.question.kind == kind])
        new = {}
        for one in decisions:
            for place in enumerate(one.question.cells):
                p, n = self.cells.get(place, (1 << 21, 0))
                moved = p + ((((1 << 22) - 1) * one.found - p) * (655360 // (10 * n + 12)) >> 16)
                new[place] = moved, min(127, n + 1)
        self.cells |= new
        return [one.found for one in decisions]

    def decision(self, number: int, question: Question) -> Decision:
        shares = [max(1, self.cells.get(place, (1 << 21, 0))[0] >> 10) for place in enumerate(question.cells)]
        inputs = [*(self.stretch(share << 12) for share in shares), 512, *question.more]
        weights = self.weights.setdefault((number, question.kind), [*self.first])
        one = self.logistic[clamp(sum(map(mul, weights, inputs)) >> 16, -10240, 10240) + 16384]
        return Decision(question, inputs, one, self.decide(one))

    def stretch(self, share: int) -> int:
        """The least k with logistic[k] >= share."""
        return bisect_left(self.logistic, share) - 16384

    def learn(self, weights: Vector, decisions: Sequence[Decision]) -> None:
        errors = [((one.found << 24) - one.one) >> 12 for one in decisions]
        for i in range(len(weights)):
            total = sum(error * one.inputs[i] for error, one in zip(errors, decisions, strict=True))
            weights[i] = clamp(weights[i] + total // (isqrt(len(decisions)) << 12), -(1 << 26), 1 << 26)
