"""What a deck does in a notebook: `Deck.live` and `Deck.dashboard` end here."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from batchdeck.deck import Deck
from batchdeck.domain.text import show
from batchdeck.errors import UsageError
from batchdeck.notebook.live import Live
from batchdeck.notebook.picture import Picture
from batchdeck.notebook.telling import in_kernel

_NOT_PASSED_ON = frozenset({"COLUMNS", "LINES", "TMUX", "STY", "TERM_PROGRAM", "FORCE_COLOR", "NO_COLOR"})
"""What describes a terminal that is not the child's."""


class NotebookFace:
    """The notebook of this process (`batchdeck.showing.Face`)."""

    def live(self, deck: Deck, *, seconds: float, track: bool) -> Live:
        if not in_kernel():
            raise UsageError("A console cannot keep a table up to date.", hint="Run: batchdeck watch.")
        return Live(deck, seconds=seconds, track=track)

    def dashboard(self, deck: Deck, *, height: int, picture: bool) -> Any:
        words, extra = deck.reopening
        environ = _environment(os.environ, extra)
        in_terminal = f"In a terminal: {show(shlex.join(('batchdeck', *words)), 300)}"
        if picture or find_spec("anywidget") is None:
            return Picture(words, environ=environ, line=in_terminal)
        from batchdeck.notebook.widget import Dashboard

        return Dashboard(
            (sys.executable, "-m", "batchdeck.notebook.child", *words),
            environ=environ,
            line=f"Click it to type, F6 leaves it. {in_terminal}",
            height=height,
        )


def _environment(environ: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a child that draws on a terminal of the browser."""
    kept = {name: value for name, value in environ.items() if name not in _NOT_PASSED_ON}
    return kept | {"TERM": "xterm-256color", "COLORTERM": "truecolor", **extra}
