"""How the screens of the work look: submit, retry, export, log, the keys; wide, narrow, without colours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from batchdeck.sandbox.samples import write_samples
from batchdeck.tui.manners.colour import ColourMode
from batchdeck.tui.screens.spans import clock

Text = Callable[[Any], str]
Shows = Callable[..., Awaitable[str]]
BecomesGolden = Callable[[str, Callable[[], str]], Awaitable[None]]

Look = tuple[str, tuple[int, int], ColourMode]


async def test_submit_looks_as_kept(
    look: Look,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    play_deck: Any,
    screen_text: Text,
    steady: Callable[[str], str],
    shows: Shows,
    becomes_golden: BecomesGolden,
) -> None:
    name, size, colours = look
    write_samples(tmp_path / "papers")
    monkeypatch.chdir(tmp_path)
    async with play_deck(tmp_path / "library", size, colours, sandbox=True) as (app, _, _):
        app.home.perform("deck.submit", "papers")
        await shows(app, "y sends them")
        await becomes_golden(f"submit-{name}", lambda: steady(screen_text(app)))


@pytest.mark.parametrize(
    ("screen", "keys"),
    [("retry", "r"), ("export", "x"), ("log", "@"), ("keys", "?")],
)
async def test_screens_look_as_kept(
    screen: str,
    keys: str,
    look: Look,
    library: Path,
    play_deck: Any,
    screen_text: Text,
    steady: Callable[[str], str],
    shows: Shows,
    becomes_golden: BecomesGolden,
) -> None:
    name, size, colours = look
    async with play_deck(library, size, colours) as (app, pilot, _):
        await shows(app, "papers")
        await pilot.press(*keys)
        await becomes_golden(f"{screen}-{name}", lambda: steady(screen_text(app)))


def test_a_moment_bears_its_date_where_its_time_alone_could_be_another_days() -> None:
    now = dt.datetime(2026, 11, 28, 16, 36).astimezone()
    assert clock(now + dt.timedelta(hours=11), now) == "03:36"
    assert clock(now + dt.timedelta(hours=24, seconds=-5), now) == "29 Nov 16:35"
    assert clock(now - dt.timedelta(hours=13), now) == "28 Nov 03:36"
