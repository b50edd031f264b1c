"""What of an event goes into the log of unattended runs."""

from __future__ import annotations

import datetime as dt

import pytest

from batchdeck.domain.batches import RequestCounts
from batchdeck.domain.events import AnswersArriving, GateFailed, Note
from batchdeck.domain.run_log import log_record

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize("level", ["info", "warning", "error"])
def test_a_note_is_logged_at_its_own_level(level: str) -> None:
    record = log_record(Note("Results do not match", level), NOW)
    assert record is not None
    assert (record["level"], record["event"], record["text"]) == (level, "note", "Results do not match")


def test_a_failed_gate_is_an_error_and_mere_progress_is_not_logged() -> None:
    record = log_record(GateFailed("j1", 3, "too many failures", ("id",)), NOW)
    assert record is not None
    assert (record["level"], record["rung"], record["pages"]) == ("error", 3, ["id"])
    assert log_record(AnswersArriving("j1", "aa", RequestCounts(2)), NOW) is None
