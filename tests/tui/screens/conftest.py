"""A real deck, made once through a real sandbox, and the dashboard over it."""

from __future__ import annotations

import asyncio
import datetime as dt
import fcntl
import re
import shutil
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from textual.pilot import Pilot

from batchdeck.deck import Deck
from batchdeck.sandbox.samples import write_samples
from batchdeck.tui.app import DeckApp
from batchdeck.tui.manners.colour import ColourMode

FAULTS = """
[[rows]]
outcome = "truncated"
pages = 2
attempts = 1

[[rows]]
outcome = "overloaded_error"
pages = 5
attempts = 1
"""
_CHANGING = (
    (re.compile(r"msgbatch_\w{4}…\w{4}"), "msgbatch_XXXX…XXXX"),
    (re.compile(r"…\w{4}(?= )"), "…XXXX"),
    (re.compile(r"took \d+ s"), "took N s"),
    (re.compile(r"\d+-\d\d-\d\d \d\d:\d\d:\d\d"), "YYYY-MM-DD hh:mm:ss"),
    (re.compile(r"\d+@\S+"), "PID@HOST"),
    (re.compile(r"cost_usd=\S+"), "cost_usd=N"),
    (re.compile(r"\(uid \d+\), process \d+ on \S+"), "(uid N), process N on HOST"),
)
_SAME_LENGTH = re.compile(
    r"(?<=job=)\w+|(?<=submission=)\w+|(?<=batch=)\w+|(?<=sha256=)\w+|\d+\.\d(?= [kM]B)"
)


class Played(NamedTuple):
    """A dashboard under test."""

    app: DeckApp
    pilot: Pilot[Any]
    deck: Deck


Play = Callable[..., AbstractAsyncContextManager[Played]]
Look = tuple[str, tuple[int, int], ColourMode]
LOOKS: tuple[Look, ...] = (
    ("80x24", (80, 24), ColourMode.FULL),
    ("120x40", (120, 40), ColourMode.FULL),
    ("no-color", (80, 24), ColourMode.NONE),
)


@pytest.fixture(params=LOOKS, ids=lambda look: look[0])
def look(request: pytest.FixtureRequest) -> Look:
    """The end of a golden's name, a size, and the colours."""
    chosen: Look = request.param
    return chosen


@pytest.fixture(autouse=True)
def tracker() -> None:
    """Start what worker processes need while the standard streams are real, as a launch does."""
    resource_tracker.ensure_running()


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of a deck with one archived job: two documents, of whose pages some have failed.

    It is shared: a test that changes the deck works on a copy. Each process that runs tests has its own,
    copied from what the first of them has made.
    """
    own = tmp_path_factory.getbasetemp()
    made = (own if worker_id == "master" else own.parent) / "library"
    with made.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            _make_library(own / "making" / "library")
            (own / "making").rename(made)
    return Path(shutil.copytree(made, tmp_path_factory.mktemp("decks"), dirs_exist_ok=True)) / "library"


def _make_library(home: Path) -> None:
    environ = pytest.MonkeyPatch()
    environ.setenv("BATCHDECK_OPERATOR", "ana")

    async def make() -> None:
        papers = home.parent / "papers"
        write_samples(papers, "accounts", "handbook")
        faults = home.parent / "faults.toml"
        faults.write_text(FAULTS)
        async with Deck.open(home, sandbox=True, faults=faults) as deck:
            await deck.submit(deck.plan(await deck.scan([papers]), name="papers"))
            await deck.track(until_ended=True)

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, make()).result()
    environ.undo()


@pytest.fixture
def play_deck() -> Play:
    """Open a deck, show it, and close both: ``async with play_deck(home) as (app, pilot, deck)``.

    The clock stands still three hours after the deck's newest batch, so that ages are the same in each run.
    """

    @asynccontextmanager
    async def play(
        home: Path, size: tuple[int, int] = (80, 24), colours: ColourMode = ColourMode.FULL, **options: Any
    ) -> AsyncGenerator[Played, None]:
        if "now" not in options:
            async with Deck.open(home) as deck:
                newest = max((row.created_at for row in deck.batches()), default=deck.now())
            stands = newest + dt.timedelta(hours=3)
            options["now"] = lambda: stands
        async with Deck.open(home, **options) as deck:
            app = DeckApp(deck, environ={"TERM": "xterm-256color"}, colours=colours)
            async with app.run_test(size=size) as pilot:
                await pilot.pause()
                yield Played(app, pilot, deck)

    return play


@pytest.fixture
def steady() -> Callable[[str], str]:
    """Put fixed words where every run has others: ids and durations."""

    def replace(seen: str) -> str:
        for pattern, words in _CHANGING:
            seen = pattern.sub(words, seen)
        seen = _SAME_LENGTH.sub(lambda found: re.sub(r"\w", "X", found[0]), seen)
        # Whether the sandbox's cache was warm changes sums, never the place where they end.
        return re.sub(r" +\$\d\.\d+", lambda found: "$N.NN".rjust(len(found[0])), seen)

    return replace
