"""Every action a screen offers has somebody who performs it, and Esc leads home from everywhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from batchdeck.tui.screens.job import JobScreen
from batchdeck.tui.screens.log import LogScreen
from batchdeck.tui.screens.page import PageScreen

Until = Callable[[Callable[[], object]], Awaitable[None]]


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
