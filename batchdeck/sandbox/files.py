"""Writing files of the state whole or not at all. What they mean is told elsewhere."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Replace `path` with `data` in one step, readable by its owner alone; a killed process leaves the old
    file. Not flushed to the disk: the sandbox promises to survive its own death, not the machine's."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
