"""The bottom line: the most wanted keys of the screen as far as they fit, and one short remark."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from batchdeck.domain.text import show
from batchdeck.tui.actions.context import Context
from batchdeck.tui.actions.keys import show_key
from batchdeck.tui.actions.registry import Action, Registry

_GAP = 2
_ALWAYS = 90
"""Actions from this footer turn on (help, quit) are shown whatever else has to go."""
Hint = tuple[Action, bool]
"""An action of the line, and whether it can be done now."""


def choose_hints(registry: Registry, context: Context, width: int) -> list[Hint]:
    """Return the actions to show in `width` cells, in their turn; what cannot be done now stays, greyed."""
    actions = [action for action in registry.footer(context.place) if action.keys]
    kept = [action for action in actions if action.footer >= _ALWAYS]
    used = sum(map(_width_of, kept))
    for action in actions:
        if action in kept:
            continue
        used += _width_of(action)
        if used - _GAP > width:
            break
        kept.append(action)
    kept.sort(key=lambda action: action.footer)
    return [(action, not action.blocked(context)) for action in kept]


def _hint_text(action: Action) -> str:
    return f"{show_key(action.keys[0])} {action.title}"


def _width_of(action: Action) -> int:
    return cell_len(_hint_text(action)) + _GAP


class KeyBar(Widget):
    """Keys with what they do. A key that can do nothing now is grey; pressing it says why."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-bar--key", "key-bar--off", "key-bar--remark"}
    DEFAULT_CSS = """
    KeyBar {
        height: 1;
        width: 1fr;
        & .key-bar--key { text-style: bold; color: $accent; }
        & .key-bar--off { text-style: dim; }
        & .key-bar--remark { color: $text-muted; }
    }
    """
    hints: reactive[tuple[Hint, ...]] = reactive(())
    remark: reactive[str] = reactive("")
    """What stands on the right where there is room."""

    class Pressed(Message):
        """An action of the line was clicked."""

        def __init__(self, action_id: str) -> None:
            super().__init__()
            self.action_id = action_id

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._places: list[tuple[int, int, str]] = []

    def say(self, registry: Registry, context: Context, remark: str = "") -> None:
        """Show what can be done now. Repaints only when that has changed."""
        self.hints = tuple(choose_hints(registry, context, self.size.width - 2))
        self.remark = remark

    def render(self) -> Content:
        key, off = self._look("key"), self._look("off")
        parts: list[str | tuple[str, Style]] = [" "]
        self._places = []
        x = 1
        for action, enabled in self.hints:
            text = _hint_text(action)
            shown = show_key(action.keys[0])
            parts += [(shown, key), text[len(shown) :]] if enabled else [(text, off)]
            parts.append(" " * _GAP)
            self._places.append((x, x + cell_len(text), action.id))
            x += cell_len(text) + _GAP
        remark = show(self.remark, 60)
        if remark and x + cell_len(remark) + 1 <= self.size.width:
            parts.append(" " * (self.size.width - x - cell_len(remark) - 1))
            parts.append((remark, self._look("remark")))
        return Content.assemble(*parts)

    def _look(self, part: str) -> Style:
        return self.get_visual_style(f"key-bar--{part}", partial=True)

    def on_click(self, event: Click) -> None:
        for start, end, action_id in self._places:
            if start <= event.x < end:
                self.post_message(self.Pressed(action_id))
