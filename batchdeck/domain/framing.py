"""A finished HTML file as a notebook shows it in place: shut into a frame that may do nothing but be read."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

from batchdeck.domain.text import show


@dataclass(frozen=True, slots=True)
class Framed:
    """One HTML file, read when it is shown; a file of another kind is shown as the text it is.

    The frame carries the document itself, so no address is asked for, and its `sandbox` is empty: no script
    of the document runs, no form is sent, and to the notebook's page it is a stranger.
    """

    path: Path
    title: str
    height: int = 600
    """In CSS pixels."""

    def _repr_html_(self) -> str:
        document = self.path.read_text(encoding="utf-8")
        if self.path.suffix not in (".html", ".htm"):
            document = f"<pre>{escape(document)}</pre>"
        return (
            f'<iframe sandbox="" srcdoc="{escape(document)}" title="{escape(show(self.title, 200))}" '
            f'width="100%" height="{int(self.height)}" loading="lazy" '
            'style="border:1px solid #8886;background:#fff"></iframe>'
        )

    def __repr__(self) -> str:
        return f"<{show(self.title, 80)}: {show(str(self.path), 200)}>"


@dataclass(frozen=True, slots=True)
class FramedSet:
    """Several HTML files, one below the other, each folded away but the first."""

    frames: tuple[Framed, ...]

    def _repr_html_(self) -> str:
        return "".join(
            f"<details{' open' if number == 0 else ''}><summary>{escape(show(frame.title, 200))}</summary>"
            f"{frame._repr_html_()}</details>"
            for number, frame in enumerate(self.frames)
        )

    def __repr__(self) -> str:
        return "\n".join(map(repr, self.frames))
