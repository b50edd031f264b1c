"""The line in which something is typed: a filter, a command, a path. One line, above the keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input, Static

from batchdeck.domain.text import show

_MOST_WAYS = 8
"""Ways to go on that are shown at once."""
Completer = Callable[[str], Sequence[str]]
"""Gives the ways a typed text could go on, best first."""


class _FirstCompletion(Suggester):
    """Suggests the first completion; asked anew each time, since what can be typed changes."""

    def __init__(self, complete: Completer) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        return next(iter(self._complete(value)), None)


class _PromptInput(Input):
    """An input that Tab completes.

    Enter and Esc are taken in the order of typing: through the bindings they would take effect some messages
    later, and what was typed after them would still go into the line. That is the screen's, after the answer.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "complete", show=False)]

    def __init__(self, prompt: Prompt) -> None:
        super().__init__(id="prompt-input", compact=True, select_on_focus=False)
        self.cursor_blink = False
        self._prompt = prompt

    async def _on_key(self, event: events.Key) -> None:
        if not self._prompt.is_asking:
            # A new event, since this one is spent; made here, since none rises past the widget that made it.
            self._prompt.post_message(self._prompt.TypedAhead(events.Key(event.key, event.character)))
        elif event.key == "enter":
            self._prompt.give()
        elif event.key == "escape":
            self._prompt.leave()
        else:
            return  # Textual goes on to the input's own handler
        event.stop()
        event.prevent_default()

    def action_complete(self) -> None:
        self.action_end()
        self.action_cursor_right()


class Prompt(Horizontal):
    """A line to type in; hidden until it asks.

    It has the focus until the screen takes the answer, which hides it and moves the focus on: keys that are
    typed meanwhile come to the screen after the answer, in their order.
    """

    DEFAULT_CSS = """
    Prompt {
        height: 1;
        display: none;
        &.-asking { display: block; }
        & > #prompt-label { width: auto; text-style: bold; color: $accent; padding: 0 0 0 1; }
        & > #prompt-input { width: 1fr; border: none; height: 1; padding: 0 1 0 0; background: transparent; }
        & > #prompt-hint { width: auto; max-width: 50%; color: $text-muted; padding: 0 1 0 0; }
    }
    """

    @dataclass
    class Typed(Message):
        """The text changed while `what` is asked for."""

        what: str
        text: str

    @dataclass
    class Given(Message):
        """The operator has answered."""

        what: str
        text: str

    @dataclass
    class Left(Message):
        """The operator does not want to answer."""

        what: str

    @dataclass
    class TypedAhead(Message):
        """A key was typed after the answer, before the screen had taken that."""

        key: events.Key

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._what = ""
        self._complete: Completer | None = None

    def _field(self) -> _PromptInput | None:
        """Return what is typed into; None on a screen that is being left, which takes nothing in any more.

        It is made for the first question: most screens never ask one, and styling an input is a fourth of
        what the first frame takes.
        """
        if not self.children:
            with self.prevent(Input.Changed):
                field = _PromptInput(self)
                label, hint = Static(id="prompt-label", markup=False), Static(id="prompt-hint", markup=False)
                self.mount(label, field, hint)
        return next(iter(self.query(_PromptInput)), None)

    @property
    def is_asking(self) -> bool:
        return bool(self._what)

    def ask(self, what: str, label: str, text: str = "", complete: Completer | None = None) -> None:
        """Ask for `what` (a name of the asker's own), with `text` typed already."""
        field = self._field()
        if field is None:
            return
        self._what, self._complete = what, complete
        # What was told before would lie over what is typed, and over the cost that it changes.
        self.app.clear_notifications()
        # Words stand apart from what is typed; the signs of filter and command line belong to it.
        self.query_one("#prompt-label", Static).update(
            f"{show(label)} " if label[-1:].isalnum() else show(label)
        )
        self._hint(self._ways(text))
        field.suggester = _FirstCompletion(complete) if complete is not None else None
        with self.prevent(Input.Changed):
            field.value = text
        self.add_class("-asking")
        # At once, not when the app gets round to it: what was typed ahead belongs into the line, and as keys
        # of the screen it could do anything.
        self.screen.set_focus(field)
        field.action_end()

    def give(self) -> None:
        """Take what has been typed for the answer."""
        what, self._what = self._what, ""
        self.post_message(self.Given(what, self.query_one(_PromptInput).value))

    def leave(self) -> None:
        """Stop asking without an answer."""
        what, self._what = self._what, ""
        self.post_message(self.Left(what))

    def hide(self) -> None:
        """Go out of sight; for the screen, when it takes the answer."""
        self.remove_class("-asking")

    def _ways(self, typed: str) -> str:
        """Return how what is typed could go on, for the right end of the line; of paths, their last part."""
        ways = self._complete(typed)[:_MOST_WAYS] if self._complete is not None else ()
        folder = typed[: typed.rfind("/") + 1]
        return "" if list(ways) == [typed] else "  ".join(show(way.removeprefix(folder), 30) for way in ways)

    def _hint(self, text: str) -> None:
        self.query_one("#prompt-hint", Static).update(text)

    @on(Input.Changed)
    def _tell_typed(self, event: Input.Changed) -> None:
        event.stop()
        self._hint(self._ways(event.value))
        if self.is_asking:
            self.post_message(self.Typed(self._what, event.value))
