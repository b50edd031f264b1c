"""The deck looked over: one line for each thing that was checked, what is wrong first."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from batchdeck.domain.findings import Check
from batchdeck.domain.text import show


def checks_text(checks: Sequence[Check], width: int) -> Content:
    """Return the checks in lines of `width` cells."""
    parts: list[str | tuple[str, str]] = []
    for check in sorted(checks, key=lambda each: each.ok):
        sign, look = ("✓", "$success") if check.ok else ("✗", "bold $error")
        parts.append((f"{sign} {check.name:<14}", look))
        lines = textwrap.wrap(show(check.detail, 1_000), max(width - 16, 20)) or [""]
        parts.append("\n".join([lines[0], *(" " * 16 + line for line in lines[1:])]) + "\n")
    return Content.assemble(*parts)


class ChecksScreen(ModalScreen[None]):
    """What the doctor found."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter,space", "leave", show=False)]
    DEFAULT_CSS = """
    ChecksScreen {
        background: $background;
        & > VerticalScroll { padding: 0 1; scrollbar-size: 0 0; height: 1fr; }
        & > #checks-head { height: 1; padding: 0 1; text-style: bold; }
        & > #checks-foot { height: 1; padding: 0 1; color: $text-muted; }
    }
    """

    def __init__(self, checks: Sequence[Check]) -> None:
        super().__init__()
        self._checks = checks

    def compose(self) -> ComposeResult:
        wrong = sum(not check.ok for check in self._checks)
        yield Static(
            f"{wrong} of {len(self._checks)} checks need you" if wrong else "All is well",
            id="checks-head",
            markup=False,
        )
        with VerticalScroll():
            yield Static(id="checks-text", markup=False)
        yield Static("Esc back   `batchdeck doctor` prints the same", id="checks-foot", markup=False)

    def on_resize(self) -> None:
        self.query_one("#checks-text", Static).update(checks_text(self._checks, self.size.width - 2))

    def action_leave(self) -> None:
        self.dismiss(None)
