"""Work on a ledger that is about to be interrupted, and what must hold afterwards, whenever it was."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable

from batchdeck.store.ledger import Ledger
from batchdeck.store.records import DeckMeta
from tests.unit.store import made

Name = tuple[str, int]
"""Who did a piece of work, and which one it was."""


def do_work(ledger: Ledger, worker: str, number: int, *, ballast: int = 0) -> None:
    """Do one piece of work: three records in three tables that belong together."""
    key = f"{worker}{number:09x}"
    with ledger.transaction() as tx:
        tx.put(made.submission(key, job=f"{number}"))
        tx.put(made.batch(f"b-{worker}-{number}", key, job="x" * ballast))
        tx.put(DeckMeta(str(int(tx.meta.endpoint or 0) + 1)))


def check_work(ledger: Ledger, acknowledged: Iterable[Name], may_be: Callable[[Name], bool]) -> None:
    """Hold what is in a ledger against what was acknowledged, and what may be there besides."""
    batches, submissions = ledger.batches(), ledger.submissions()
    kept = {(id_.split("-")[1], int(id_.split("-")[2])) for id_ in batches}
    acknowledged = set(acknowledged)
    assert acknowledged <= kept, f"acknowledged, but lost: {sorted(acknowledged - kept)[:5]}"
    assert all(map(may_be, kept - acknowledged)), "work that nobody began"
    assert {batch.key for batch in batches.values()} == set(submissions), "half a transaction"
    assert int(ledger.meta.endpoint or 0) == len(batches), "half a transaction"


def work(ledger: Ledger, worker: str, first: int, tell: int) -> None:
    """Do one piece after the other until killed; write the number of each acknowledged one to `tell`."""
    for number in itertools.count(first):
        do_work(ledger, worker, number, ballast=(number * 977) % 9_000)
        os.write(tell, b"%d\n" % number)
