"""What the first screen says while a sandbox starts, when it cannot, and while samples are made."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batchdeck.cli import dashboard
from batchdeck.deck import Deck
from batchdeck.sandbox import launch
from batchdeck.store.layout import prepare_deck
from batchdeck.store.ledger import Ledger
from batchdeck.tui.app import DeckApp
from batchdeck.tui.screens.submit import SubmitScreen

Shows = Callable[..., Awaitable[str]]
Until = Callable[[Callable[[], object]], Awaitable[None]]
STARTING = "starting the sandbox…"


@pytest.fixture
def open_deck(library: Path, tmp_path: Path) -> Path:
    """A sandbox deck whose batch has still to be collected, so that the sandbox is needed at once."""
    home = Path(shutil.copytree(library, tmp_path / "deck"))
    ledger = Ledger.open(prepare_deck(home))
    (batch,) = ledger.batches().values()
    running = replace(batch.remote, status="in_progress", ended_at=None, has_results=False)
    with ledger.transaction() as tx:
        tx.put(replace(batch, remote=running, archive=None, outcomes={}, cost=None))
    return home


async def test_it_is_said_that_the_sandbox_starts_and_nothing_is_asked_before_it_runs(
    open_deck: Path, play_deck: Any, shows: Shows, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_start, start = threading.Event(), launch.ensure_running

    def held_up(*arguments: Any, **options: Any) -> launch.Running:
        assert may_start.wait(60)
        return start(*arguments, **options)

    monkeypatch.setattr(launch, "ensure_running", held_up)
    async with play_deck(open_deck, now=None) as (app, _, deck):
        try:
            await shows(app, STARTING, "1 open", without=("!",))
            await until(lambda: deck.polled_by() == "this process")  # as far as it gets without one
            assert (deck.is_connected, deck.api_calls_made, len(app._notifications)) == (False, 0, 0)
        finally:
            may_start.set()
        await until(lambda: all(row.archived for row in deck.batches()))
        await shows(app, "0 open", without=(STARTING,))


def leave_it_damaged(state: Path) -> None:
    (state / "state.json").write_text("{")


def take_its_place(state: Path) -> None:
    (state / "launch.lock").unlink()
    (state / "launch.lock").mkdir()


@pytest.mark.parametrize(
    ("spoil", "why", "hint"),
    [
        (leave_it_damaged, "It ended at once: ", "`batchdeck sandbox` with the same"),
        (take_its_place, "It cannot run in", "choose another deck"),
    ],
)
async def test_a_sandbox_that_cannot_start_is_told_with_what_to_do(
    open_deck: Path, play_deck: Any, shows: Shows, spoil: Callable[[Path], None], why: str, hint: str
) -> None:
    spoil(open_deck / "sandbox")
    async with play_deck(open_deck, now=None) as (app, _, deck):
        seen = await shows(app, "! The sandbox is not there", without=(STARTING,))
        said = " ".join(seen.split())  # whole, where three lines hold it
        assert why in said
        assert hint in said
        assert (deck.api_calls_made, app.is_running) == (0, True)


async def test_the_first_screen_does_not_wait_for_samples(tmp_path: Path, shows: Shows, until: Until) -> None:
    may_write, samples = threading.Event(), tmp_path / "deck" / "samples"

    def make() -> None:
        assert may_write.wait(60)
        dashboard._make_samples(samples)

    async with Deck.open(tmp_path / "deck", sandbox=True) as deck:
        app = DeckApp(deck, environ={"TERM": "xterm-256color"}, samples=samples, make_samples=make)
        async with app.run_test() as pilot:
            try:
                await shows(app, "No batches yet", "look at the sample PDFs", "making the sample PDFs")
                await pilot.press("s")
                assert [note.title for note in app._notifications] == ["Not yet"]
                assert (app.screen, samples.exists()) == (app.home, False)
            finally:
                may_write.set()
            await shows(app, "No batches yet", without=("making the sample PDFs",))
            await pilot.press("s")
            await until(lambda: isinstance(app.screen, SubmitScreen))
            await shows(app, "accounts.pdf", "damaged.pdf")
    assert len(list(samples.iterdir())) == 8
    assert not samples.with_name("samples.part").exists()


async def test_samples_that_cannot_be_made_are_told(tmp_path: Path, until: Until) -> None:
    async with Deck.open(tmp_path / "deck", sandbox=True) as deck:
        samples = tmp_path / "deck" / "samples"
        samples.with_name("samples.part").write_text("in the way")
        app = DeckApp(
            deck,
            environ={"TERM": "xterm-256color"},
            samples=samples,
            make_samples=lambda: dashboard._make_samples(samples),
        )
        async with app.run_test():
            await until(lambda: any("start the demo again" in note.message for note in app._notifications))
