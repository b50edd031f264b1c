"""The retry screen over a real deck: causes, changes, and that nothing is sent before `y`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from batchdeck.config import load_prices
from batchdeck.domain.outcomes import Outcome
from batchdeck.domain.planning import RetryPlan, SkippedPage, Turn, estimate_turns
from batchdeck.tui.screens.retry import RetryScreen
from batchdeck.tui.screens.retry_rows import cause_lines, without

Shows = Callable[..., Awaitable[str]]
Until = Callable[[Callable[[], object]], Awaitable[None]]


async def test_each_cause_has_its_change_and_cost(library: Path, play_deck: Any, shows: Shows) -> None:
    async with play_deck(library) as (app, pilot, deck):
        await pilot.press("r")
        await shows(app, "y sends them", "max_tokens 16,000 → 32,000", "overloaded")
        assert isinstance(app.screen, RetryScreen)
        sent = len(deck.batches())
        await pilot.press("escape")
        assert app.screen is app.home
        assert len(deck.batches()) == sent


async def test_a_cause_can_be_changed_and_left_out(
    library: Path, play_deck: Any, shows: Shows, until: Until
) -> None:
    async with play_deck(library) as (app, pilot, _):
        await pilot.press("r")
        await shows(app, "→ 32,000")
        await pilot.press("e", *"max_tokens 20000", "enter")
        await shows(app, "→ 20,000")
        await pilot.press("e", *"skip yes", "enter")
        await shows(app, "left out by you")
        await pilot.press("e", *"nonsense 1", "enter")
        await until(lambda: any("cannot be changed" in note.message for note in app._notifications))


async def test_a_read_only_session_sends_nothing(library: Path, play_deck: Any, until: Until) -> None:
    async with play_deck(library, read_only=True) as (app, pilot, _):
        await pilot.press("r")
        await pilot.pause()
        assert app.screen is app.home


def test_what_goes_out_in_real_time_is_shown_at_its_own_price() -> None:
    prices = load_prices()
    batched, at_once = (
        Turn((n,), "claude-opus-5-5", 4_096, realtime=bool(n), outcome=Outcome.EXPIRED) for n in (0, 1)
    )
    cost = [estimate_turns([turn], prices).usd for turn in (batched, at_once)]
    assert cost[1] == 2 * cost[0] > 0
    plan = RetryPlan("j", (batched, at_once), (), estimate_turns((batched, at_once), prices))
    assert without(plan, (), prices).estimate.usd == plan.estimate.usd == sum(cost)
    assert [line.cost.usd for line in cause_lines(plan, prices, {}) if line.cost is not None] == cost


def test_what_is_sent_only_when_asked_for_says_which_key_asks() -> None:
    prices = load_prices()
    for outcome, reason in (
        (Outcome.CANCELED, "canceled: resubmitted only when asked for (--outcome canceled)"),
        (Outcome.ERRORED, "the account needs you first: say so (--account-mended)"),
    ):
        skipped = (SkippedPage(0, "", outcome, reason),)
        plan = RetryPlan("j", (), skipped, estimate_turns((), prices))
        (line,) = cause_lines(plan, prices, {})
        assert line.says == reason.partition(" (")[0] + ": e, send yes"
