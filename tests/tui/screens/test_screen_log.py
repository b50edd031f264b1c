"""The log screen over a real deck: the audit log, and the calls to the API as they are made."""

from __future__ import annotations

import re
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from batchdeck.errors import NotFound
from batchdeck.sandbox.samples import write_samples
from batchdeck.tui.manners.colour import ColourMode
from batchdeck.tui.screens.log import LogScreen
from batchdeck.tui.widgets.query_table import QueryTable
from batchdeck.tui.widgets.row_table import RowTable

Text = Callable[[Any], str]
BecomesGolden = Callable[[str, Callable[[], str]], Awaitable[None]]
Shows = Callable[..., Awaitable[str]]
Until = Callable[[Callable[[], object]], Awaitable[None]]
Look = tuple[str, tuple[int, int], ColourMode]


def calls(app: Any) -> QueryTable:
    found: QueryTable = app.screen.query_one("#calls", QueryTable)
    return found


async def ask_for_nothing(deck: Any, times: int = 1) -> None:
    """Make calls that the API answers with 404."""
    for _ in range(times):
        with pytest.raises(NotFound):
            await deck.adopt(["msgbatch_nowhere"])


def steady_calls(seen: str) -> str:
    """Put fixed words where every run has others: times of day, durations, ids of requests."""
    seen = re.sub(r"\d\d:\d\d:\d\d", "hh:mm:ss", seen)
    seen = re.sub(r" +[\d,]+(?= +–| +[\d.]+ k?B)", lambda found: "N".rjust(len(found[0])), seen)
    seen = re.sub(r"[\d,]+(?= ms)", "N", seen)
    return re.sub(r"(?<=req_sandbox_)\w+", lambda found: "X" * len(found[0]), seen)


async def test_calls_look_as_kept(
    look: Look,
    library: Path,
    tmp_path: Path,
    play_deck: Any,
    screen_text: Text,
    steady: Callable[[str], str],
    becomes_golden: BecomesGolden,
) -> None:
    name, size, colours = look
    home = shutil.copytree(library, tmp_path / "library")
    async with play_deck(home, size, colours) as (app, pilot, deck):
        await deck.doctor()
        await ask_for_nothing(deck)
        await pilot.press("@", "tab")
        await becomes_golden(f"calls-{name}", lambda: steady_calls(steady(screen_text(app))))


async def test_tab_goes_to_the_calls_and_back(library: Path, play_deck: Any, shows: Shows) -> None:
    async with play_deck(library) as (app, pilot, _):
        await pilot.press("@")
        await shows(app, "▸audit log 5", " API calls 0", "archived", "5 of 5 · following")
        await pilot.press("tab")
        await shows(app, " audit log 5", "▸API calls 0", "has not called the API yet", without=("archived",))
        await pilot.press("tab")
        await shows(app, "▸audit log 5", "archived", without=("has not called",))
        await pilot.press("colon", *"calls", "enter")
        await shows(app, "▸API calls 0")
        await pilot.press("escape")
        assert app.screen is app.home


async def test_calls_appear_as_they_are_made(
    library: Path, tmp_path: Path, play_deck: Any, shows: Shows
) -> None:
    async with play_deck(shutil.copytree(library, tmp_path / "library")) as (app, pilot, deck):
        await pilot.press("@", "tab")
        await shows(app, "has not called the API yet")
        await ask_for_nothing(deck)
        await shows(
            app, "▸API calls 1", "✗ 404 not found", "404 not_found_error", without=("has not called",)
        )
        await ask_for_nothing(deck, 40)
        await shows(app, "41 of 41 · following", "#41 ")

        await pilot.press("g")
        await shows(app, "1 of 41", "#1 ", without=("following",))
        await ask_for_nothing(deck)
        await shows(app, "1 of 42", "#1 ", "▸API calls 42")

        await pilot.press("F")
        await shows(app, "42 of 42 · following")
        await pilot.press("p")
        await ask_for_nothing(deck)
        await shows(app, "42 of 42 · paused, news waiting · following", "▸API calls 43", "#42 ")
        await pilot.press("p")
        await shows(app, "43 of 43 · following", "#43 ")


async def test_what_the_polling_asks_is_shown_while_it_asks(
    tmp_path: Path, play_deck: Any, shows: Shows, until: Until
) -> None:
    (paper,) = write_samples(tmp_path / "papers", "accounts")
    async with play_deck(tmp_path / "deck", sandbox=True, now=None) as (app, pilot, deck):
        await pilot.press("@", "tab")
        await shows(app, "has not called the API yet")
        await deck.submit(deck.plan(await deck.scan([paper])))
        await shows(app, "POST", "✓ 200", "/results")
        (batch,) = deck.batches()
        assert isinstance(app.screen, LogScreen)
        await pilot.press("slash", *"path:results", "enter")
        await shows(app, f"GET /v1/messages/batches/{batch.id}/results", "(", "/path:results")
        await until(lambda: len(calls(app).view) == 1)


async def test_calls_are_filtered_by_the_grammar_and_sorted(
    library: Path, tmp_path: Path, play_deck: Any, shows: Shows, until: Until
) -> None:
    async with play_deck(shutil.copytree(library, tmp_path / "library")) as (app, pilot, deck):
        await ask_for_nothing(deck, 2)
        await deck.doctor()
        await ask_for_nothing(deck)
        await pilot.press("@", "tab")
        await until(lambda: len(calls(app).view) == deck.api_calls_made > 3)
        await pilot.press("slash", *"status:404 error:not_found_error", "enter")
        await until(lambda: len(calls(app).view) == 3)
        await pilot.press("escape")
        await until(lambda: len(calls(app).view) == deck.api_calls_made)
        await pilot.press("M")
        await shows(app, "by ms ▲")
        await until(
            lambda: (
                [deck.api_calls()[index].milliseconds for index in calls(app).view.order]
                == sorted(call.milliseconds for call in deck.api_calls())
            )
        )


async def test_the_request_id_is_what_is_copied(
    library: Path, tmp_path: Path, play_deck: Any, until: Until
) -> None:
    async with play_deck(shutil.copytree(library, tmp_path / "library")) as (app, pilot, deck):
        await ask_for_nothing(deck)
        await pilot.press("@", "tab")
        await until(lambda: calls(app).cursor_key is not None)
        assert app.screen.what_to_copy() == deck.api_calls()[-1].request_id
        await pilot.press("tab")
        await until(lambda: app.screen.query_one("#lines", RowTable).cursor_key is not None)
        assert " archived job=" in app.screen.what_to_copy()


async def test_a_read_only_session_has_the_log_too(library: Path, play_deck: Any, shows: Shows) -> None:
    async with play_deck(library, read_only=True) as (app, pilot, _):
        await pilot.press("@")
        await shows(app, "▸audit log 5", "archived")
        await pilot.press("shift+tab")
        await shows(app, "▸API calls 0", "has not called the API yet")
