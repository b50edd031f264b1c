"""Every action a screen offers has somebody who performs it, and Esc leads home from everywhere."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from batchdeck.deck import Deck
from batchdeck.tui.app import DeckApp
from batchdeck.tui.screens.job import JobScreen
from batchdeck.tui.screens.log import LogScreen
from batchdeck.tui.screens.page import PageScreen

Until = Callable[[Callable[[], object]], Awaitable[None]]
_VERB = "batchdeck.operations.export"


async def test_every_offered_action_has_a_performer(library: Path, play_deck: Any, until: Until) -> None:
    async with play_deck(library) as (app, pilot, deck):
        job = deck.jobs()[0].id
        screens = [app.home]
        for screen in (
            JobScreen(app.registry, deck, app.work, target=job),
            PageScreen(app.registry, deck, app.work, job=job, index=0),
            LogScreen(app.registry, deck, app.work),
        ):
            app.push_screen(screen)
            await pilot.pause()
            screens.append(screen)
        for screen in screens:
            for action in app.registry.at(screen.place):
                if action.id != "list.sort":
                    assert callable(screen._performer(action)), (screen, action.id)
        await pilot.press("escape", "escape", "escape")
        await pilot.pause()
        assert app.screen is app.home


async def test_a_read_only_deck_is_shown_without_asking_the_api(library: Path, play_deck: Any) -> None:
    async with play_deck(library, read_only=True) as (app, pilot, _):
        await pilot.press("r")
        await pilot.pause()
        assert app.screen is app.home
        assert "job.retry" not in app.registry
        assert app.work.pieces == ()


async def test_it_is_told_once_when_all_is_loaded(library: Path, until: Until) -> None:
    told: list[str] = []
    async with Deck.open(library, read_only=True) as deck:
        app = DeckApp(
            deck,
            environ={"TERM": "xterm-256color"},
            when_loaded=lambda: told.append(sys.modules[_VERB].__name__),
        )
        async with app.run_test():
            await until(lambda: told)
    assert told == [_VERB]
