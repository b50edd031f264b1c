"""A real terminal: shells in tmux, keys in, the screen out."""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

READY = "shell-ready$"


class Tmux:
    """One shell in one window of a private tmux server."""

    def __init__(self, socket: str, folder: Path, environ: dict[str, str], columns: int, lines: int) -> None:
        self._socket = socket
        self._environ = environ
        shell = f"env PS1={shlex.quote(READY + chr(32))} bash --norc --noprofile"
        size = ("-x", str(columns), "-y", str(lines))
        self._tmux("-f", "/dev/null", "new-session", "-d", *size, "-c", str(folder), shell)
        self.wait_for(READY)

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self._socket, *arguments],
            env=self._environ,
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        )
        return done.stdout

    @property
    def screen(self) -> str:
        return self._tmux("capture-pane", "-p")

    def ask(self, variable: str) -> str:
        """Return what tmux knows of the pane."""
        return self._tmux("display-message", "-p", f"#{{{variable}}}").strip()

    def keys(self, *names: str) -> None:
        self._tmux("send-keys", *names)

    def write(self, text: str) -> None:
        self._tmux("send-keys", "-l", text)

    def resize(self, columns: int, lines: int) -> None:
        self._tmux("resize-window", "-x", str(columns), "-y", str(lines))

    def wait_for(self, *wanted: str, seconds: float = 90) -> str:
        """Poll the screen until it shows all of `wanted`, and return it."""
        return self.wait_until(lambda screen: all(text in screen for text in wanted), str(wanted), seconds)

    def wait_until(self, holds: Callable[[str], bool], what: str, seconds: float = 90) -> str:
        deadline = time.monotonic() + seconds
        while not holds(screen := self.screen):
            assert time.monotonic() < deadline, f"{what} did not come:\n{screen}"
            time.sleep(0.05)
        return screen

    def close(self) -> None:
        subprocess.run(["tmux", "-L", self._socket, "kill-server"], capture_output=True, check=False)
