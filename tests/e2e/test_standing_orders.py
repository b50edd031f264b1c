"""Standing orders and an inbox through the Python API: what is done unasked, and what is left."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import pikepdf

from batchdeck.config import Settings
from batchdeck.config_sections import Polling, Standing
from batchdeck.deck import Deck
from batchdeck.domain.events import (
    Event,
    Finished,
    InboxDone,
    InboxHeld,
    InboxProblem,
    InboxSubmitted,
    Operation,
    StandingOrderActed,
    StandingOrderHeld,
)
from batchdeck.domain.inbox import Done, InboxOrder

from .conftest import StartSandbox
from .pdfs import write_pdf

E = TypeVar("E", bound=Event)

FAILURES = """
[[rows]]
outcome = "truncated"
pages = 1
attempts = 1

[[rows]]
outcome = "no_credit"
pages = 2

[[rows]]
outcome = "canceled"
pages = 3

[[rows]]
outcome = "unknown_type"
pages = 4
"""
REFUSAL = """
[[calls]]
endpoint = "create"
action = "billing"
occurrences = 1
"""
QUICK = Polling(floor_seconds=0.1, ceiling_seconds=0.2)


async def events_of(operation: Operation[Any]) -> list[Event]:
    return [event async for event in operation if not isinstance(event, Finished)]


def only(kind: type[E], events: Iterable[Event]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


async def test_a_retry_keeps_its_cap_and_leaves_what_needs_a_hand(
    tmp_path: Path, start_sandbox: StartSandbox
) -> None:
    base_url, api_key = start_sandbox(FAILURES, batch_seconds=0.2)
    pdf = write_pdf(tmp_path / "a.pdf", 5)
    home, out = tmp_path / "deck", tmp_path / "out"

    def settings(usd: float) -> Settings:
        return Settings(polling=QUICK, standing=Standing(True, 2, usd, str(out)))

    async with Deck.open(home, base_url=base_url, api_key=api_key, settings=settings(0.001)) as deck:
        job = (await deck.submit(deck.plan(await deck.scan([pdf])))).job
        events = await events_of(deck.track(until_ended=True))
        (held,) = only(StandingOrderHeld, events)
        assert "the standing order may spend $0.00 more" in held.reason
        assert [event.order for event in only(StandingOrderActed, events)] == ["auto_export"]
        assert len(deck.submissions(job)) == 1
        assert not only(StandingOrderActed, await events_of(deck.track(until_ended=True))), "exported once"

    async with Deck.open(home, base_url=base_url, api_key=api_key, settings=settings(1.0)) as deck:
        events = await events_of(deck.track(until_ended=True))
        retried, exported = only(StandingOrderActed, events)
        assert (retried.order, retried.pages, exported.order) == ("auto_retry", 1, "auto_export")
        (held,) = only(StandingOrderHeld, events)
        assert held.reason == "3 pages left for you: 1 operator first, 1 on request, 1 unknown"
        first, second = deck.submissions(job)
        assert (first.order, second.order, second.indices) == ("", "auto_retry", ((0, 1),))
        (folder,) = out.iterdir()
        assert folder.name == f"a-{job}"
        assert {
            entry.facts.get("by") for entry in deck.log() if entry.action in ("auto_retry", "auto_export")
        } == {
            "standing order auto_retry",
            "standing order auto_export",
        }


async def test_an_inbox_waits_for_money_and_for_the_operator(tmp_path: Path) -> None:
    faults = tmp_path / "faults.toml"
    faults.write_text(REFUSAL)
    inbox = tmp_path / "in"
    for number, (name, pages) in enumerate((("first", 2), ("second", 2), ("dear", 9)), 1):
        os.utime(write_pdf(inbox / f"{name}.pdf", pages, seed=number), (number, number))
    order = InboxOrder(str(inbox), usd_per_file=0.08, usd_per_day=0.03, settle_seconds=0.05)
    later = dt.timedelta()

    def now() -> dt.datetime:
        return dt.datetime.now(dt.UTC) + later

    def names(where: str = ".") -> set[str]:
        return {path.name for path in (inbox / where).iterdir() if path.is_file()}

    settings = Settings(polling=QUICK)
    async with Deck.open(tmp_path / "deck", sandbox=True, faults=faults, settings=settings, now=now) as deck:

        async def round() -> list[Event]:
            return await events_of(deck.track(once=True, inbox=order))

        events = await round()
        (problem,) = only(InboxProblem, events)
        assert (problem.file, "over the $0.08 a file" in problem.reason) == ("dear.pdf", True)
        assert names("problems") == {"dear.pdf", "dear.pdf.txt"}
        assert len(only(InboxHeld, events)) == 2, "one file waits for money, one for the account"
        (job,) = deck.jobs()
        assert (job.order, [s.state for s in deck.submissions(job.id)]) == ("inbox", ["rejected"])

        events = await round()
        assert not only(InboxSubmitted, events)
        assert len(deck.submissions(job.id)) == 1, "what was refused is not sent again unasked"
        assert names() == {"first.pdf", "second.pdf"}

        await deck.account_mended()
        await deck.resume(job.id)
        events = await round()
        assert [event.file for event in only(InboxDone, events)] == ["first.pdf", "second.pdf"]
        (submitted,) = only(InboxSubmitted, events)
        assert submitted.files == ("second.pdf",), "the operator has paid for the first"

        write_pdf(inbox / "third.pdf", 2, seed=3)
        assert "dollars are spent" in only(InboxHeld, await round())[0].reason
        assert names() == {"third.pdf"}
        later = dt.timedelta(days=1)
        (submitted,) = only(InboxSubmitted, await round())
        assert (submitted.files, names("done")) == (("third.pdf",), {"first.pdf", "second.pdf", "third.pdf"})


async def test_files_that_are_only_marked_stay_and_are_told_of_once(tmp_path: Path) -> None:
    inbox = tmp_path / "in"
    write_pdf(inbox / "a.pdf", 1)
    (inbox / "torn.pdf").write_bytes(b"%PDF-")
    with pikepdf.open(write_pdf(tmp_path / "plain.pdf", 1, seed=2)) as pdf:
        pdf.Root.Collection = pikepdf.Dictionary()
        pdf.save(inbox / "portfolio.pdf")
    order = InboxOrder(str(inbox), done=Done.MARK, settle_seconds=0.05)
    for jobs in (1, 0):
        async with Deck.open(tmp_path / "deck", sandbox=True, settings=Settings(polling=QUICK)) as deck:
            events = await events_of(deck.track(until_ended=True, inbox=order))
            assert len(only(InboxSubmitted, events)) == jobs
            assert [event.moved_to for event in only(InboxDone, events)] == [None] * jobs
            problems = {event.file: event.reason for event in only(InboxProblem, events)}
            assert set(problems) == ({"torn.pdf", "portfolio.pdf"} if jobs else set())
            assert not jobs or "Submit it yourself" in problems["portfolio.pdf"]
    assert {path.name for path in inbox.iterdir()} == {"a.pdf", "torn.pdf", "portfolio.pdf"}
