"""Random numbers that are the same everywhere: a counter generator and a table of Gaussian quantiles.

Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011) maps a counter of
four 32-bit words and a key of two to four random words, in integer arithmetic alone. What a number
is for is written into its counter, so the order in which numbers are drawn cannot change them:

    candidates of z    (path low, path high, dimension // 8, level)               key (0, 0)
    noise of a pixel   (row, column, draw, 2^31 + channel // 4), lane channel % 4  key (seed low, seed high)
    dither of a latent (row, column, channel // 4, 3 * 2^29), lane channel % 4     key (0, 0)
    texture of latents (row, column, channel // 16 + 2^16 number, 5 * 2^28), byte channel % 16 key: seed
    private choices    (index, image, 0, 2^30)                                     key (0, 0)

Arrays are int64 with values below 2^32, from numpy or torch alike; products wrap in two's
complement, which leaves both halves of the 64-bit product intact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .arrays import Array, namespace
from .tables import load_tables

MASK = 0xFFFFFFFF
PIXEL_DOMAIN = 1 << 31
PRIVATE_DOMAIN = 1 << 30
DITHER_DOMAIN = 3 << 29
TEXTURE_DOMAIN = 5 << 28


def philox(c0: Array, c1: Array, c2: Array, c3: Array, key: tuple[int, int]) -> tuple[Array, Array, Array, Array]:
    """Four arrays of random words below 2^32 for the counter words c0 ... c3 (int64 arrays of one shape)."""
    k0, k1 = key[0] & MASK, key[1] & MASK
    for _ in range(10):
        p0, p1 = c0 * 0xD2511F53, c2 * 0xCD9E8D57
        h0, h1 = p0 >> 32, p1 >> 32
        for word in (h0, h1, p0, p1):  # in place: fresh memory costs more than the arithmetic
            word &= MASK
        h1 ^= c1 ^ k0
        h0 ^= c3 ^ k1
        c0, c1, c2, c3 = h1, p1, h0, p0
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c0, c1, c2, c3


def candidate_halves(paths: NDArray[np.int64], level: int, first: int, count: int) -> NDArray[np.int64]:
    """Random numbers of 16 bits that candidates have for their latents, shape (len(paths), count).

    Args:
        paths: number of each candidate, int64, 0 or more.
        level: which group of the code the candidates belong to.
        first: first latent dimension wanted, a multiple of 8.
        count: how many dimensions from there on.
    """
    calls = np.arange(first // 8, (first + count + 7) // 8, dtype=np.int64)[:, None]
    low, high, zero = paths & MASK, paths >> 32, np.zeros((len(calls), len(paths)), np.int64)
    words = philox(low + zero, high + zero, calls + zero, zero + level, (0, 0))
    halves = np.empty((len(calls), 8, len(paths)), np.int64)  # candidates innermost: words are stored in long runs
    for index, word in enumerate(words):
        halves[:, 2 * index], halves[:, 2 * index + 1] = word & 0xFFFF, word >> 16
    return np.asarray(halves.reshape(8 * len(calls), len(paths))[:count].T)


def candidate_noise(paths: NDArray[np.int64], level: int, first: int, count: int) -> NDArray[np.int64]:
    """Return standard normal noise of candidates, in units of 2^-12; arguments and shape as of `candidate_halves`."""
    return np.asarray(load_tables().quantile[candidate_halves(paths, level, first, count)])


def pixel_noise(rows: Array, columns: Array, channel: int, draws: Array, seed: int) -> Array:
    """Uniform 32-bit integers for pixels, int64, of the common shape of rows, columns and draws."""
    xp = namespace(rows)
    rows, columns, draws = xp.broadcast_arrays(rows, columns, draws)
    domain = xp.full_like(rows, PIXEL_DOMAIN + channel // 4)
    return philox(rows, columns, draws, domain, (seed & MASK, seed >> 32))[channel % 4]


def texture_bytes(
    rows: NDArray[np.int64], columns: NDArray[np.int64], group: int, number: int, seed: int
) -> NDArray[np.uint8]:
    """Return uniform bytes for 16 channels of latents, (16, *shape of rows and columns).

    Args:
        rows, columns: of the latents.
        group: of channels, the first of which is 16 group.
        number: of the draw of this seed.
        seed: 64 bits.
    """
    kind = np.full_like(rows, TEXTURE_DOMAIN)
    words = philox(rows, columns, np.full_like(rows, group + (number << 16)), kind, (seed & MASK, seed >> 32))
    return np.stack([word >> shift & 255 for word in words for shift in (0, 8, 16, 24)]).astype(np.uint8)


def private_uniforms(count: int, streams: int | list[int]) -> NDArray[np.float64]:
    """Uniform numbers in (0, 1) for the sender's own choices, which the receiver never needs.

    Args:
        count: how many of each stream.
        streams: numbers of streams, 32 bits.

    Returns:
        (count,), or (streams, count) of several streams.
    """
    stream = np.asarray(streams, np.int64)[..., None]
    index = np.arange((count + 3) // 4, dtype=np.int64) + 0 * stream
    words = np.stack(philox(index, 0 * index + stream, 0 * index, 0 * index + PRIVATE_DOMAIN, (0, 0)), axis=-1)
    return (words.reshape(*index.shape[:-1], -1)[..., :count] + 0.5) / 2.0**32
