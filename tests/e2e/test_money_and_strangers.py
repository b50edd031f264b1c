"""A held account, batches made elsewhere, and second acceptances, through the Python API and real HTTP."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batchdeck.config import Settings
from batchdeck.config_sections import Ladder, Money, Polling, Reconcile, Standing
from batchdeck.deck import Deck
from batchdeck.domain.batches import Mode
from batchdeck.domain.events import DuplicateFound, Finished, Note, Operation, ResultsAtRisk
from batchdeck.domain.overview import BatchStatus, JobState
from batchdeck.errors import AccountHeld, NothingToSubmit
from tests.faults.server import Server, make_foreign_batch, serving

from .pdfs import write_pdf

QUICK = Settings(polling=Polling(floor_seconds=0.1, ceiling_seconds=0.2))
REFUSED = '[[calls]]\nendpoint = "create"\naction = "billing"\noccurrences = 1\n'
LATE = '[[calls]]\nendpoint = "create"\naction = "late_acceptance"\nseconds = 5000\noccurrences = 1\n'
NOT_THERE = '[[calls]]\nendpoint = "results"\naction = "not_found"\n'
UNREADABLE = '[[calls]]\nendpoint = "results"\naction = "server_error"\n'


class Clock:
    """This machine's clock, some days ahead."""

    ahead = dt.timedelta(0)

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + self.ahead


@asynccontextmanager
async def opened(
    folder: Path, server: Server, settings: Settings = QUICK, clock: Clock | None = None
) -> AsyncIterator[Deck]:
    async with Deck.open(
        folder / "deck",
        base_url=server.base_url,
        api_key=server.api_key,
        settings=settings,
        now=(clock or Clock()).now,
    ) as deck:
        yield deck


async def sent(deck: Deck, source: Path, **options: Any) -> Any:
    return await deck.submit(deck.plan(await deck.scan([source]), **options))


async def events_of(operation: Operation[Any]) -> list[Any]:
    return [event async for event in operation if not isinstance(event, Finished)]


