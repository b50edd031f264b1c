"""Messages say what happened and what to do, whatever the template, whatever the names."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from batchdeck.domain.telling import Kind
from batchdeck.errors import ConfigError
from batchdeck.notify.messages import shipped_folder, write_message

FACTS: dict[str, object] = {
    "job": "contracts",
    "job_id": "j1",
    "batch": "msgbatch_01",
    "submission": "aaaaaaaaaa",
    "pages": 40,
    "documents": 1,
    "good": 38,
    "failed": 2,
    "failures": {"truncated": 1, "low fidelity": 1},
    "cost": 0.5,
    "findings": ["a row too many"],
    "share": 0.05,
    "limit": 0.04,
    "vanish_at": dt.datetime(2026, 11, 22, 7, tzinfo=dt.UTC),
    "reason": "for a reason",
    "path": "/in/a.pdf",
    "order": "auto-retry",
    "export": {"place": "host1:/x", "link": "", "fetch": "scp -r ada@host1:/x ."},
    "host": "host1",
    "deck": "/srv/deck",
    "at": dt.datetime(2026, 11, 22, 7, tzinfo=dt.UTC),
    "command": lambda *words: " ".join(("batchdeck", *words)),
}
SAYS = {
    Kind.BATCH_ENDED: ("contracts", "38 pages ok, 2 failed", "1 low fidelity", "a row too many", "retry j1"),
    Kind.JOB_COMPLETE: ("all pages are back", "$0.50", "host1:/x", "scp -r ada@host1:/x ."),
    Kind.FAILURES_OVER_SHARE: ("5% of a batch failed", "more than 4%", "- 1 truncated", "pages j1"),
    Kind.RESULTS_AT_RISK: ("2026-11-22 07:00 UTC", "have been paid for", "watch --once"),
    Kind.ACCOUNT_HELD: ("for a reason", "doctor"),
    Kind.GATE_FAILED: ("before its next rung", "for a reason", "pages j1", "submit --resume j1"),
    Kind.SUBMISSION_IN_DOUBT: ("40 pages", "for a reason", "reconcile"),
    Kind.INBOX_PROBLEM: ("/in/a.pdf on host1", "for a reason"),
    Kind.STANDING_ORDER_HELD: ("auto-retry leaves something to you", "for a reason", "pages j1"),
}


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_template_that_says_what_counts(kind: Kind) -> None:
    message = write_message(kind, FACTS)
    for words in SAYS[kind]:
        assert words in f"{message.title}\n{message.body}"
    assert "\n" not in message.title
    assert "file:" not in message.body


def test_no_template_lies_about_that_no_kind_needs() -> None:
    names = {path.name for path in shipped_folder().iterdir()}
    assert names == {f"{kind}.txt.jinja" for kind in (*Kind, "digest", "test")}


def test_an_own_template_goes_before_the_shipped_one_and_can_do_no_harm(tmp_path: Path) -> None:
    own = tmp_path / "account_held.txt.jinja"
    own.write_text("HELD {{ reason }}\n\n{{ host }}")
    assert write_message("account_held", FACTS, tmp_path).title == "HELD for a reason"
    assert write_message("gate_failed", FACTS, tmp_path).title == write_message("gate_failed", FACTS).title
    for source in ("{{ nothing_known }}", "{{ ''.__class__.__mro__ }}", "{% if %}", "{{ 1 / 0 }}", " \n"):
        own.write_text(source)
        with pytest.raises(ConfigError, match="account_held"):
            write_message("account_held", FACTS, tmp_path)


def test_control_characters_reach_nobody() -> None:
    message = write_message(
        "account_held", {**FACTS, "reason": "a\x1b]52;c;aGk=\x07b\r\nBcc: eve@example.org"}
    )
    assert not {"\x1b", "\x07", "\r"} & set(message.body)
