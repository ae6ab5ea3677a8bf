"""What a family of models can do: the protocol behind which the codec keeps all differences between them."""

from __future__ import annotations

from typing import Any, Protocol

from ..model.folder import Tree
from ..model.limits import Arrays


class Family(Protocol):
    """A kind of model; `registry.register` makes it known.

    Attributes:
        name: as model.json has it.
    """

    name: str

    def check(self, tree: Tree) -> None:
        """Hold the settings of a model.json against the family's limits.

        Raises:
            ModelError: one is missing or out of range.
        """

    def load(self, tree: Tree, arrays: Arrays, device: str) -> Any:
        """Return the model of checked settings and integer arrays, on a device ("cpu", "torch" or "cuda").

        Raises:
            ModelError: the arrays do not fit, or the device is not there.
        """

    def probe(self, model: Any) -> None:
        """Put each network of a model to work on a small picture.

        Raises:
            VlaeError: they give numbers beyond what the format allows.
        """
