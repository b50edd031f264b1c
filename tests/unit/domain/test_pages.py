"""What a row of a list says of its page."""

from __future__ import annotations

from batchdeck.domain.outcomes import Outcome, Remedy
from batchdeck.domain.pages import PageRow


def test_a_row_says_what_it_calls_for() -> None:
    row = PageRow(
        0,
        "a",
        "0",
        1,
        "1",
        Outcome.ERRORED,
        2,
        error_type="invalid_request_error",
        detail="Could not process PDF",
    )
    assert row.remedy is Remedy.AS_IMAGE
