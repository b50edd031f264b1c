"""The audit log: every line on the disk before the deed, bound to the one before, and no change unnoticed."""

from __future__ import annotations

import datetime as dt
import json
import stat
import subprocess
import sys

import pytest

from batchdeck.errors import ReadOnlyError, StorageFailed
from batchdeck.store.audit import LONGEST_TEXT, AuditLog
from batchdeck.store.layout import DeckLayout
from tests.unit.store import made
from tests.unit.store.faulty import FaultyDisk, io_error

APPENDER = """
import datetime as dt, sys
from pathlib import Path
from batchdeck.store.audit import AuditLog
from batchdeck.store.layout import DeckLayout
log = AuditLog(DeckLayout(Path(sys.argv[1])), operator=sys.argv[2], now=lambda: dt.datetime.now(dt.UTC))
for number in range(int(sys.argv[3])):
    log.append("counted", number=number)
    print(number, flush=True)
"""


class Clock:
    """Gives the times it was told to, then the last one for ever."""

    def __init__(self, *seconds: float) -> None:
        self._times = [made.NOW + dt.timedelta(seconds=second) for second in seconds or (0,)]

    def __call__(self) -> dt.datetime:
        return self._times.pop(0) if len(self._times) > 1 else self._times[0]


def log_of(layout: DeckLayout, *seconds: float, disk: FaultyDisk | None = None) -> AuditLog:
    return AuditLog(layout, operator="ada", now=Clock(*seconds), disk=disk)


def test_lines_say_who_did_what_when(layout: DeckLayout) -> None:
    log = log_of(layout, 0, 5)
    log.append("send", submission="00000000aa", pages=10, estimate_usd=0.25, when=made.NOW)
    log.append("accepted", batch="msgbatch_1")
    first, second = log.tail(5)
    assert (first.n, first.action, first.operator, first.t) == (
        1,
        "send",
        "ada",
        "2026-03-01T12:00:00.250000Z",
    )
    assert first.facts == {
        "submission": "00000000aa",
        "pages": 10,
        "estimate_usd": 0.25,
        "when": "2026-03-01T12:00:00.250000Z",
    }
    assert (second.n, second.t) == (2, "2026-03-01T12:00:05.250000Z")
    assert log.tail(1) == [second]
    assert log.tail(0) == []
    assert log.verify() is None
    assert stat.S_IMODE(layout.audit.stat().st_mode) == 0o600


def test_time_never_runs_backwards(layout: DeckLayout) -> None:
    log = log_of(layout, 10, -3_600, 11)
    for _ in range(3):
        log.append("x")
    times = [entry.t for entry in log.tail(3)]
    assert times == sorted(times)
    assert log.verify() is None


def test_texts_are_cut_short_and_made_harmless(layout: DeckLayout) -> None:
    log = log_of(layout)
    log.append("x", text="y" * 100_000, nested={"a": ["\x1b[2J" + "z" * 100_000]})
    [entry] = log.tail(1)
    assert len(entry.facts["text"]) == LONGEST_TEXT
    assert entry.facts["nested"]["a"][0].startswith("␛[2J")
    assert len(layout.audit.read_bytes()) < 2_500


def edit(line: bytes, **fields: object) -> bytes:
    return json.dumps(json.loads(line) | fields, separators=(",", ":")).encode() + b"\n"


@pytest.mark.parametrize(
    ("tamper", "first_bad"),
    [
        (lambda lines: [*lines[:2], edit(lines[2], operator="eve"), *lines[3:]], 4),
        (lambda lines: [*lines[:2], *lines[3:]], 3),
        (lambda lines: [lines[1], lines[0], *lines[2:]], 1),
        (lambda lines: [*lines[:4], b"garbage\n", lines[4]], 5),
        (lambda lines: [edit(lines[0], n=7), *lines[1:]], 1),
        (lambda lines: [*lines[:3], lines[3].replace(b"number", b"numbes"), lines[4]], 5),
        (lambda lines: lines[1:], 1),
        (lambda lines: [*lines[:4], edit(lines[4], t="2020-01-01T00:00:00Z")], 5),
    ],
)
def test_a_changed_log_is_found_out(layout: DeckLayout, tamper: object, first_bad: int) -> None:
    log = log_of(layout, *range(5))
    for number in range(5):
        log.append("x", number=number)
    assert callable(tamper)
    layout.audit.write_bytes(b"".join(tamper(layout.audit.read_bytes().splitlines(keepends=True))))
    assert log.verify() == first_bad


def test_a_line_cut_short_by_a_crash_is_dropped(layout: DeckLayout) -> None:
    log = log_of(layout)
    log.append("first")
    with layout.audit.open("ab") as file:
        file.write(b'{"n":2,"prev":"abc')
    assert log.verify() is None
    assert [entry.action for entry in log.tail(9)] == ["first"]
    log.append("second")
    assert [entry.n for entry in log.tail(9)] == [1, 2]
    assert log.verify() is None


def test_the_log_goes_on_after_damage_and_still_tells_of_it(layout: DeckLayout) -> None:
    log = log_of(layout)
    log.append("first")
    with layout.audit.open("ab") as file:
        file.write(b"damage\n")
    log.append("third")
    assert [entry.n for entry in log.tail(9)] == [1, 3]
    assert log.verify() == 2


def test_lines_longer_than_the_window_are_found(layout: DeckLayout) -> None:
    log = log_of(layout)
    for number in range(3):
        log.append("x", number=number, many=["y" * 400] * 500)
    assert [entry.facts["number"] for entry in log.tail(2)] == [1, 2]
    log.append("last")
    assert log.verify() is None


def test_a_log_that_is_not_there_is_empty(layout: DeckLayout) -> None:
    assert log_of(layout).tail(3) == []
    assert log_of(layout).verify() is None


def test_a_read_only_deck_gets_no_lines(layout: DeckLayout) -> None:
    with pytest.raises(ReadOnlyError):
        AuditLog(layout, operator="", now=Clock(), read_only=True).append("x")
    assert not layout.audit.exists()


def test_a_line_that_cannot_be_kept_is_reported_and_leaves_nothing(layout: DeckLayout) -> None:
    log_of(layout).append("first")
    for at in range(1, 4):
        with pytest.raises(StorageFailed):
            log_of(layout, disk=FaultyDisk(at, io_error, tear=0.5)).append("lost")
        assert [entry.action for entry in log_of(layout).tail(9)] == ["first"]
    log_of(layout).append("second")
    assert log_of(layout).verify() is None


def test_killed_processes_lose_no_acknowledged_line(layout: DeckLayout) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", APPENDER, str(layout.root), name, "10000"],
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("a", "b", "c")
    ]
    acknowledged: dict[str, int] = {}
    for process, name in zip(processes, "abc", strict=True):
        assert process.stdout is not None
        for _ in range(25):
            acknowledged[name] = int(process.stdout.readline())
    for process in processes:
        process.kill()
    for process, name in zip(processes, "abc", strict=True):
        assert process.stdout is not None
        for line in process.stdout:
            acknowledged[name] = int(line)
        process.wait()
        process.stdout.close()
    log = log_of(layout)
    assert log.verify() is None
    kept = log.tail(10**6)
    for name, last in acknowledged.items():
        numbers = [entry.facts["number"] for entry in kept if entry.operator == name]
        assert numbers[: last + 1] == list(range(last + 1))
        assert len(numbers) <= last + 2
