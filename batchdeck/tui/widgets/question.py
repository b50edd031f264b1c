"""The question before anything that destroys or costs: what, how much, and one key that says yes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from batchdeck.domain.text import show


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. Every text is shown as it is."""

    title: str
    lines: tuple[str, ...]
    """What will be done, with counts; a sentence each."""
    yes: str
    """What `y` does, in a word or two ("cancel 2 batches")."""
    cost: str = ""
    """What it costs; empty where it costs nothing."""
    no: str = "leave it"
    """What Esc does."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A question and what a yes does. Both are made at the same moment, so that a yes means what was read."""

    question: Question
    do: Callable[[], None]


class QuestionDialog(ModalScreen[bool | None]):
    """Asks, and returns whether the operator said yes. Only `y` says yes; Enter alone never does."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,Y", "answer(True)", show=False),
        Binding("n,N,escape,q", "answer(False)", show=False),
    ]
    DEFAULT_CSS = """
    QuestionDialog {
        align: center middle;
        & > #question {
            width: 64;
            max-width: 100%;
            height: auto;
            max-height: 100%;
            border: round $border;
            background: $surface;
            padding: 0 1;
        }
        & .question--cost { text-style: bold; margin-top: 1; }
        & .question--keys { text-align: right; margin-top: 1; color: $accent; text-style: bold; }
    }
    """

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question

    def compose(self) -> ComposeResult:
        question = self.question
        with Vertical(id="question") as box:
            box.border_title = show(question.title, 58).replace("[", "\\[")
            for line in question.lines:
                yield Static(show(line), markup=False)
            if question.cost:
                yield Static(show(question.cost), classes="question--cost", markup=False)
            keys = f"y {show(question.yes, 40)}   Esc {show(question.no, 20)}"
            yield Static(keys, classes="question--keys", markup=False)

    def action_answer(self, answer: bool) -> None:
        self.dismiss(answer)
