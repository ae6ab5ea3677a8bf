"""Which array library an array belongs to, so that one code serves numpy and torch (design D6)."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any
"""An array of numpy or torch."""


def namespace(array: Array) -> Any:
    """Return the functions of the array API standard for this array.

    numpy 2 is its own answer, at once: the inner loops call this often, and array-api-compat's wrapper of
    numpy alone takes longer to import than the rest of the codec.
    """
    if isinstance(array, np.ndarray) and hasattr(np, "permute_dims"):
        return np
    import array_api_compat

    return array_api_compat.array_namespace(array)
