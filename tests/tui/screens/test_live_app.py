"""The dashboard under random fingers and news: it never falls, Esc leads home, nothing is spent unasked.

The app, the deck and the sandbox are real; what the operator did not confirm must not reach the operations.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from textual.command import CommandPalette

from batchdeck.deck import Deck
from batchdeck.opening import OpenOptions, open_deck
from batchdeck.sandbox.samples import write_samples
from batchdeck.tui.actions.catalogue import ACTIONS
from batchdeck.tui.app import DeckApp
from batchdeck.tui.manners.colour import ColourMode
from batchdeck.tui.screens.retry import RetryScreen
from batchdeck.tui.screens.submit import SubmitScreen
from batchdeck.tui.widgets.question import QuestionDialog

SPENDING = ("submit", "resume", "retry", "cancel", "delete")
LEAVING = {"q", "ctrl+q", "ctrl+c"}
LETTERS = [letter for letter in "abcdefghijklmnoprstuvwxyzDEFGJNOPRSTVY" if letter not in LEAVING]
KEYS = [
    *LETTERS,
    *("enter", "escape", "space", "tab", "shift+tab", "up", "down", "left", "right", "home", "end"),
    *("pageup", "pagedown", "ctrl+d", "ctrl+u", "ctrl+y", "ctrl+p", "ctrl+l"),
    *("slash", "colon", "question_mark", "asterisk", "backslash", "minus", "at", "exclamation_mark"),
    *("left_square_bracket", "right_square_bracket", "backspace", "f1"),
]
COMMANDS = sorted({action.command for action in ACTIONS if action.command} - {"quit"})
HOSTILE = "[/]\x1b]52;c;cHduZWQ=\x07\u202egpj.[b]x[/b]\x9b31m\ud800"


class WatchedDeck(Deck):
    """A real deck that tells a witness before it does what spends or destroys."""

    witness: Callable[[str], None]


def _told(name: str) -> Callable[..., Any]:
    def call(self: WatchedDeck, *arguments: Any, **options: Any) -> Any:
        self.witness(name)
        return getattr(Deck, name)(self, *arguments, **options)

    return call


for _name in SPENDING:
    setattr(WatchedDeck, _name, _told(_name))


class Operator(RuleBasedStateMachine):
    """Random keys, commands and news over one running dashboard."""

    library: Path
    """A deck to begin with: one archived job, some of its pages failed."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="live-app-"))
        self.home = self.folder / "deck"
        shutil.copytree(self.library, self.home)
        self.papers = self.folder / "papers"
        write_samples(self.papers, "accounts")
        self.runner = asyncio.Runner()
        self.stack = contextlib.AsyncExitStack()
        self.unasked: list[str] = []
        self.pressed = ""
        self.may_spend = False
        self.other: Deck | None = None
        """What another process has open, until the API dies under it."""
        self.runner.run(self._start())

    async def _start(self) -> None:
        self.deck = WatchedDeck(*await open_deck(self.home, OpenOptions()))
        self.stack.push_async_callback(self.deck.close)
        self.deck.witness = self._note_spending
        self.app = DeckApp(self.deck, environ={"TERM": "xterm-256color"}, colours=ColourMode.FULL)
        self.pilot = await self.stack.enter_async_context(self.app.run_test(size=(80, 24)))
        await self.pilot.pause()

    def _note_spending(self, name: str) -> None:
        if not self.may_spend:
            self.unasked.append(f"{name} after {self.pressed!r} on {self.app.screen!r}")

    def _is_asked_now(self, key: str) -> bool:
        """Say whether counts and cost stand on the screen, and this key is a yes to them."""
        top = self.app.screen
        if isinstance(top, QuestionDialog):
            return key == "y"
        below = self.app.screen_stack[-2] if isinstance(top, CommandPalette) else top
        proposes = isinstance(below, SubmitScreen | RetryScreen) and below.facts().ready
        # On a proposal a typed command or the palette say yes as well; both end with Enter.
        return proposes and key in ("y", "enter")

    async def _press(self, *keys: str) -> None:
        for key in keys:
            self.pressed, self.may_spend = key, self._is_asked_now(key)
            await self.pilot.press(key)
            self.may_spend = False
        self._check()

    def _check(self) -> None:
        assert self.app.is_running, "the dashboard has ended"
        assert self.app._exception is None, self.app._exception
        assert not self.unasked, self.unasked

    @rule(keys=st.lists(st.sampled_from(KEYS), min_size=1, max_size=6))
    def keys_are_pressed(self, keys: list[str]) -> None:
        self.runner.run(self._press(*keys))

    @rule(command=st.sampled_from(COMMANDS), argument=st.sampled_from(["", " x", " [/]", " papers"]))
    def a_command_is_typed(self, command: str, argument: str) -> None:
        self.runner.run(self._press("escape", "colon", *(command + argument), "enter"))

    @rule(text=st.text(st.characters(exclude_characters="q\r\n\t\x1b"), max_size=12))
    def a_filter_is_typed(self, text: str) -> None:
        async def type_it() -> None:
            await self._press("escape", "slash")
            for character in text:
                await self._press(character if character != " " else "space")
            await self._press("enter")

        self.runner.run(type_it())

    @rule(answer=st.sampled_from(["y", "n", "escape", "enter"]), way=st.sampled_from(["s", "r", "x"]))
    def work_is_proposed(self, way: str, answer: str) -> None:
        self.runner.run(self._press("escape", "escape", way, answer))

    @rule(size=st.sampled_from([(80, 24), (200, 50), (40, 10), (20, 5), (132, 43)]))
    def the_terminal_is_resized(self, size: tuple[int, int]) -> None:
        async def resize() -> None:
            await self.pilot.resize_terminal(*size)
            self._check()

        self.runner.run(resize())

    @rule()
    def time_passes(self) -> None:
        async def wait() -> None:
            await asyncio.sleep(0.15)
            await self.pilot.pause()
            self._check()

        self.runner.run(wait())

    @rule()
    def another_process_submits(self) -> None:
        async def submit() -> None:
            if self.other is None:
                self.other = await self.stack.enter_async_context(Deck.open(self.home))
            scan = await self.other.scan([self.papers])
            await self.other.submit(self.other.plan(scan, name=HOSTILE, pages="1", again=True))
            await self.pilot.pause()
            self._check()

        self.runner.run(submit())

    @rule()
    def hostile_words_arrive(self) -> None:
        async def tell() -> None:
            self.app.work.trouble = HOSTILE
            self.app.notify(HOSTILE, title=HOSTILE)
            await self.pilot.pause()
            self._check()

        self.runner.run(tell())

    @rule()
    def the_api_dies(self) -> None:
        async def kill() -> None:
            # Where none runs there is nothing to kill; a precondition would depend on the machine's speed.
            with contextlib.suppress(OSError, msgspec.DecodeError, KeyError, ProcessLookupError):
                server = msgspec.json.decode((self.home / "sandbox" / "server.json").read_bytes())
                os.kill(server["pid"], signal.SIGKILL)
            self.other = None
            await self.pilot.pause()
            self._check()

        self.runner.run(kill())

    @rule()
    def esc_leads_home(self) -> None:
        async def go() -> None:
            for _ in range(12):
                if self.app.screen is self.app.home:
                    break
                await self._press("escape")
            assert self.app.screen is self.app.home, self.app.screen_stack

        self.runner.run(go())

    def teardown(self) -> None:
        try:
            self.esc_leads_home()
            self.runner.run(self.stack.aclose())
        finally:
            self.runner.close()
            shutil.rmtree(self.folder, ignore_errors=True)


def test_random_fingers_and_news(library: Path) -> None:
    Operator.library = library
    run_state_machine_as_test(
        Operator,
        settings=settings(
            max_examples=5,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
