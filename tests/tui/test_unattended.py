"""What the dashboard says of unattended work: safe words, and a call only for what needs a hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchdeck.domain.events import (
    Event,
    InboxDone,
    InboxHeld,
    InboxProblem,
    InboxSubmitted,
    Polled,
    StandingOrderActed,
    StandingOrderHeld,
)
from batchdeck.tui.unattended import notice_of

IN = Path("/in")


@pytest.mark.parametrize(
    ("event", "title", "text", "needs_hand"),
    [
        (
            StandingOrderActed("auto_retry", "j1", "sends them again", 1_200, 2.5),
            "Standing order: ␛job",
            "sends them again · 1,200 pages · about $2.50",
            False,
        ),
        (
            StandingOrderActed("auto_export", "j1", "exported", folder=Path("/out\x1b")),
            "Standing order: ␛job",
            "exported · /out␛",
            False,
        ),
        (StandingOrderHeld("auto_retry", "j1", "no\x1b"), "Left to you: ␛job", "no␛", True),
        (
            InboxSubmitted(IN, "j1", ("a.pdf", "b.pdf"), 3, 0.5),
            "Inbox",
            "2 files, 3 pages submitted, about $0.50",
            False,
        ),
        (
            InboxDone(IN, "a\x1b.pdf", "j1", None, is_duplicate=True),
            "Inbox",
            "a␛.pdf was submitted before, in ␛job.",
            False,
        ),
        (InboxProblem(IN, "a.pdf", "It is torn.", None), "Inbox", "a.pdf: It is torn.", True),
        (InboxHeld(IN, 2, "no money"), "Inbox", "2 files wait: no money", True),
        (InboxHeld(IN, 0, "no folder"), "Inbox", "no folder", True),
    ],
)
def test_every_event_has_its_words(event: Event, title: str, text: str, needs_hand: bool) -> None:
    notice = notice_of(event, {"j1": "\x1bjob"}.__getitem__)
    assert notice is not None
    assert (notice.title, notice.text, notice.needs_hand) == (title, text, needs_hand)


def test_what_is_in_order_or_of_somebody_else_takes_no_words() -> None:
    assert notice_of(InboxDone(IN, "a.pdf", "j1", IN), str) is None
    assert notice_of(Polled(1, None), str) is None
