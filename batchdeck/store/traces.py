"""What the audit log says of submissions and batches: the ledger's second witness, when it is damaged.

Each line of the log is on the disk before money is spent: whatever may have been paid for has left a trace.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from batchdeck.store.audit import AuditEntry

_SENT = "send"
_TAKEN = frozenset({"accepted", "adopted"})
_OVER = frozenset({"refused", "absent", "discarded"})
_STEPS = _TAKEN | _OVER | {"prepared", _SENT, "not_sent", "in_doubt"}


@dataclass(slots=True)
class Trace:
    """What the log says of one submission."""

    key: str
    at: dt.datetime
    """When it is first spoken of."""
    job: str = ""
    last: str = ""
    """The last step it took."""
    batch: str = ""
    """Id of the batch the API took it as."""
    taken_at: dt.datetime | None = None
    estimate_usd: float = 0.0

    @property
    def may_be_paid(self) -> bool:
        """Whether it may be at the API: it left, and nothing proves that it did not arrive."""
        return bool(self.batch) or self.last in {_SENT, "in_doubt"}

    @property
    def is_over(self) -> bool:
        """Whether it was refused, given up, or never wanted."""
        return self.last in _OVER


@dataclass(frozen=True, slots=True)
class ArchiveTrace:
    """What the log says of one batch's archive."""

    batch: str
    sha256: str
    rows: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class JobTrace:
    """What the log says of one job; a log of an older version names neither it nor its recipe."""

    at: dt.datetime
    operator: str
    name: str
    recipe: str


@dataclass(frozen=True, slots=True)
class Traces:
    """What the log says, by submission, by batch and by job."""

    submissions: dict[str, Trace]
    archives: dict[str, ArchiveTrace]
    jobs: dict[str, JobTrace]


def read_traces(entries: Iterable[AuditEntry]) -> Traces:
    """Gather what the log's lines say; those of other kinds are passed over."""
    submissions: dict[str, Trace] = {}
    archives: dict[str, ArchiveTrace] = {}
    jobs: dict[str, JobTrace] = {}
    for entry in entries:
        facts, at = entry.facts, dt.datetime.fromisoformat(entry.t)
        if entry.action == "job" and isinstance(facts.get("job"), str):
            name, recipe = str(facts.get("name", "")), str(facts.get("recipe", ""))
            jobs[facts["job"]] = JobTrace(at, entry.operator, name, recipe)
        key, batch = facts.get("submission"), facts.get("batch")
        if entry.action == "archived" and isinstance(batch, str):
            rows = facts.get("rows")
            archives[batch] = ArchiveTrace(
                batch, str(facts.get("sha256", "")), rows if isinstance(rows, int) else 0, at
            )
        if entry.action not in _STEPS or not isinstance(key, str):
            continue
        trace = submissions.setdefault(key, Trace(key, at))
        trace.last = entry.action
        if isinstance(facts.get("job"), str):
            trace.job = facts["job"]
        if isinstance(facts.get("estimate_usd"), int | float):
            trace.estimate_usd = float(facts["estimate_usd"])
        if entry.action in _TAKEN and isinstance(batch, str):
            trace.batch, trace.taken_at = batch, at
    return Traces(submissions, archives, jobs)
