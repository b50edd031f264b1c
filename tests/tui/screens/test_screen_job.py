"""The job screen over a real deck: pages, failures, documents."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batchdeck.store.layout import prepare_deck
from batchdeck.store.ledger import Ledger
from batchdeck.tui.manners.colour import ColourMode
from batchdeck.tui.screens.job import JobScreen
from batchdeck.tui.screens.page import PageScreen
from batchdeck.tui.widgets.query_table import QueryTable

Text = Callable[[Any], str]
BecomesGolden = Callable[[str, Callable[[], str]], Awaitable[None]]
Shows = Callable[..., Awaitable[str]]
Until = Callable[[Callable[[], object]], Awaitable[None]]
Look = tuple[str, tuple[int, int], ColourMode]


def pages(app: Any) -> QueryTable:
    found: QueryTable = app.screen.query_one("#pages", QueryTable)
    return found


async def open_job(app: Any, pilot: Any, until: Until) -> None:
    await until(lambda: app.screen.query_one(QueryTable).cursor_key is not None)
    await pilot.press("enter")
    await until(lambda: isinstance(app.screen, JobScreen) and len(pages(app).view) > 0)


async def test_job_looks_as_kept(
    look: Look,
    library: Path,
    play_deck: Any,
    screen_text: Text,
    steady: Callable[[str], str],
    becomes_golden: BecomesGolden,
    until: Until,
) -> None:
    name, size, colours = look
    async with play_deck(library, size, colours) as (app, pilot, _):
        await open_job(app, pilot, until)
        await becomes_golden(f"job-{name}", lambda: steady(screen_text(app)))


async def test_pages_behind_a_gate_are_held_back_and_not_pending(
    library: Path, tmp_path: Path, play_deck: Any, until: Until, shows: Shows
) -> None:
    home = tmp_path / "deck"
    shutil.copytree(library, home)
    ledger = Ledger.open(prepare_deck(home))
    (job,) = ledger.jobs().values()
    (submission,) = ledger.submissions().values()
    with ledger.transaction() as tx:
        tx.put(replace(submission, indices=((0, 5),)))
    async with play_deck(home) as (app, pilot, deck):
        await open_job(app, pilot, until)
        await shows(app, f"{job.pages - 5} pending")
        with ledger.transaction() as tx:
            tx.put(replace(job, ladder=(5,), gate="3 of 5 pages failed (60%, allowed 10%)"))
        deck.refresh()
        app.screen.renew()
        seen = await shows(app, f"{job.pages - 5} pages held back at a gate", "allowed 10%")
        assert "u lets them on" in seen
        await pilot.press("G")
        seen = await shows(app, "▸ held back", "held back at a gate: 3 of")
        assert "pending" not in seen


async def test_what_is_new_is_shown_though_a_reading_is_overtaken(
    library: Path, tmp_path: Path, play_deck: Any, until: Until, shows: Shows
) -> None:
    home = tmp_path / "deck"
    shutil.copytree(library, home)
    async with play_deck(home, now=None, sandbox=True) as (app, pilot, deck):
        await open_job(app, pilot, until)
        await shows(app, "failed: ")
        plan = await deck.plan_retry(app.screen.target)
        table = app.screen._pages
        take_in, is_taken_in, goes_on = table.refresh, threading.Event(), threading.Event()

        def held_up() -> bool:
            is_new = bool(take_in())
            if is_new and not is_taken_in.is_set():
                is_taken_in.set()
                goes_on.wait(60)
            return is_new

        table.refresh = lambda: False
        await deck.retry(plan)
        await deck.track(until_ended=True)
        table.refresh = held_up
        app.screen.renew()
        await until(is_taken_in.is_set)
        app.screen.renew()
        goes_on.set()
        await shows(app, "✓ all 26 pages ok")


async def test_what_is_new_is_shown_though_somebody_else_has_taken_it_in(
    library: Path,
    tmp_path: Path,
    play_deck: Any,
    until: Until,
    shows: Shows,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The table is the deck's, and tracking works out by it what a job came to: before the screen looks at it.
    monkeypatch.setattr("batchdeck.tui.watching.LOOK_SECONDS", 3_600)
    home = tmp_path / "deck"
    shutil.copytree(library, home)
    async with play_deck(home, now=None, sandbox=True) as (app, pilot, deck):
        await open_job(app, pilot, until)
        await shows(app, "failed: ")
        await deck.retry(await deck.plan_retry(app.screen.target))
        await deck.track(until_ended=True)
        app.screen.renew()
        await shows(app, "✓ all 26 pages ok")


async def test_e_shows_failures_only_and_again_all(library: Path, play_deck: Any, until: Until) -> None:
    async with play_deck(library) as (app, pilot, deck):
        await open_job(app, pilot, until)
        failed = sum(row.failed or 0 for row in deck.batches())
        everything = len(pages(app).view)
        assert 0 < failed < everything
        await pilot.press("e")
        await until(lambda: len(pages(app).view) == failed)
        await pilot.press("escape")
        await until(lambda: len(pages(app).view) == everything)
        await pilot.press("e")
        await until(lambda: len(pages(app).view) == failed)
        await pilot.press("e")
        await until(lambda: len(pages(app).view) == everything)


async def test_pages_are_filtered_by_the_grammar(library: Path, play_deck: Any, until: Until) -> None:
    async with play_deck(library) as (app, pilot, _):
        await open_job(app, pilot, until)
        await pilot.press("slash", *"outcome:truncated document:handbook", "enter")
        await until(lambda: [app.screen._pages.row(index).page for index in pages(app).view.order] == [2])


async def test_a_document_narrows_the_pages(library: Path, play_deck: Any, until: Until) -> None:
    async with play_deck(library) as (app, pilot, _):
        await open_job(app, pilot, until)
        await pilot.press("d", "enter")
        await until(lambda: len(pages(app).view) == 2)
        await until(lambda: not app.screen.has_class("-documents"))


async def test_enter_shows_the_page_under_the_cursor(library: Path, play_deck: Any, until: Until) -> None:
    async with play_deck(library) as (app, pilot, _):
        await open_job(app, pilot, until)
        cursor = pages(app).cursor_key
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, PageScreen))
        assert app.screen.index == cursor
        await until(lambda: app.screen._facts is not None)
        await pilot.press("n")
        seen = app.screen.index
        assert seen != cursor
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, JobScreen) and pages(app).cursor_key == seen)
