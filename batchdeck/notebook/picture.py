"""A live picture of the home screen, to be read only, for front ends without widgets."""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence

from batchdeck.notebook.render import fill
from batchdeck.notebook.telling import Output, as_html, in_kernel, show_in_cell

_LONGEST_LINE = 4_194_304


class Picture:
    """One output that shows what the dashboard would show. It begins when it is displayed, and ends with
    `close` or with the kernel."""

    def __init__(self, words: Sequence[str], *, environ: Mapping[str, str], line: str) -> None:
        """Take how the deck is opened.

        Args:
            words: the command line's words that open the deck.
            environ: the whole environment of the process that draws.
            line: says how to open the dashboard itself.
        """
        self._words = tuple(words)
        self._environ = dict(environ)
        self._line = line
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None

    @property
    def process_id(self) -> int | None:
        """The process that draws; None while there is none."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if running and self._process is not None else None

    def close(self) -> None:
        """Leave the picture as it is now."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            process.stdin.close()

    def __repr__(self) -> str:
        return f"<picture of the dashboard: {self._line}>"

    def _ipython_display_(self) -> None:
        if not in_kernel():
            print(self._line)
            return
        self.close()
        output = show_in_cell(self._html(""))
        process = self._process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", "batchdeck.notebook.portrait", *self._words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self._environ,
            start_new_session=True,
        )
        self._thread = threading.Thread(
            target=self._follow, args=(process, output), name="batchdeck-picture", daemon=True
        )
        self._thread.start()

    def _follow(self, process: subprocess.Popen[bytes], output: Output) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in iter(lambda: lines.readline(_LONGEST_LINE), b""):
                with contextlib.suppress(ValueError):
                    output.update(as_html(self._html(str(json.loads(line))), self._line))
        process.wait()

    def _html(self, svg: str) -> str:
        source = base64.b64encode(svg.encode()).decode() if svg else ""
        return fill("picture", source=source, line=self._line)
