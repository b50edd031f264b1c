"""Single lines of text on a screen, repainted only when they say something else."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


def say(line: Static, text: str | Content) -> None:
    """Show a text, as it is; what has not changed is not repainted."""
    if line.content != text:
        line.update(text)
