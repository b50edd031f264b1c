"""Kills during submits, under every network fault, by one to three processes, beside a busy neighbour."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import random
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import contextmanager, nullcontext
from pathlib import Path

from batchdeck.config import Settings
from batchdeck.config_sections import Limits, Polling
from batchdeck.domain.requests import parse_custom_id
from batchdeck.store.audit import AuditLog
from batchdeck.store.layout import DeckLayout
from batchdeck.store.ledger import Ledger
from tests.e2e.pdfs import write_pdf
from tests.faults.figures import Figures
from tests.faults.people import Ended, Person, collect, fork, settle, submit
from tests.faults.server import Given, Server, make_foreign_batch, serving

FAULTS: dict[str, tuple[float, str]] = {
    "reset_before": (0.06, ""),
    "reset_after": (0.07, ""),
    "error_after": (0.07, ""),
    "garbage": (0.06, ""),
    "stall": (0.05, "seconds = 0.15"),
    "slow": (0.10, "seconds = 0.05"),
    "rate_limit": (0.05, "retry_after = 0"),
    "server_error": (0.04, ""),
    "overloaded": (0.04, ""),
    "gateway_timeout": (0.03, ""),
    "too_large_html": (0.03, ""),
}
"""What goes wrong with a `create`, its share, and its details. Late acceptance has a proof of its own."""
FOREIGN = "team-"
_KILLS_A_DECK = 60
_KILLS_A_FOLDER = 4
_QUIET = 900.0
_LONGEST_LIFE = 1.2
_MOST_TURNS = 40

SETTINGS = Settings(
    polling=Polling(floor_seconds=0.1, ceiling_seconds=0.2),
    limits=Limits(batch_requests=2),
)


def rules(shares: dict[str, tuple[float, str]] = FAULTS) -> str:
    """Return the faults file; listing goes wrong now and then as well."""
    tables = [
        f'[[calls]]\nendpoint = "create"\naction = "{action}"\nshare = {share}\n{detail}\n'
        for action, (share, detail) in shares.items()
    ]
    tables.append('[[calls]]\nendpoint = "list"\naction = "reset_before"\nshare = 0.02\n')
    return "\n".join(tables)


def prove(kills: int, seed: int, *, has_neighbour: bool = False) -> Figures:
    """Kill that many processes while they submit.

    Each folder is submitted by one to three processes at once, which are killed at some moment and started
    again, up to four times; then what is left is settled. In the end the server is asked what it was given.

    Args:
        has_neighbour: somebody else makes batches of the same sizes in the same workspace meanwhile.
    """
    figures = Figures("neighbour" if has_neighbour else "submits", seed)
    chance = random.Random(seed)
    with figures.timed():
        while figures.kills < kills:
            with tempfile.TemporaryDirectory(prefix="batchdeck-faults-") as folder:
                _one_deck(Path(folder), figures, chance, kills, has_neighbour=has_neighbour)
    return figures


def _one_deck(
    folder: Path, figures: Figures, chance: random.Random, kills: int, *, has_neighbour: bool
) -> None:
    until = min(kills, figures.kills + _KILLS_A_DECK)
    with serving(folder / "server", rules(), seed=chance.randrange(1 << 30)) as server:
        person = Person(folder / "deck", server, SETTINGS)
        expected: set[tuple[str, int]] = set()
        with _neighbour(server, chance.randrange(1 << 30)) if has_neighbour else nullcontext():
            number = 0
            while figures.kills < until:
                source = folder / f"in{number}"
                for place in range(chance.randint(1, 2)):
                    name, pages = f"r{number}-{place}", chance.randint(1, 5)
                    write_pdf(source / f"{name}.pdf", pages, seed=10 * number + place, words=12)
                    expected |= {(name, page) for page in range(1, pages + 1)}
                number += 1
                _fight(person, source, figures, chance, until)
            settle_all(person, figures, folder.glob("in*"))
        judge([person], expected, figures)


def _fight(person: Person, source: Path, figures: Figures, chance: random.Random, until: int) -> None:
    """Let a folder be submitted by processes that are killed, then by one that is not."""
    for _ in range(_KILLS_A_FOLDER):
        processes = min(chance.choice((1, 2, 3)), until - figures.kills)
        children = [fork(lambda: submit(person, source)) for _ in range(processes)]
        # The first half of a life is reading and preparing; kills are to meet all of it, sending above all.
        for child in children:
            child.kill_after(_LONGEST_LIFE * chance.random() ** 0.6)
        ends = [child.wait() for child in children]
        figures.runs += len(ends)
        figures.kills += sum(end.was_killed for end in ends)
        complain(ends, figures)
        if figures.kills >= until or not any(end.was_killed for end in ends):
            break


def complain(ends: list[Ended], figures: Figures) -> None:
    """Count what ended in an error that is none of ours."""
    for end in ends:
        figures.blame(end.crash, damaged=bool(end.crash))


def settle_all(person: Person, figures: Figures, sources: Iterable[Path]) -> None:
    """Let one process after the other settle and send what is left of some folders, until nothing is."""
    folders = sorted(sources)
    for _ in range(_MOST_TURNS):
        person.server.wait_idle()
        person.server.wait_ended()
        person.later += _QUIET + 1
        end = fork(lambda: settle(person, folders)).wait()
        figures.runs += 1
        complain([end], figures)
        if end.told == 0:
            return
    figures.blame(f"it never settles: {end}", lost=1)


def judge(
    people: Sequence[Person],
    expected: Set[tuple[str, int]],
    figures: Figures,
    *,
    collects: bool = True,
) -> None:
    """Ask the server of some people what it was given; hold their decks and what was submitted against it.

    Args:
        people: everybody who has submitted something there, each with a deck of their own.
        expected: name (without .pdf) and page number of every page that was submitted.
        collects: whether the results are to be collected first.
    """
    for person in people if collects else ():
        end = fork(lambda who=person: collect(who)).wait()  # type: ignore[misc]
        complain([end], figures)
        figures.blame(f"collecting failed: {end.message}", damaged=bool(end.error))
    given = [row for row in people[0].server.given() if not row.custom_id.startswith(FOREIGN)]
    figures.pages += len(given)
    found = set().union(*(_judge_deck(person.deck, given, figures, collects=collects) for person in people))
    paid: Counter[tuple[str, int]] = Counter()
    strangers = []
    for row in given:
        parsed = parse_custom_id(row.custom_id)
        if parsed is None:
            strangers.append(row.custom_id)
        elif row.type == "succeeded" and row.batch not in found:
            paid[parsed.slug, parsed.page] += 1
    twice = sorted(page for page, count in paid.items() if count > 1)
    lost = sorted(expected - paid.keys())
    figures.blame(f"paid more than once: {twice[:5]}", paid_twice=len(twice))
    figures.blame(f"never sent, or never paid: {lost[:5]}", lost=len(lost))
    figures.blame(f"requests of nobody's: {strangers[:3]}", damaged=len(strangers))
    known = set().union(*(known_batches(person.deck) for person in people))
    orphans = {row.batch for row in given} - known
    figures.blame(f"batches that no deck knows: {sorted(orphans)[:3]}", lost=len(orphans))


def known_batches(deck: Path) -> Set[str]:
    """Return the ids of the batches that a deck knows."""
    return Ledger.open(DeckLayout(deck), read_only=True).batches().keys()


def _judge_deck(deck: Path, given: Sequence[Given], figures: Figures, *, collects: bool) -> set[str]:
    """Hold one deck's records against what the server was given; return the duplicates it has found."""
    layout = DeckLayout(deck)
    ledger = Ledger.open(layout, read_only=True)
    known = {batch.id: batch for batch in ledger.batches().values() if not batch.is_realtime}
    duplicates = {batch.id for batch in known.values() if batch.duplicate_of is not None}
    invented = known.keys() - {row.batch for row in given}
    figures.blame(f"batches that the server does not know: {sorted(invented)[:3]}", damaged=len(invented))
    wrong = [
        row.custom_id
        for row in given
        if row.batch in known
        and (known[row.batch].duplicate_of or known[row.batch].key) != row.custom_id.partition("-")[0]
    ]
    figures.blame(f"taken for another submission: {wrong[:3]}", damaged=len(wrong))
    if collects:
        missing = [batch.id for batch in known.values() if batch.archive is None]
        figures.blame(f"results not on this disk: {missing[:3]}", lost=len(missing))
    bad = AuditLog(layout, operator="", now=_now, read_only=True).verify()
    figures.blame(f"line {bad} of the audit log is broken", damaged=bad is not None)
    figures.late += len(duplicates)
    return duplicates


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@contextmanager
def _neighbour(server: Server, seed: int) -> Iterator[None]:
    """Let another process make batches of one and two requests beside the deck's, for as long as the context
    lasts."""

    async def work() -> None:
        own = random.Random(seed)
        for number in itertools.count():
            make_foreign_batch(server, own.randint(1, 2), f"{FOREIGN}{number}")
            await asyncio.sleep(own.uniform(0.0, 0.1))

    child = fork(work)
    try:
        yield
    finally:
        child.kill()
        child.wait()
