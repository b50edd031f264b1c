"""Every event can be written as JSON, and an operation gives its result once."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import typing
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from batchdeck.domain import events
from batchdeck.domain.batches import RequestCounts
from batchdeck.domain.costs import Estimate, ModelPrice
from batchdeck.domain.documents import Document, Problem, ProblemKind, Sha256, UnusableFile
from batchdeck.domain.events import Event, Finished, Note, Operation, Polled, event_record, plain
from batchdeck.domain.outcomes import Outcome

NOW = dt.datetime(2026, 11, 21, 12, 30, tzinfo=dt.timezone(dt.timedelta(hours=2)))
DOCUMENT = Document("odd\udce9.pdf", Sha256("0" * 64), 9, password="s3cret")
SAMPLES: dict[object, object] = {
    int: 3,
    float: 0.5,
    str: "a name \udce9",
    bool: True,
    Path: Path("/out/x.html"),
    dt.datetime: NOW,
    RequestCounts: RequestCounts(succeeded=4),
    Document: DOCUMENT,
    UnusableFile: UnusableFile("x", Problem(ProblemKind.DAMAGED, "torn")),
}
EVENTS = [
    kind
    for kind in vars(events).values()
    if isinstance(kind, type) and issubclass(kind, Event) and kind not in (Event, Finished)
]


def sample(hint: object) -> object:
    """Return a value of a field's type."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint in SAMPLES:
        return SAMPLES[hint]
    if origin is tuple:
        return (sample(arguments[0]),)
    if arguments and "Mapping" in str(origin):
        return {Outcome.OK: 2, Outcome.TRUNCATED: 1}
    return next(SAMPLES[argument] for argument in arguments if argument in SAMPLES)


@pytest.mark.parametrize("kind", EVENTS)
def test_every_event_is_plain_json(kind: type[Event]) -> None:
    hints = typing.get_type_hints(kind)
    event = kind(**{field.name: sample(hints[field.name]) for field in dataclasses.fields(kind)})
    record = json.loads(json.dumps(event_record(event), allow_nan=False))
    assert record["event"] == record["event"].lower()
    assert set(record) == {"event"} | {field.name for field in dataclasses.fields(kind)}


def test_there_are_many_events() -> None:
    assert len(EVENTS) > 15


def test_times_are_in_utc_names_are_snake_case() -> None:
    assert event_record(Polled(2, NOW)) == {
        "event": "polled",
        "open_batches": 2,
        "next_at": "2026-11-21T10:30:00Z",
    }
    assert event_record(Finished(Estimate(0.5, 0.2, 0.9)))["result"]["usd"] == 0.5


def test_a_password_never_leaves() -> None:
    assert "s3cret" not in json.dumps(plain(DOCUMENT))
    assert "s3cret" not in repr(DOCUMENT)


def test_values_of_every_kind_are_plain() -> None:
    value = {
        Outcome.OK: [Path("a"), dt.date(2026, 11, 30), dt.timedelta(minutes=1)],
        "price": ModelPrice(1, 5, retires=dt.date(2026, 11, 30)),
        "set": frozenset({1}),
    }
    written = json.loads(json.dumps(plain(value)))
    assert written["ok"] == ["a", "2026-11-30", 60.0]
    assert written["price"]["retires"] == "2026-11-30"
    assert written["set"] == [1]


async def two_steps() -> AsyncGenerator[Event, None]:
    yield Note("first")
    yield Finished(41)


async def no_result() -> AsyncGenerator[Event, None]:
    yield Note("first")


async def test_an_operation_can_be_awaited_for_its_result() -> None:
    assert await Operation[int](two_steps()) == 41


async def test_an_operation_can_be_followed_step_by_step() -> None:
    steps = [step async for step in Operation[int](two_steps())]
    assert steps == [Note("first"), Finished(41)]


async def test_an_operation_without_a_result_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="without its result"):
        await Operation[int](no_result())


async def test_an_operation_can_be_stopped_early() -> None:
    operation = Operation[int](two_steps())
    async for _ in operation:
        await operation.aclose()
        break
    assert [step async for step in operation] == []
