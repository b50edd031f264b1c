"""The calls made to the API: what the list says of each, column by column, and what stands below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from batchdeck.domain.calls import GIVEN_UP, ApiCall
from batchdeck.domain.columns import CALL_FIELDS, call_value
from batchdeck.domain.query import Query
from batchdeck.tui.glyphs import NOTHING, Tone
from batchdeck.tui.screens.spans import number, size
from batchdeck.tui.widgets.query_table import sort_key
from batchdeck.tui.widgets.row_table import Align, Cell, Column, Cut, RecordRows


def _sorted_by(field: str) -> Callable[[ApiCall], Any]:
    return lambda call: sort_key(call_value(call, field), CALL_FIELDS[field])


def _answer(call: ApiCall) -> Cell:
    """Return how a call ended: status and error, with a glyph."""
    error = call.error.removesuffix("_error").replace("_", " ")
    words = " ".join(part for part in (str(call.status or ""), error) if part)
    if not call.error:
        return Cell(f"✓ {words}")
    if call.error == GIVEN_UP:
        return Cell(f"· {words}", Tone.MUTED)
    return Cell(f"✗ {words}", Tone.BAD)


def _bytes(count: int | None) -> str:
    return NOTHING if count is None else size(count)


CALL_COLUMNS: Sequence[Column[ApiCall]] = (
    Column(
        "when",
        "WHEN",
        lambda call: f"{call.at.astimezone():%H:%M:%S}",
        8,
        sort=_sorted_by("when"),
        letter="W",
    ),
    Column("method", "METHOD", lambda call: call.method, 6, sort=_sorted_by("method"), letter="E"),
    Column(
        "path",
        "PATH",
        lambda call: call.path,
        27,
        grow=3,
        widest=80,
        cut=Cut.MIDDLE,
        sort=_sorted_by("path"),
        letter="P",
    ),
    Column("error", "ANSWER", _answer, 16, grow=1, widest=30, sort=_sorted_by("error"), letter="A"),
    Column(
        "ms",
        "MS",
        lambda call: number(call.milliseconds),
        7,
        align=Align.RIGHT,
        sort=_sorted_by("ms"),
        letter="M",
    ),
    Column(
        "sent",
        "SENT",
        lambda call: _bytes(call.sent or None),
        8,
        align=Align.RIGHT,
        drop=2,
        sort=_sorted_by("sent"),
        letter="S",
    ),
    Column(
        "received",
        "RECEIVED",
        lambda call: _bytes(call.received),
        8,
        align=Align.RIGHT,
        drop=3,
        sort=_sorted_by("received"),
        letter="C",
    ),
    Column("id", "REQUEST", lambda call: call.request_id or NOTHING, 28, drop=1, sort=_sorted_by("id")),
)


class CallRows(RecordRows[ApiCall]):
    """The calls as a source of rows, filtered by the grammar of all lists."""

    def __init__(self, calls: Sequence[ApiCall]) -> None:
        super().__init__(CALL_COLUMNS, calls, key_of=lambda call: call.n)

    def row_test(self, query: Query) -> Callable[[int], bool]:
        """Return the test for a row's index."""
        meets, calls = query.tester(), self.records
        return lambda index: meets(partial(call_value, calls[index]))


def call_text(call: ApiCall) -> str:
    """Return what stands below the list of the call under the cursor."""
    facts = (
        f"#{call.n:,}",
        f"{call.at.astimezone():%Y-%m-%d %H:%M:%S}",
        " ".join(part for part in (str(call.status or ""), call.error) if part),
        f"{call.milliseconds:,} ms",
        f"{size(call.sent)} sent" if call.sent else "",
        f"{size(call.received)} received" if call.received is not None else "",
        call.request_id,
    )
    return f"{call.method} {call.path}\n{' · '.join(fact for fact in facts if fact)}"
