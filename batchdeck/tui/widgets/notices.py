"""What a screen shows in place of a list: that there is nothing yet and what to do, or what went wrong."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from batchdeck.domain.text import show
from batchdeck.errors import BatchDeckError

_LONGEST = 1_000


class Notice(Static):
    """A few lines in the middle: a heading, an explanation, and the way on."""

    DEFAULT_CSS = """
    Notice {
        width: 1fr;
        height: 1fr;
        content-align: center middle;
        padding: 1 4;
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes, markup=False)

    def say(self, heading: str, *lines: str) -> None:
        """Show a heading and lines below it; each text as it is."""
        shown = "\n".join(show(line, _LONGEST, newlines=True) for line in lines)
        self.update(Content.assemble((show(heading, 100), "bold"), "\n\n" if shown else "", shown))

    def say_error(self, error: BatchDeckError) -> None:
        """Show an error: what happened, why, what to do next."""
        self.say(f"✗ {error.title}", error.message, *((error.hint,) if error.hint else ()))
