"""Processes that want the same: to retry the same pages, to spend the last money under a cap, to write the
same documents."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from batchdeck.config_sections import Money
from batchdeck.domain.caps import spending
from batchdeck.domain.requests import parse_custom_id
from batchdeck.store.layout import DeckLayout
from batchdeck.store.ledger import Ledger
from tests.e2e.pdfs import write_pdf
from tests.faults.collecting import export
from tests.faults.figures import Figures
from tests.faults.people import Ended, Person, collect, fork, submit
from tests.faults.server import serving
from tests.faults.submits import SETTINGS, complain

_FAILING = '[[rows]]\noutcome = "overloaded_error"\nattempts = 1\n'
_PAGES = 3


def prove(rounds: int, seed: int) -> Figures:
    """Let two to four processes race that often: for pages, for money and for documents in turn."""
    figures = Figures("rivals", seed)
    chance = random.Random(seed)
    with figures.timed(), tempfile.TemporaryDirectory(prefix="batchdeck-faults-") as name:
        folder = Path(name)
        with serving(folder / "server", _FAILING) as server:
            for number in range(rounds):
                person = Person(folder / f"deck{number}", server, SETTINGS)
                race = (_for_pages, _for_money, _for_documents)[number % 3]
                race(person, folder / f"in{number}", chance, figures)
    figures.note = "races for pages, for money and for documents in turn"
    return figures


async def _retry(person: Person) -> int:
    async with person.opened() as deck:
        (job,) = deck.jobs()
        return (await deck.retry(await deck.plan_retry(job.id))).pages


def _race(works: list[Callable[[], Awaitable[object]]], figures: Figures) -> list[Ended]:
    children = [fork(work) for work in works]
    ends = [child.wait() for child in children]
    figures.runs += len(ends)
    complain(ends, figures)
    return ends


def _for_pages(person: Person, folder: Path, chance: random.Random, figures: Figures) -> None:
    """Each page may go out a second time once, whoever sends it."""
    source = write_pdf(folder / f"{folder.name}.pdf", _PAGES, seed=1, words=12).parent
    complain([fork(lambda: submit(person, source)).wait(), fork(lambda: collect(person)).wait()], figures)
    _race([lambda: _retry(person)] * chance.randint(2, 3), figures)
    given = [parse_custom_id(row.custom_id) for row in person.server.given()]
    turns = sum(parsed is not None and parsed.slug == folder.name for parsed in given)
    figures.pages += turns
    figures.blame(f"{turns} requests for {_PAGES} retried pages", paid_twice=max(0, turns - 2 * _PAGES))
    figures.blame(f"{turns} requests for {_PAGES} retried pages", lost=max(0, 2 * _PAGES - turns))


def _for_money(person: Person, folder: Path, chance: random.Random, figures: Figures) -> None:
    """The cap leaves room for one of several submissions."""
    one = _cost_of_one(person, folder, figures)
    capped = replace(SETTINGS, money=Money(max_cost_per_day=one * 2.5))
    person = Person(person.deck, person.server, capped)
    sources = [
        write_pdf(folder / f"r{number}" / f"r{number}.pdf", _PAGES, seed=2 + number, words=12).parent
        for number in range(chance.randint(2, 4))
    ]
    _race([lambda where=source: submit(person, where) for source in sources], figures)  # type: ignore[misc]
    ledger = Ledger.open(DeckLayout(person.deck), read_only=True)
    spent = spending(ledger.submissions().values(), ledger.batches().values())
    figures.pages += sum(s.page_count for s in ledger.submissions().values() if s.state.holds_pages)
    figures.blame(f"${spent:.4f} under a cap of ${one * 2.5:.4f}", damaged=spent > one * 2.5 + 1e-9)
    figures.blame(f"nobody got what was left: ${spent:.4f}", lost=spent < one * 1.9)


def _for_documents(person: Person, folder: Path, chance: random.Random, figures: Figures) -> None:
    """Several export into one folder, one of them is killed: what is there is as one alone has it."""
    source = write_pdf(folder / f"{folder.name}.pdf", _PAGES, seed=1, words=12).parent
    complain([fork(lambda: submit(person, source)).wait(), fork(lambda: collect(person)).wait()], figures)
    alone, out = folder / "alone", folder / "out"
    complain([fork(lambda: export(person, alone)).wait()], figures)
    children = [fork(lambda: export(person, out)) for _ in range(chance.randint(2, 4))]
    children[0].kill_after(chance.random() * 0.3)
    ends = [child.wait() for child in children]
    figures.runs += len(ends)
    figures.kills += sum(end.was_killed for end in ends)
    complain(ends, figures)
    wanted = {path.name: path.read_bytes() for path in alone.glob("*.html") if "report" not in path.name}
    for name, whole in wanted.items():
        there = out / name
        figures.pages += _PAGES
        figures.blame(f"{there} is not whole", damaged=not there.exists() or there.read_bytes() != whole)


def _cost_of_one(person: Person, folder: Path, figures: Figures) -> float:
    """Submit one document without a cap; return what was reserved for it."""
    source = write_pdf(folder / "first" / "first.pdf", _PAGES, seed=1, words=12).parent
    complain([fork(lambda: submit(person, source)).wait()], figures)
    ledger = Ledger.open(DeckLayout(person.deck), read_only=True)
    return spending(ledger.submissions().values(), ledger.batches().values())
