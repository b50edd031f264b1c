"""Every crash point of a submission under every fault of its `create`, all pairs."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

from batchdeck.errors import BatchDeckError
from tests.e2e.pdfs import write_pdf
from tests.faults.figures import Figures
from tests.faults.people import Ended, Person, fork, submit
from tests.faults.server import Server, make_foreign_batch, serving
from tests.faults.steps import Steps, die
from tests.faults.submits import FOREIGN, SETTINGS, complain, judge, settle_all

ACTIONS: dict[str, str] = {
    "ok": "",
    "reset_before": "",
    "reset_after": "",
    "error_after": "",
    "garbage": "",
    "stall": "seconds = 0.05",
    "slow": "seconds = 0.05",
    "rate_limit": "retry_after = 0",
    "server_error": "",
    "overloaded": "",
    "gateway_timeout": "",
    "too_large_html": "",
    "not_found": "",
    "late_acceptance": "seconds = 5000",
}
"""What happens to the first `create` of a cell, with its details."""
_CYCLE = 6
"""How many `create` calls a cell may make: the first of them meets the fault."""
_MOST_CELLS = 2_000
_LATE = 6_000.0


def prove(share: float, seed: int, actions: Sequence[str] = tuple(ACTIONS)) -> Figures:
    """Kill a submission at each of its steps, once under each fault, and settle it afterwards.

    Args:
        share: how many of the cells are tried, from 0 to 1; which ones is decided by the seed.
        actions: the faults.
    """
    figures = Figures("matrix", seed)
    chance = random.Random(seed)
    points = 0
    with figures.timed():
        for action in actions:
            with tempfile.TemporaryDirectory(prefix="batchdeck-faults-") as folder:
                points = max(points, _one_fault(Path(folder), action, share, chance, figures))
    faults = actions[0] if len(actions) == 1 else f"{len(actions)} faults"
    figures.note = f"{points} crash points x {faults}" + (
        f", {share:.0%} of the pairs" if share < 1 else ", all pairs"
    )
    return figures


def _one_fault(folder: Path, action: str, share: float, chance: random.Random, figures: Figures) -> int:
    """Try the cells of one fault; return how many crash points there are."""
    occurrences = list(range(1, _CYCLE * _MOST_CELLS, _CYCLE))
    rule = f'[[calls]]\nendpoint = "create"\naction = "{action}"\noccurrences = {occurrences}\n'
    people: list[Person] = []
    with serving(folder / "server", rule + ACTIONS[action] + "\n") as server:

        def try_cell(step: int) -> Ended:
            _fill_up(server)
            person = Person(folder / f"deck{step}", server, SETTINGS)
            source = write_pdf(folder / f"c{step}" / f"c{step}.pdf", 2, seed=1, words=12).parent
            end = _killed_at(person, source, step)
            figures.runs += 1
            figures.kills += end.was_killed
            complain([end], figures)
            settle_all(person, figures, [source])
            people.append(person)
            return end

        whole = try_cell(0)
        points = whole.told if isinstance(whole.told, int) else 0
        figures.blame(f"{action}: the submission cannot be numbered: {whole}", damaged=points == 0)
        chosen = [step for step in range(1, points + 1) if chance.random() < share]
        for step in chosen:
            try_cell(step)
        if action == "late_acceptance":
            server.advance(_LATE)
            server.wait_ended()
            for person in people:
                settle_all(person, figures, [])
        expected = {(f"c{step}", page) for step in [0, *chosen] for page in (1, 2)}
        judge(people, expected, figures, collects=False)
    return points


def _fill_up(server: Server) -> None:
    """Make batches until the next `create` is the one that the fault is meant for."""
    while server.calls_of("create") % _CYCLE:
        make_foreign_batch(server, 1, f"{FOREIGN}x")


def _killed_at(person: Person, source: Path, step: int) -> Ended:
    """Submit a folder in a process that dies at a step; where it does not, it tells how many there were."""
    steps = Steps(step, die)

    async def work() -> int:
        try:
            await submit(person, source)
        except BatchDeckError:
            if step:
                raise
        return steps.taken

    return fork(work, before=steps.install).wait()
