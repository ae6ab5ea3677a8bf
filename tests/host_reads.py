"""What a step does that a CUDA graph cannot hold, found without a GPU."""

from __future__ import annotations

from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode


class HostReads(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes what a step does that a CUDA graph cannot hold: values read by the host, sizes that depend on values."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.found: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = str(func)
        if any(part in name for part in ("_local_scalar_dense", "nonzero", "masked_select", "unique")):
            self.found.append(name)
        if name.startswith(("aten.scalar_tensor", "aten._to_copy", "aten.lift_fresh")):
            made = [kwargs.get("device")] if kwargs and kwargs.get("device") is not None else []
            self.found.extend(f"{name} to {device}" for device in made)
        return func(*args, **(kwargs or {}))
