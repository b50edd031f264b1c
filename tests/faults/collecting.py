"""Kills and broken streams while results are collected and documents exported: files whole, or not there."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from batchdeck.store.layout import DeckLayout
from batchdeck.store.ledger import Ledger
from tests.e2e.pdfs import write_pdf
from tests.faults.figures import Figures
from tests.faults.people import Ended, Person, collect, fork, submit
from tests.faults.server import serving
from tests.faults.steps import Steps, die
from tests.faults.submits import SETTINGS, complain, judge

STREAMS: dict[str, str] = {
    "ok": "",
    "cut": "rows = 1",
    "short": "rows = 1",
    "torn": "rows = 1",
    "stall": "seconds = 0.05",
    "reset_before": "",
    "reset_after": "",
    "server_error": "",
    "not_found": "",
}
"""What happens to the first download of every batch."""
_PAGES = 4


async def export(person: Person, out: Path) -> int:
    """Export every job; return how many documents there are."""
    documents = 0
    async with person.opened() as deck:
        for job in deck.jobs():
            documents += len((await deck.export(job.id, out=out)).documents)
    return documents


def prove(share: float, seed: int, actions: Sequence[str] = tuple(STREAMS)) -> Figures:
    """Kill a process at each step of collecting, under each fault of the stream, and at each of exporting.

    Args:
        share: how many of the cells are tried, from 0 to 1; which ones is decided by the seed.
        actions: the faults; exporting is tried beside the first.
    """
    figures = Figures("collecting", seed)
    chance = random.Random(seed)
    points: dict[str, int] = {}
    with figures.timed():
        for action in actions:
            with tempfile.TemporaryDirectory(prefix="batchdeck-faults-") as folder:
                _one_fault(Path(folder), action, share, chance, figures, points)
    figures.note = f"{points['collect']} crash points of collecting x {len(actions)} faults" + (
        f", {points['export']} of exporting, {share:.0%} of them"
    )
    return figures


def _one_fault(
    folder: Path,
    action: str,
    share: float,
    chance: random.Random,
    figures: Figures,
    points: dict[str, int],
) -> None:
    rule = f'[[calls]]\nendpoint = "results"\naction = "{action}"\neach_batch = true\noccurrences = 1\n'
    people: list[Person] = []
    with serving(folder / "server", rule + STREAMS[action] + "\n") as server:

        def fresh(name: str) -> Person:
            person = Person(folder / name, server, SETTINGS)
            source = write_pdf(folder / f"in{name}" / f"{name}.pdf", _PAGES, seed=1, words=12).parent
            complain([fork(lambda: submit(person, source)).wait()], figures)
            server.wait_ended()
            people.append(person)
            return person

        def cell(name: str, step: int) -> Ended:
            person = fresh(name)
            end = _at(step, lambda: collect(person), figures)
            _look_at_results(person.deck, figures)
            return end

        whole = cell("c0", 0)
        points["collect"] = max(points.get("collect", 0), _told(whole, action, figures))
        for step in range(1, _told(whole, action, figures) + 1):
            if chance.random() < share:
                cell(f"c{step}", step)
        if "export" not in points:
            _kill_exports(people[0], folder / "out", share, chance, figures, points)
        expected = {(person.deck.name, page) for person in people for page in range(1, _PAGES + 1)}
        judge(people, expected, figures)
    for person in people:
        _look_at_results(person.deck, figures, has_to_be=True)


def _kill_exports(
    person: Person, out: Path, share: float, chance: random.Random, figures: Figures, points: dict[str, int]
) -> None:
    whole = _at(0, lambda: export(person, out / "0"), figures)
    points["export"] = _told(whole, "export", figures)
    for step in range(1, points["export"] + 1):
        if chance.random() < share:
            there = out / str(step)
            _at(step, lambda where=there: export(person, where), figures)  # type: ignore[misc]
            _look_at_documents(there, figures)
            complain([fork(lambda where=there: export(person, where)).wait()], figures)  # type: ignore[misc]
            _look_at_documents(there, figures, has_to_be=True)


def _at(step: int, work: Callable[[], Awaitable[object]], figures: Figures) -> Ended:
    """Do something in a process that dies at a step; where it does not, it tells how many there were."""
    steps = Steps(step, die)

    async def numbered() -> int:
        await work()
        return steps.taken

    end = fork(numbered, before=steps.install).wait()
    figures.runs += 1
    figures.kills += end.was_killed
    complain([end], figures)
    return end


def _told(end: Ended, what: str, figures: Figures) -> int:
    number = end.told if isinstance(end.told, int) else 0
    figures.blame(f"{what}: it cannot be numbered: {end}", damaged=number == 0)
    return number


def _look_at_results(deck: Path, figures: Figures, *, has_to_be: bool = False) -> None:
    """Whatever is called results is whole; what the ledger calls archived is there."""
    layout = DeckLayout(deck)
    for batch in Ledger.open(layout, read_only=True).batches().values():
        results = layout.results(batch.key)
        rows = results.read_bytes().splitlines() if results.exists() else []
        is_whole = len(rows) == batch.remote.counts.total or not results.exists()
        figures.blame(f"{len(rows)} rows in {results}", damaged=not is_whole)
        has_to = has_to_be or batch.archive is not None
        figures.blame(f"{results} is not there", lost=has_to and not results.exists())
        left = layout.results_part(batch.key)
        figures.blame(f"{left} was left behind", damaged=has_to_be and left.exists())


def _look_at_documents(out: Path, figures: Figures, *, has_to_be: bool = False) -> None:
    found = list(out.glob("*.html")) if out.exists() else []
    for html in found:
        is_whole = html.read_text("utf-8").rstrip().endswith("</html>")
        figures.blame(f"{html} is cut off", damaged=not is_whole)
    left = list(out.glob("*.tmp")) if out.exists() else []
    figures.blame(f"{out} has no document", lost=has_to_be and not found)
    figures.blame(f"left behind: {left}", damaged=has_to_be and bool(left))
