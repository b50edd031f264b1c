"""Small first: a job's pages in rungs, which pages stand on which rung, and the gates between them."""

from __future__ import annotations

import random
from collections import defaultdict, deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import islice

from batchdeck.domain.documents import PlannedPageKind
from batchdeck.domain.outcomes import Outcome
from batchdeck.domain.text import show
from batchdeck.errors import UsageError

MOST_RUNGS = 20
_REST = "rest"


def parse_ladder(text: str) -> tuple[int, ...]:
    """Read a ladder like ``2,6,52,rest``: how many pages each rung samples. The rest comes last by itself.

    Raises:
        UsageError: a rung is not a number from 1, or the rest does not come last.
    """
    parts = [part.strip().lower() for part in text.split(",")]
    if parts[-1] == _REST:
        parts.pop()
    if not parts or len(parts) > MOST_RUNGS or not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise UsageError(
            f"“{show(text, 60)}” is not a ladder.",
            hint="Write how many pages each rung takes, like 2,6,52,rest.",
        )
    return tuple(int(part) for part in parts)


def show_ladder(sizes: Sequence[int]) -> str:
    """Write a ladder as it is read."""
    return ",".join([*map(str, sizes), _REST])


def assign_rungs(pages: Sequence[PlannedPageKind], sizes: Sequence[int], seed: str) -> list[int]:
    """Say for each page on which rung it stands, 0-based; what no rung samples stands on the last.

    A rung is a sample spread over kinds of pages first and over documents second, so that two pages are of
    two kinds where there are two. The same seed gives the same sample.

    Args:
        pages: document and kind of each page, by global index.
        sizes: how many pages each sampling rung takes.
        seed: what the choice within a kind depends on.
    """
    chance = random.Random(seed)  # noqa: S311 - a sample, not a secret
    strata: dict[Hashable, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, page in enumerate(pages):
        strata[page.kind][page.document].append(index)
    queues = []
    for documents in strata.values():
        lists = list(documents.values())
        chance.shuffle(lists)
        for indices in lists:
            chance.shuffle(indices)
        queues.append(_taking_turns(lists))
    # The most frequent kinds first: a rung too small for every kind samples what there is most of.
    order = iter(_taking_turns(sorted(queues, key=len, reverse=True)))
    rungs = [len(sizes)] * len(pages)
    for rung, size in enumerate(sizes):
        for index in islice(order, size):
            rungs[index] = rung
    return rungs


def _taking_turns(lists: Sequence[Sequence[int]]) -> list[int]:
    """Return the members of all lists, one of each in turn."""
    queues = deque(deque(members) for members in lists)
    taken = []
    while queues:
        queue = queues.popleft()
        if queue:
            taken.append(queue.popleft())
            queues.append(queue)
    return taken


@dataclass(frozen=True, slots=True)
class Gates:
    """What a rung has to come to before the next one is sent."""

    most_failures: float
    """Share of its pages that may have failed, 0 to 1."""
    least_recall: float
    """Share of the text layers' words that its answers have to hold on average, 0 to 1."""
    most_cost: float
    """How many times the estimate its pages may cost."""


@dataclass(frozen=True, slots=True)
class RungResult:
    """What the pages of one rung have come to."""

    outcomes: Sequence[Outcome]
    recalls: Sequence[float]
    """Of the pages where it could be measured."""
    cost: float | None
    """What they cost, all attempts; None where a price is not known."""
    expected: float
    """What the estimate says they cost."""


def gate_failures(result: RungResult, gates: Gates) -> list[str]:
    """Say in a phrase each why the next rung is not to be sent by itself; empty when it may."""
    reasons = []
    failed = sum(outcome.is_failure for outcome in result.outcomes)
    share = failed / max(1, len(result.outcomes))
    if share > gates.most_failures:
        of = f"{failed} of {len(result.outcomes)} pages failed"
        reasons.append(f"{of} ({share:.0%}, allowed {gates.most_failures:.0%})")
    if result.recalls:
        recall = sum(result.recalls) / len(result.recalls)
        if recall < gates.least_recall:
            reasons.append(
                f"answers hold {recall:.0%} of the pages' words on average, wanted {gates.least_recall:.0%}"
            )
    if result.cost is not None and result.expected > 0 and result.cost > result.expected * gates.most_cost:
        times = result.cost / result.expected
        reasons.append(f"pages cost {times:.1f} times the estimate, allowed {gates.most_cost:.1f} times")
    return reasons
