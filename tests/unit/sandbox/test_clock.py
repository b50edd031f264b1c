"""The clock: faster than real time, pushed forward, never backwards, going on while nobody serves it."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from batchdeck.errors import DeckDamaged
from batchdeck.sandbox.clock import Clock

if TYPE_CHECKING:
    from tests.unit.sandbox.conftest import Row, Start

EPOCH = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


class Real:
    """Real time, under the test's thumb."""

    def __init__(self) -> None:
        self.now = EPOCH.timestamp()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def real() -> Real:
    return Real()


@pytest.fixture
def open_clock(tmp_path: Path, real: Real) -> Callable[..., Clock]:
    return lambda **options: Clock(tmp_path / "clock.json", real=real, **options)


def seconds(clock: Clock) -> float:
    return (clock.now() - EPOCH).total_seconds()


def test_it_starts_at_real_time_and_runs_with_it(open_clock: Callable[..., Clock], real: Real) -> None:
    clock = open_clock()
    real.now += 5
    assert seconds(clock) == pytest.approx(5)


def test_it_runs_faster_and_jumps(open_clock: Callable[..., Clock], real: Real) -> None:
    clock = open_clock(speed=60)
    real.now += 2
    assert seconds(clock) == pytest.approx(120)
    clock.advance(80)
    assert seconds(clock) == pytest.approx(200)
    clock.run_at(1)
    real.now += 3
    assert seconds(clock) == pytest.approx(203)


def test_it_goes_on_at_its_speed_while_nobody_serves(open_clock: Callable[..., Clock], real: Real) -> None:
    open_clock(speed=10)
    real.now += 7
    later = open_clock()
    assert later.speed == 10
    assert seconds(later) == pytest.approx(70)
    slowed = open_clock(speed=1)
    real.now += 5
    assert seconds(slowed) == pytest.approx(75)


def test_it_never_runs_backwards_even_if_real_time_does(open_clock: Callable[..., Clock], real: Real) -> None:
    clock = open_clock()
    real.now += 100
    assert seconds(clock) == pytest.approx(100)
    real.now -= 60
    assert seconds(clock) == pytest.approx(100)
    reopened = open_clock()
    reopened.not_before(EPOCH + dt.timedelta(seconds=100))
    assert seconds(reopened) == pytest.approx(100)
    real.now += 1
    assert seconds(reopened) >= 100


def test_a_sleeper_wakes_when_time_is_pushed(open_clock: Callable[..., Clock]) -> None:
    async def sleep_and_push() -> None:
        clock = open_clock()
        sleeper = asyncio.create_task(clock.wait_until(EPOCH + dt.timedelta(days=1)))
        await asyncio.sleep(0)
        clock.advance(3_600)
        await asyncio.sleep(0)
        assert not sleeper.done()
        clock.advance(86_400)
        await asyncio.wait_for(sleeper, 5)

    asyncio.run(sleep_and_push())


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "clock.json").write_text("{}")
    with pytest.raises(DeckDamaged, match=r"clock\.json is not the clock of a sandbox"):
        Clock(tmp_path / "clock.json")


def test_results_are_gone_29_days_after_creation(start: Start, text_row: Row) -> None:
    api = start()
    batch_id = api.create([text_row("a")])
    assert api.ended(batch_id)["archived_at"] is None
    path = f"/v1/messages/batches/{batch_id}/results"
    api.advance(29 * 86_400 - 60)
    assert api.call("GET", path).status_code == 200
    api.advance(60)
    gone = api.call("GET", path)
    assert gone.status_code == 404
    assert gone.json()["error"]["message"] == f"Message Batch {batch_id} has no available results."
    batch = api.retrieve(batch_id)
    created = dt.datetime.fromisoformat(batch["created_at"])
    assert dt.datetime.fromisoformat(batch["archived_at"]) == created + dt.timedelta(days=29)
    assert batch["request_counts"]["succeeded"] == 1, "the batch itself can still be seen"


def test_what_takes_longer_than_24_hours_expires(start: Start, text_row: Row) -> None:
    api = start("--batch-seconds=172800")
    batch_id = api.create([text_row(f"r{n}") for n in range(60)])
    api.advance(86_000)
    assert api.retrieve(batch_id)["processing_status"] == "in_progress"
    api.advance(500)
    batch = api.ended(batch_id)
    assert batch["ended_at"] == batch["expires_at"]
    counts = batch["request_counts"]
    assert counts["expired"] > 10
    assert counts["succeeded"] > 10
    assert counts["expired"] + counts["succeeded"] == 60
    assert [line["result"] for line in api.lines(batch_id)].count({"type": "expired"}) == counts["expired"]


def test_speed_is_a_matter_of_the_command_line_and_of_a_call(start: Start, text_row: Row) -> None:
    api = start("--batch-seconds=3600", "--speed=36000")
    assert api.ended(api.create([text_row("a")]))["request_counts"]["succeeded"] == 1
    slowed = api.call("POST", "/sandbox/clock", json={"speed": 1})
    assert slowed.json()["speed"] == 1
    assert api.call("POST", "/sandbox/clock", json={"spede": 1}).status_code == 400
