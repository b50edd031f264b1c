"""What is remembered of one batch, and how the API shows it at a given moment."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

EXPIRES_AFTER = dt.timedelta(hours=24)
RESULTS_KEPT = dt.timedelta(days=29)
"""From creation, not from the end. Source: the public documentation."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows by how they ended."""

    succeeded: int = 0
    errored: int = 0
    canceled: int = 0
    expired: int = 0


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """One batch. All moments are of the sandbox's clock."""

    id: str
    sequence: int
    """1 for the first batch of this state; lists go by it."""
    created_at: dt.datetime
    """May lie ahead: the batch is accepted but not yet to be seen."""
    requests: int
    api_version: str
    """The `anthropic-version` it was created under; decides which parameters are refused."""
    ends_at: dt.datetime
    """When its last row is due."""
    cancel_initiated_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    counts: Counts = field(default_factory=Counts)

    @property
    def expires_at(self) -> dt.datetime:
        return self.created_at + EXPIRES_AFTER

    def is_visible(self, now: dt.datetime) -> bool:
        return self.created_at <= now

    def is_archived(self, now: dt.datetime) -> bool:
        """Whether its results are gone."""
        return self.ended_at is not None and now >= self.created_at + RESULTS_KEPT

    def status(self) -> str:
        if self.ended_at is not None:
            return "ended"
        return "canceling" if self.cancel_initiated_at is not None else "in_progress"

    def shown(self, now: dt.datetime, base_url: str) -> dict[str, Any]:
        """Return the batch as the API writes it; every count but `processing` is 0 until all of it ended."""
        ended = self.ended_at is not None
        return {
            "id": self.id,
            "type": "message_batch",
            "processing_status": self.status(),
            "request_counts": {
                "processing": 0 if ended else self.requests,
                "succeeded": self.counts.succeeded,
                "errored": self.counts.errored,
                "canceled": self.counts.canceled,
                "expired": self.counts.expired,
            },
            "ended_at": stamp(self.ended_at),
            "created_at": stamp(self.created_at),
            "expires_at": stamp(self.expires_at),
            "archived_at": stamp(self.created_at + RESULTS_KEPT) if self.is_archived(now) else None,
            "cancel_initiated_at": stamp(self.cancel_initiated_at),
            "results_url": f"{base_url}/v1/messages/batches/{self.id}/results" if ended else None,
        }


def stamp(moment: dt.datetime | None) -> str | None:
    """Return a moment as the API writes it: microseconds and ``+00:00``."""
    return None if moment is None else moment.astimezone(dt.UTC).isoformat(timespec="microseconds")