async def test_a_held_account_stops_whatever_costs_money_until_the_operators_word(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    with serving(tmp_path / "server", REFUSED) as server:
        async with opened(tmp_path, server) as deck:
            with pytest.raises(AccountHeld) as refused:
                await sent(deck, write_pdf(tmp_path / "a.pdf", 2))
            assert "batchdeck mended" in refused.value.hint
            assert "credit balance" in deck.held
            calls = server.calls_of("create")
            for options in ({}, {"mode": Mode.REALTIME}, {"ladder": "1,rest"}):
                with pytest.raises(AccountHeld, match="is held"):
                    await sent(deck, write_pdf(tmp_path / "b.pdf", 2, seed=2), **options)
            write_pdf(inbox / "c.pdf", 1, seed=3)
            events = await events_of(deck.track(once=True, inbox=inbox))
            assert any("is held" in getattr(event, "reason", "") for event in events)
            assert (server.calls_of("create"), server.calls_of("messages")) == (calls, 0)
            assert [job.name for job in deck.jobs()] == ["a"], "no job was made of what cannot be sent"
        async with opened(tmp_path, server) as deck:
            assert deck.held, "another process knows of it"
            assert await deck.account_mended() is not None
            assert await deck.account_mended() is None
            assert (await deck.resume(deck.jobs()[0].id)).pages == 2
            await events_of(deck.track(once=True, inbox=inbox))
            assert len(deck.jobs()) == 2


async def test_orders_and_rungs_wait_for_a_held_account_and_go_on_when_it_is_mended(tmp_path: Path) -> None:
    failing = '[[rows]]\noutcome = "overloaded_error"\npages = 2\nattempts = 1\n'
    refused = REFUSED.replace("occurrences = 1", "occurrences = 3")
    settings = replace(
        QUICK, standing=Standing(auto_retry=True, auto_export="out"), ladder=Ladder(trial=False)
    )
    with serving(tmp_path / "server", failing + refused) as server:
        async with opened(tmp_path, server, settings) as deck:
            await sent(deck, write_pdf(tmp_path / "failing.pdf", 2))
            await sent(deck, write_pdf(tmp_path / "rungs.pdf", 3, seed=2), ladder="1,rest")
            with pytest.raises(AccountHeld):
                await sent(deck, write_pdf(tmp_path / "refused.pdf", 1, seed=3))
            server.wait_ended()
            for _ in range(2):
                await events_of(deck.track(once=True))
            assert server.calls_of("create") == 3
            assert sum(row.archived for row in deck.batches()) == 2, "what was paid for is collected"
            exported = [path.name for path in (tmp_path / "deck" / "out").glob("*/*.html")]
            assert any("failing" in name for name in exported), "and exported: that costs nothing"
            await deck.account_mended()
            await events_of(deck.track(once=True))
            assert server.calls_of("create") == 5, "the failed page, and the second rung"
            assert deck.totals().open_batches == 2
            assert deck.job_state(deck.jobs()[0]) is JobState.UNSENT, "what was refused waits for a word"


async def test_a_cap_counts_what_is_prepared_once_and_is_kept_at_the_moment_of_sending(
    tmp_path: Path,
) -> None:
    with serving(tmp_path / "server", REFUSED.replace("billing", "reset_before")) as server:
        async with opened(tmp_path, server) as deck:
            plan = deck.plan(await deck.scan([write_pdf(tmp_path / "a.pdf", 2)]))
            just_enough = replace(QUICK, money=Money(max_cost_per_day=plan.estimate.usd * 1.01))
        async with opened(tmp_path, server, just_enough) as deck:
            await deck.submit(plan)
            clock = Clock()
            clock.ahead = dt.timedelta(minutes=20)
        async with opened(tmp_path, server, just_enough, clock) as deck:
            assert (await deck.reconcile()).absent, "what the API never took is not spent"
            assert (await deck.resume(deck.jobs()[0].id)).pages == 2
            with pytest.raises(NothingToSubmit, match="max_cost_per_day"):
                await sent(deck, write_pdf(tmp_path / "b.pdf", 2, seed=2))
            clock.ahead += dt.timedelta(days=1)
            assert (await sent(deck, tmp_path / "b.pdf")).pages == 2, "another day"


async def test_batches_made_elsewhere_are_archived_and_warned_of(tmp_path: Path) -> None:
    with serving(tmp_path / "server") as server:
        named, other = (make_foreign_batch(server, rows, f"team{rows}") for rows in (1, 2))
        server.wait_ended()
        async with opened(tmp_path, server) as deck:
            (batch,) = await deck.adopt([named])
            assert (batch.id, batch.job, batch.archive is not None) == (named, None, True)
            assert [batch.id for batch in await deck.adopt()] == [other], "the first is tracked already"
            assert await deck.adopt([named]) == ()
            rows = deck.batches()
            assert {(row.job_name, row.status, row.requests) for row in rows} == {
                ("(made elsewhere)", BatchStatus.DONE, 1),
                ("(made elsewhere)", BatchStatus.DONE, 2),
            }
            assert [page.document for page in deck.pages(named)] == [""]
            assert (deck.jobs(), deck.totals().spent) == ([], 0.0), "others have paid for them"


async def test_results_of_others_that_are_not_here_are_warned_of_each_on_its_days(tmp_path: Path) -> None:
    clock = Clock()
    with serving(tmp_path / "server", UNREADABLE) as server:
        batches = {make_foreign_batch(server, rows, f"team{rows}") for rows in (1, 2)}
        server.wait_ended()
        async with opened(tmp_path, server, clock=clock) as deck:
            assert len(await deck.adopt()) == 2, "results that do not come hold up nothing"
            days = 0
            for day, is_warned in ((19, False), (21, True), (26, True), (28, True)):
                server.advance((day - days) * 86_400)
                days, clock.ahead = day, dt.timedelta(days=day)
                events = await events_of(deck.track(once=True))
                assert {event.batch for event in events if isinstance(event, ResultsAtRisk)} == (
                    batches if is_warned else set()
                ), day
            assert deck.totals().at_risk == 2


async def test_a_404_for_one_batch_of_the_workspace_holds_up_nothing(tmp_path: Path) -> None:
    faults = '[[calls]]\nendpoint = "results"\naction = "not_found"\neach_batch = true\noccurrences = 1\n'
    with serving(tmp_path / "server", faults) as server:
        make_foreign_batch(server, 2, "team")
        async with opened(tmp_path, server) as deck:
            await sent(deck, write_pdf(tmp_path / "a.pdf", 2))
            server.wait_ended()
            await deck.track(until_ended=True)
            assert [row.status for row in deck.batches()] == [BatchStatus.DONE]


@pytest.mark.parametrize("is_exclusive", [True, False])
async def test_a_second_acceptance_is_named_while_canceling_still_helps(
    tmp_path: Path, is_exclusive: bool
) -> None:
    clock = Clock()
    settings = replace(QUICK, reconcile=Reconcile(exclusive_workspace=is_exclusive))
    with serving(tmp_path / "server", LATE, batch_seconds=1_000) as server:
        async with opened(tmp_path, server, settings, clock) as deck:
            first = await sent(deck, write_pdf(tmp_path / "a.pdf", 3))
            assert (len(first.in_doubt), deck.totals().in_doubt) == (1, 1)
            clock.ahead = dt.timedelta(hours=1)
            assert (await deck.reconcile()).absent == first.in_doubt
            job = deck.jobs()[0]
            assert deck.job_state(job) is JobState.UNSENT
            await deck.resume(job.id)
            server.advance(5_001)
            found = await events_of(deck.reconcile())
            late = max(server.batches(), key=lambda batch: batch["created_at"])["id"]
            if not is_exclusive:
                (told,) = [event.text for event in found if isinstance(event, Note)]
                assert f"batchdeck cancel {late}" in told
                await deck.adopt([late])
                assert not await events_of(deck.reconcile()), "said once"
                await deck.cancel(late)
                server.wait_ended()
                found = await events_of(deck.reconcile())
            assert [(e.batch, e.submission) for e in found if isinstance(e, DuplicateFound)] == [
                (late, first.in_doubt[0])
            ]
            (row,) = [row for row in deck.batches() if row.id == late]
            assert (row.job_name, row.duplicate_of) == (job.name, first.in_doubt[0])
            assert "a second time" in row.note
            if is_exclusive:
                assert (row.status, deck.totals().duplicates) == (BatchStatus.DUPLICATE, 1)
                assert (await deck.cancel(late)).remote.cancel_initiated_at is not None


@pytest.mark.parametrize("has_ended", [False, True])
async def test_a_batch_deleted_elsewhere_is_believed_by_rounds_of_their_own(
    tmp_path: Path, has_ended: bool
) -> None:
    clock = Clock()
    with serving(tmp_path / "server", NOT_THERE) as server:
        async with opened(tmp_path, server, clock=clock) as deck:
            await sent(deck, write_pdf(tmp_path / "a.pdf", 1))
            server.wait_ended()
            while has_ended and deck.batches()[0].status is not BatchStatus.COLLECTING:
                await deck.track(once=True)
            (row,) = deck.batches()
        server.call(f"/v1/messages/batches/{row.id}", method="DELETE")
        statuses = []
        for minutes in (0, 9, 11):
            clock.ahead = dt.timedelta(minutes=minutes)
            async with opened(tmp_path, server, clock=clock) as deck:
                await deck.track(once=True)
                statuses.append(deck.batches()[0].status)
        assert statuses == [row.status, row.status, BatchStatus.GONE]


async def test_results_that_the_api_has_put_away_are_not_waited_for(tmp_path: Path) -> None:
    with serving(tmp_path / "server") as server:
        async with opened(tmp_path, server) as deck:
            await sent(deck, write_pdf(tmp_path / "a.pdf", 1))
            server.wait_ended()
            server.advance(30 * 86_400)  # by its own clock; by this machine's they may come yet
            await deck.track(once=True)
            assert deck.batches()[0].status is BatchStatus.GONE


async def test_results_that_are_gone_for_good_are_not_waited_for(tmp_path: Path) -> None:
    clock = Clock()
    with serving(tmp_path / "server", NOT_THERE) as server:
        async with opened(tmp_path, server, clock=clock) as deck:
            job = (await sent(deck, write_pdf(tmp_path / "a.pdf", 1))).job
            while deck.batches()[0].status is not BatchStatus.COLLECTING:
                await deck.track(once=True)
            clock.ahead = dt.timedelta(days=28)
            await deck.track(once=True)
            assert deck.batches()[0].status is BatchStatus.AT_RISK, "they may come yet"
            clock.ahead = dt.timedelta(days=29)
            await deck.track(until_ended=True)
            assert deck.batches()[0].status is BatchStatus.GONE
            assert (await deck.plan_retry(job)).pages == 1
