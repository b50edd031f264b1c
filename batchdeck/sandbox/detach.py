"""Going on in the background: the caller gets one line, and the rest of the program has no terminal."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def detach(log: Path) -> None:
    """Fork; return in a child that belongs to no terminal and writes to `log`.

    The parent never returns. It passes on the first line that the child writes to standard output and exits
    with 0, or exits with 1 and what the log says if the child ends without having written one.
    """
    reading, writing = os.pipe()
    if os.fork() != 0:
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            line = pipe.readline()
        if not line:
            sys.stderr.write(log.read_text(errors="replace"))
            sys.stderr.flush()
        sys.stdout.buffer.write(line)
        sys.stdout.flush()
        os._exit(0 if line else 1)
    os.setsid()
    os.close(reading)
    with log.open("wb") as output, Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(output.fileno(), 2)
    os.dup2(writing, 1)
    os.close(writing)
