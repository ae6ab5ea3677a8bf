"""A folder that is not on a disk."""

from __future__ import annotations

import io


class MemoryFolder:
    """A folder of files in memory, as far as reading a model needs one."""

    def __init__(self, files: dict[str, bytes], name: str = "folder") -> None:
        self.files, self.name = files, name

    def __truediv__(self, name: str) -> MemoryFolder:
        return MemoryFolder(self.files, name)

    def __str__(self) -> str:
        return self.name

    def open(self, mode: str) -> io.BytesIO:
        """Open the file's bytes; what was cut out of the folder is missing as on a disk."""
        if self.name not in self.files:
            raise FileNotFoundError(2, "No such file or directory", self.name)
        return io.BytesIO(self.files[self.name])
