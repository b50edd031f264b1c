"""Esc on a screen whose work is under way: the question, stopping, leaving it going on, and coming back."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from batchdeck.domain.planning import Submitted
from batchdeck.sandbox.samples import write_samples
from batchdeck.tui.screens.export import ExportScreen
from batchdeck.tui.screens.leaving import LeavingDialog
from batchdeck.tui.screens.retry import RetryScreen
from batchdeck.tui.screens.sending import Sending, ending
from batchdeck.tui.screens.submit import SubmitScreen
from batchdeck.tui.tracking import Piece

Shows = Callable[..., Awaitable[str]]
Until = Callable[[Callable[[], object]], Awaitable[None]]
QUESTION = ("Leave while this is under way?", "y stop it", "Esc leave it going on")


@pytest.fixture
def own(library: Path, tmp_path: Path) -> Path:
    """A copy of the library that a test may change."""
    return shutil.copytree(library, tmp_path / "library")


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    write_samples(folder, "accounts", "newsletter")
    return folder


def hold(deck: Any, name: str) -> asyncio.Event:
    """Let an operation of the deck wait after its first event until the returned event is set."""
    go_on = asyncio.Event()
    real = getattr(deck, name)

    async def held(*arguments: Any, **options: Any) -> AsyncGenerator[Any, None]:
        async with aclosing(real(*arguments, **options)) as operation:
            async for event in operation:
                yield event
                await go_on.wait()

    setattr(deck, name, held)
    return go_on


def told(app: Any) -> str:
    return "\n".join(f"{note.title}: {note.message}" for note in app._notifications)


@pytest.mark.parametrize("key", ["escape", "n"])
async def test_esc_again_leaves_the_work_going_on(
    key: str, own: Path, play_deck: Any, shows: Shows, until: Until
) -> None:
    async with play_deck(own) as (app, pilot, deck):
        go_on = hold(deck, "export")
        await pilot.press("x", "x")
        await until(lambda: app.screen.is_busy)
        await pilot.press("escape")
        await shows(app, *QUESTION, "exporting papers", "what is written so far stays")
        await pilot.press(key)
        await until(lambda: app.screen is app.home)
        await shows(app, "exporting papers")
        go_on.set()
        await until(lambda: "papers is exported" in told(app))
        assert deck.exported(deck.jobs()[0].id) is not None


def test_what_is_told_elsewhere_names_no_key_of_the_screen_that_was_left() -> None:
    sending = Sending(result=Submitted("j1", ("b1",), 3))
    assert ending(sending)[0].endswith("collected as they come; Esc goes back.")
    assert ending(sending, is_left=True)[0].endswith("collected as they come.")


def test_work_under_way_counts_pages_but_shows_bytes_as_sizes() -> None:
    assert str(Piece("exporting papers", done=2, total=1_200, unit="pages")) == (
        "exporting papers 2/1,200 pages"
    )
    assert str(Piece("submitting big", done=1_500, total=43_851_086, unit="bytes")) == (
        "submitting big 1.5 kB of 43.9 MB"
    )


async def test_y_stops_the_work_and_stays(own: Path, play_deck: Any, shows: Shows, until: Until) -> None:
    async with play_deck(own) as (app, pilot, deck):
        hold(deck, "export")
        await pilot.press("x", "x")
        await until(lambda: app.screen.is_busy)
        await pilot.press("escape")
        await shows(app, *QUESTION)
        await pilot.press("y")
        await until(lambda: not app.work.pieces or all(piece.is_quiet for piece in app.work.pieces))
        assert isinstance(app.screen, ExportScreen)
        assert "Stopped" in told(app)
        await pilot.press("escape")
        await until(lambda: app.screen is app.home)


async def test_quitting_asks_while_something_begun_here_would_stop(
    own: Path, play_deck: Any, shows: Shows, until: Until
) -> None:
    async with play_deck(own) as (app, pilot, deck):
        go_on = hold(deck, "export")
        await pilot.press("x", "x")
        await until(lambda: app.screen.is_busy)
        await pilot.press("minus")
        await until(lambda: app.screen is app.home)
        await pilot.press("q")
        await shows(app, "Quit while this is under way?", "exporting papers", "y stop it and quit")
        await pilot.press("escape")
        await until(lambda: app.screen is app.home)
        await pilot.press("q")
        await until(lambda: isinstance(app.screen, LeavingDialog))
        go_on.set()
        await until(lambda: app.screen is app.home)  # there is nothing to ask about any more
        assert app.is_running
        hold(deck, "export")
        await pilot.press("x", "x")
        await until(lambda: app.screen.is_busy)
        await pilot.press("q", "y")
        await until(lambda: app._exit)
    assert app.return_code == 0


async def test_a_question_whose_work_has_ended_goes_away(
    own: Path, play_deck: Any, shows: Shows, until: Until
) -> None:
    async with play_deck(own) as (app, pilot, deck):
        go_on = hold(deck, "export")
        await pilot.press("x", "x")
        await until(lambda: app.screen.is_busy)
        await pilot.press("escape")
        await shows(app, *QUESTION)
        go_on.set()
        await until(lambda: not isinstance(app.screen, LeavingDialog))
        assert isinstance(app.screen, ExportScreen)
        await shows(app, "for review")


async def test_a_retry_that_is_stopped_says_so(own: Path, play_deck: Any, shows: Shows, until: Until) -> None:
    async with play_deck(own) as (app, pilot, deck):
        hold(deck, "retry")
        await pilot.press("r")
        await shows(app, "y sends them")
        await pilot.press("y")
        await until(lambda: app.screen.is_busy)
        await pilot.press("escape")
        await shows(app, *QUESTION, "retrying papers", "what was sent stays sent")
        await pilot.press("y")
        await shows(app, "Stopped. What was sent is tracked")
        assert isinstance(app.screen, RetryScreen)


async def test_a_folder_being_looked_at_is_come_back_to(
    papers: Path, tmp_path: Path, play_deck: Any, shows: Shows, until: Until
) -> None:
    async with play_deck(tmp_path / "deck", sandbox=True) as (app, pilot, deck):
        go_on = hold(deck, "scan")
        app.home.perform("deck.submit", str(papers))
        await until(lambda: app.screen.is_busy)
        looking = app.screen
        await pilot.press("escape")
        await shows(app, *QUESTION, "looking at files", "s comes back to them")
        await pilot.press("escape")
        await until(lambda: app.screen is app.home)
        for key in ("s", "minus"):
            await pilot.press(key)
            await until(lambda: app.screen is looking)
            await pilot.press("minus")
            await until(lambda: app.screen is app.home)
        go_on.set()
        await until(lambda: f"Looked at {papers}: s shows" in told(app))
        await pilot.press("s")
        await shows(app, "3 pages of 2 documents", "y sends them")
        assert app.screen is looking
        await pilot.press("escape")
        await until(lambda: app.screen is app.home)
        await pilot.press("s")
        await until(lambda: isinstance(app.screen, SubmitScreen))
        assert app.screen is not looking


async def test_of_two_folders_being_looked_at_the_later_is_kept(
    papers: Path, tmp_path: Path, play_deck: Any, until: Until
) -> None:
    async with play_deck(tmp_path / "deck", sandbox=True) as (app, pilot, deck):
        hold(deck, "scan")
        screens = []
        for _ in range(2):
            app.home.perform("deck.submit", str(papers))
            await until(lambda: isinstance(app.screen, SubmitScreen) and app.screen.is_busy)
            screens.append(app.screen)
            await pilot.press("escape", "escape")
            await until(lambda: app.screen is app.home)
        await until(lambda: not screens[0].is_attached)
        assert not screens[0].is_busy
        await pilot.press("s")
        await until(lambda: app.screen is screens[1])
