"""Kills while pages go out in real time, rung by rung, as standing orders, and from an inbox."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

from batchdeck.config import Settings
from batchdeck.config_sections import Inbox, Ladder, Realtime, Reconcile, Standing
from batchdeck.domain.batches import Mode
from batchdeck.domain.overview import JobState
from tests.e2e.pdfs import write_pdf
from tests.faults.figures import Figures
from tests.faults.people import Person, fork
from tests.faults.server import Server, serving
from tests.faults.submits import SETTINGS, complain, judge, settle_all

_SLOW = '[[calls]]\nendpoint = "messages"\naction = "slow"\nseconds = 0.05\nshare = 0.8\n'
_LOST = '[[calls]]\nendpoint = "messages"\naction = "reset_after"\nshare = 0.1\n'
_FAILING_ROWS = '[[rows]]\noutcome = "overloaded_error"\nshare = 0.5\nattempts = 1\n'
_CREATE = '[[calls]]\nendpoint = "create"\naction = "{}"\nshare = 0.1\n'
_FAULTS = "".join(map(_CREATE.format, ("reset_after", "reset_before", "error_after", "garbage")))
_KILLS_A_DECK = 6
_LONGEST_LIFE = 1.0
_MOST_TURNS = 30


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which pages go out without an operator at each step."""

    name: str
    faults: str
    settings: Settings
    begin: Callable[[Person, Path], Awaitable[object]]
    """What is killed."""
    is_realtime: bool = False


async def _in_real_time(person: Person, source: Path) -> None:
    async with person.opened() as deck:
        plan = deck.plan(await deck.scan([source]), mode=Mode.REALTIME)
        if plan.documents:
            await deck.submit(plan)


async def _by_rungs(person: Person, source: Path) -> None:
    async with person.opened() as deck:
        await deck.reconcile()
        plan = deck.plan(await deck.scan([source]), ladder="1,2,rest")
        if plan.documents:
            await deck.submit(plan)
        await deck.track(until_ended=True)


async def _by_order(person: Person, source: Path) -> None:
    async with person.opened() as deck:
        await deck.reconcile()
        plan = deck.plan(await deck.scan([source]))
        if plan.documents:
            await deck.submit(plan)
        await deck.track(until_ended=True)


async def _from_inbox(person: Person, source: Path) -> None:
    async with person.opened() as deck:
        await deck.track(until_ended=True, inbox=source)


# The poller that is watched waits for itself here: its clock is not pushed forward.
_SETTINGS = replace(SETTINGS, reconcile=Reconcile(quiet_seconds=3))
_RETRYING = replace(_SETTINGS, standing=Standing(auto_retry=True))
WAYS = (
    Way("realtime", _SLOW + _LOST, replace(_SETTINGS, realtime=Realtime(concurrency=3)), _in_real_time, True),
    Way("ladder", _FAULTS, replace(_SETTINGS, ladder=Ladder(trial=False)), _by_rungs),
    Way("orders", _FAULTS + _FAILING_ROWS, _RETRYING, _by_order),
    Way(
        "inbox",
        _FAULTS + _FAILING_ROWS,
        replace(_RETRYING, inbox=Inbox(settle_seconds=0.1, rescan_seconds=1)),
        _from_inbox,
    ),
)


def prove(way: Way, kills: int, seed: int) -> Figures:
    """Kill that many processes while they work in one of the ways, and let others go on."""
    figures = Figures(way.name, seed)
    chance = random.Random(seed)
    with figures.timed():
        while figures.kills < kills:
            with tempfile.TemporaryDirectory(prefix="batchdeck-faults-") as folder:
                _one_deck(Path(folder), way, figures, chance, kills)
    return figures


def _one_deck(folder: Path, way: Way, figures: Figures, chance: random.Random, kills: int) -> None:
    with serving(folder / "server", way.faults, seed=chance.randrange(1 << 30)) as server:
        person = Person(folder / "deck", server, way.settings)
        source = folder / "in"
        pages = chance.randint(3, 8)
        name = "paper"
        write_pdf(source / f"{name}.pdf", pages, seed=1, words=12)
        for _ in range(_KILLS_A_DECK):
            child = fork(lambda: way.begin(person, source))
            child.kill_after(_LONGEST_LIFE * chance.random())
            end = child.wait()
            figures.runs += 1
            figures.kills += end.was_killed
            complain([end], figures)
            if not end.was_killed or figures.kills >= kills:
                break
        if way.is_realtime:
            _judge_real_time(person, source, server, pages, figures)
            return
        _go_on(person, way, source, figures)
        judge([person], {(name, page) for page in range(1, pages + 1)}, figures)


def _go_on(person: Person, way: Way, source: Path, figures: Figures) -> None:
    """Let processes that nobody kills bring it to its end: every page answered well."""
    for _ in range(_MOST_TURNS):
        settle_all(person, figures, [])
        end = fork(lambda: way.begin(person, source)).wait()
        figures.runs += 1
        complain([end], figures)
        again = fork(lambda: _retry(person)).wait()
        complain([again], figures)
        if again.told == 0:
            return
    figures.blame(f"{way.name} does not come to its end: {end}", lost=1)


async def _retry(person: Person) -> int:
    """Retry, as an operator, what an order has left; return how many pages are not answered well."""
    async with person.opened() as deck:
        jobs = deck.jobs()
        good = sum(count for job in jobs for outcome, count in job.outcomes.items() if outcome.is_good)
        for job in jobs:
            if deck.job_state(job) is JobState.FAILURES:
                await deck.retry(await deck.plan_retry(job.id))
        return sum(job.pages for job in jobs) - good if jobs else 1


def _judge_real_time(person: Person, source: Path, server: Server, pages: int, figures: Figures) -> None:
    """Whatever was asked is known to the deck, answered or perhaps lost; the rest goes out once.

    A page that was about to leave when its process died is shown as lost, too: nobody can tell.
    """
    server.wait_idle()
    asked = server.calls_of("messages")
    end = fork(lambda: _accounted(person)).wait()
    complain([end], figures)
    known = end.told if isinstance(end.told, int) else -1
    figures.blame(f"{known} pages known, {asked} asked", lost=max(0, asked - known))
    last = fork(lambda: _in_real_time(person, source)).wait()
    figures.runs += 1
    complain([last], figures)
    asked = server.calls_of("messages")
    figures.pages += asked
    figures.blame(f"{asked} answers asked for {pages} pages", paid_twice=max(0, asked - pages))
    told = fork(lambda: _accounted(person)).wait().told
    figures.blame(f"{told} of {pages} pages have an outcome", lost=told != pages)


async def _accounted(person: Person) -> int:
    """Return of how many pages the deck says what came of them, or that this is not known."""
    async with person.opened() as deck:
        return sum(bool(row.batch) for job in deck.jobs() for row in deck.pages(job.id))
