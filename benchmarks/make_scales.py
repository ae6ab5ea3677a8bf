"""Make the table of distributions that latents of the photo family are coded with.

    python -m benchmarks.make_scales

Normal distributions of mean 0 over bins of width 1, as frequencies of 2^-24. The table is committed, for no two
mathematical libraries agree on the last bits of erfc.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TOTAL = 1 << 24
SCALES, LEAST, LARGEST = 64, 0.11, 128.0
REACH, MOST = 5.0, 640
TARGET = Path(__file__).parents[1] / "vlae_codec" / "coding" / "scales.npz"


def frequencies(scale: float) -> NDArray[np.int32]:
    """Return the frequencies of -limit ... limit and of the escape symbol, which sum to 2^24."""
    limit = min(MOST, math.ceil(REACH * scale) + 1)
    upper = [0.5 * math.erfc((k - 0.5) / scale / math.sqrt(2)) for k in range(limit + 2)]
    masses = [upper[k] - upper[k + 1] for k in range(1, limit + 1)]
    side = np.array([max(1, round(mass * TOTAL)) for mass in masses])
    escape = max(2, round(2 * upper[limit + 1] * TOTAL))
    middle = TOTAL - 2 * int(side.sum()) - escape
    return np.concatenate([side[::-1], [middle], side, [escape]]).astype(np.int32)


def main() -> None:
    """Write the table."""
    scales = [LEAST * math.exp(i * math.log(LARGEST / LEAST) / (SCALES - 1)) for i in range(SCALES)]
    tables = [frequencies(scale) for scale in scales]
    assert all(int(table.sum()) == TOTAL and table.min() >= 1 for table in tables)
    np.savez_compressed(
        TARGET, frequencies=np.concatenate(tables), lengths=np.array([len(t) for t in tables], np.int32)
    )
    print(TARGET.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
