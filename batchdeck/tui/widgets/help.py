"""Help: every key of the screen underneath, made from the registry, with what cannot be done now and why."""

from __future__ import annotations

import textwrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from batchdeck.tui.actions.context import Context
from batchdeck.tui.actions.registry import Action, Registry
from batchdeck.tui.widgets.row_table.paint import fit

_KEYS_WIDTH = 13
_TITLE_WIDTH = 15
_BESIDE_WIDTH = 30
"""Cells that what an action does needs beside its title; with fewer it stands below."""
_INDENT = 2


def help_text(registry: Registry, context: Context, width: int) -> Content:
    """Return the help of a screen in lines of `width` cells.

    Its actions stand under their headings, those that cannot be done now with their reason.
    """
    parts: list[str | tuple[str, str]] = []
    for group, actions in registry.by_group(context.place).items():
        parts.append((f"{group}\n", "bold underline"))
        for action in actions:
            parts += _entry(action, action.blocked(context), width - _KEYS_WIDTH - _TITLE_WIDTH)
        parts.append("\n")
    return Content.assemble(*parts)


def _entry(action: Action, reason: str, width: int) -> list[str | tuple[str, str]]:
    """Return one action: keys and title, and beside or below them what it does, then why not now."""
    look = "dim" if reason else ""
    is_beside = width >= _BESIDE_WIDTH
    indent = _KEYS_WIDTH + _TITLE_WIDTH if is_beside else _INDENT
    width = max(width + _KEYS_WIDTH + _TITLE_WIDTH - indent, 20)
    keys = fit(action.shown_keys or f":{action.command}", _KEYS_WIDTH)
    lines = [(line, look) for line in textwrap.wrap(action.description, width)]
    if reason:
        lines += [(line, "italic") for line in textwrap.wrap(f"Not now: {reason}", width)]
    entry: list[str | tuple[str, str]] = [
        (keys, look or "bold"),
        (fit(action.title, _TITLE_WIDTH) if is_beside else f"{action.title}\n", look),
    ]
    for number, (line, own) in enumerate(lines):
        entry += [" " * indent if number or not is_beside else "", (f"{line}\n", own)]
    return entry


class HelpScreen(ModalScreen[str]):
    """All keys of a screen, to scroll through; left with the id of the action that is to follow, if any."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "leave", show=False),
        Binding("colon", "leave('nav.command')", show=False),
        Binding("ctrl+p", "leave('nav.palette')", show=False),
        Binding("j,down", "scroll_by(1)", show=False),
        Binding("k,up", "scroll_by(-1)", show=False),
        Binding("space,pagedown,ctrl+d", "page(1)", show=False),
        Binding("pageup,ctrl+u", "page(-1)", show=False),
        Binding("g,home", "to_end(False)", show=False),
        Binding("G,end", "to_end(True)", show=False),
    ]
    DEFAULT_CSS = """
    HelpScreen {
        background: $background;
        & > VerticalScroll { padding: 0 1; scrollbar-size: 0 0; height: 1fr; }
        & > #help-foot { height: 1; padding: 0 1; color: $text-muted; }
        & > #help-head { height: 1; padding: 0 1; text-style: bold; }
    }
    """

    def __init__(self, registry: Registry, context: Context) -> None:
        super().__init__()
        self._registry = registry
        self._moment = context

    def compose(self) -> ComposeResult:
        yield Static(f"Keys of {self._moment.place}", id="help-head", markup=False)
        with VerticalScroll():
            yield Static(id="help-text", markup=False)
        yield Static(
            "Esc back   j k move   : commands by name   ^p search all actions", id="help-foot", markup=False
        )

    def on_resize(self) -> None:
        width = self.size.width - 2
        self.query_one("#help-text", Static).update(help_text(self._registry, self._moment, width))

    @property
    def _body(self) -> VerticalScroll:
        return self.query_one(VerticalScroll)

    def action_leave(self, action_id: str = "") -> None:
        self.dismiss(action_id)

    def action_scroll_by(self, lines: int) -> None:
        self._body.scroll_relative(y=lines, animate=False)

    def action_page(self, pages: int) -> None:
        self._body.scroll_relative(y=pages * max(self._body.size.height - 1, 1), animate=False)

    def action_to_end(self, bottom: bool) -> None:
        if bottom:
            self._body.scroll_end(animate=False)
        else:
            self._body.scroll_home(animate=False)


class ValueScreen(ModalScreen[None]):
    """A text alone on the screen, for the terminal's own selection (Shift and the mouse)."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter,space,Y", "leave", show=False)]
    DEFAULT_CSS = """
    ValueScreen {
        background: $background;
        & > #value { height: 1fr; }
        & > #value-foot { height: 1; color: $text-muted; }
    }
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        yield Static(self._text, id="value", markup=False)
        yield Static("Select with the mouse, holding Shift. Esc back", id="value-foot", markup=False)

    def action_leave(self) -> None:
        self.dismiss(None)
