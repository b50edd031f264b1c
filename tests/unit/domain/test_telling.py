"""What is told and what is not, until when messages wait, and where readers are sent."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from batchdeck.domain.batches import (
    Archive,
    Batch,
    Job,
    RemoteBatch,
    RequestCounts,
    Submission,
    SubmissionState,
)
from batchdeck.domain.events import AccountHeldEvent, InboxHeld, InboxProblem, Polled, StandingOrderHeld
from batchdeck.domain.letters import MOST_AT_ONCE, Letter, Message, after_failure, parcels
from batchdeck.domain.outcomes import Outcome
from batchdeck.domain.overview import JobState
from batchdeck.domain.places import Machine, deck_command, where_is
from batchdeck.domain.quiet import quiet_until, read_quiet_hours, read_zone
from batchdeck.domain.telling import DeckFacts, Kind, Telling, tell_deck, tell_event, unheard

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
JOB = Job("j1", "contracts", NOW, "pdf-to-html", "claude-sonnet-5-5", 4_096, (), 40)
EVERYTHING = tuple(Kind)


def batch(name: str, *, failed: int | None, age: dt.timedelta = dt.timedelta(hours=1)) -> Batch:
    """A batch of 40 pages, archived just now unless `failed` is None."""
    made = NOW - age
    remote = RemoteBatch(name, "ended", RequestCounts(succeeded=40), made, made + dt.timedelta(hours=24))
    if failed is None:
        return Batch(name, name, "j1", remote)
    outcomes = {Outcome.OK: 40 - failed, Outcome.TRUNCATED: failed}
    return Batch(name, name, "j1", remote, archive=Archive("0", 9, 40, NOW), outcomes=outcomes, cost=0.5)


def deck(
    *batches: Batch,
    state: JobState = JobState.RUNNING,
    since: dt.datetime = NOW - dt.timedelta(days=1),
    submissions: tuple[Submission, ...] = (),
) -> DeckFacts:
    return DeckFacts(
        jobs={"j1": JOB},
        submissions={one.key: one for one in submissions},
        batches=batches,
        states={"j1": state},
        failure_share=0.1,
        now=NOW,
        news_since=since,
    )


def kinds(tellings: list[Telling]) -> list[str]:
    return [telling.kind.value for telling in tellings]


def test_a_batch_is_told_by_its_failures_where_those_are_many_else_by_its_end() -> None:
    ended = unheard(tell_deck(deck(batch("b1", failed=4))), (), EVERYTHING)
    assert kinds(ended) == ["batch_ended"]  # a tenth is not more than a tenth
    assert (ended[0].facts["job"], ended[0].facts["good"], ended[0].facts["failed"]) == ("contracts", 36, 4)
    failing = tell_deck(deck(batch("b1", failed=5)))
    assert kinds(unheard(failing, (), EVERYTHING)) == ["failures_over_share"]
    # Who does not want to hear of failures hears of the end all the same.
    assert kinds(unheard(failing, (), ["batch_ended"])) == ["batch_ended"]


def test_nothing_is_told_twice_and_the_end_of_a_job_covers_that_of_its_batches() -> None:
    first = tell_deck(deck(batch("b1", failed=0), state=JobState.RUNNING))
    told = {telling.once for telling in first}
    assert unheard(first, told, EVERYTHING) == []
    second = tell_deck(deck(batch("b1", failed=0), batch("b2", failed=1), state=JobState.FAILURES))
    assert kinds(unheard(second, told, EVERYTHING)) == ["job_complete"]
    told |= {telling.once for telling in second}
    # Pages that were sent again bring the job to its end once more.
    again = replace(batch("b3", failed=0), remote=replace(batch("b3", failed=0).remote, created_at=NOW))
    third = tell_deck(deck(batch("b1", failed=0), batch("b2", failed=1), again, state=JobState.COMPLETE))
    assert kinds(unheard(third, told, EVERYTHING)) == ["job_complete"]


def test_what_happened_before_anybody_was_to_be_told_is_no_news() -> None:
    assert tell_deck(deck(batch("b1", failed=9), since=NOW + dt.timedelta(seconds=1))) == []


def test_results_at_risk_are_told_at_each_of_the_days() -> None:
    def told_at(days: int) -> list[str]:
        return [one.once for one in tell_deck(deck(batch("b1", failed=None, age=dt.timedelta(days=days))))]

    assert told_at(19) == []
    assert told_at(20) == told_at(24) == ["results_at_risk/b1/20"]
    assert told_at(28) == ["results_at_risk/b1/28"]


def test_a_submission_in_doubt_is_told_with_its_reason() -> None:
    doubted = Submission(
        *("aaaaaaaaaa", "j1", SubmissionState.IN_DOUBT, NOW, ((0, 40),), 40, 1, ""), note="timed \x1b[2J out"
    )
    (told,) = tell_deck(deck(submissions=(doubted,)))
    assert (told.kind, told.facts["pages"], told.facts["reason"]) == (
        Kind.SUBMISSION_IN_DOUBT,
        40,
        "timed ␛[2J out",
    )


def test_a_gate_is_told_once_for_as_long_as_it_is_shut() -> None:
    shut = replace(deck(), jobs={"j1": replace(JOB, gate="7 of 52 failed")})
    (told,) = tell_deck(shut)
    assert (told.kind, told.facts["reason"]) == (Kind.GATE_FAILED, "7 of 52 failed")
    assert unheard(tell_deck(shut), {told.once}, EVERYTHING) == []
    assert tell_deck(deck()) == []


def test_events_that_leave_no_trace_are_told_as_they_come() -> None:
    jobs = {"j1": JOB}
    held = tell_event(AccountHeldEvent("no credit"), jobs, NOW)
    assert held is not None
    assert (held.kind, held.once, held.kind.is_urgent) == (Kind.ACCOUNT_HELD, "account_held", True)
    folder = Path("/in")
    broken = InboxProblem(folder, "\\xe9.pdf", "encrypted", folder / "problems" / "\udce9.pdf")
    inbox = tell_event(broken, jobs, NOW)
    assert inbox is not None
    assert inbox.facts["path"] == "/in/problems/\\xe9.pdf"
    assert tell_event(broken, jobs, NOW + dt.timedelta(hours=1)) == inbox
    assert tell_event(broken, jobs, NOW + dt.timedelta(days=1)) != inbox
    waiting = tell_event(InboxHeld(folder, 3, "the day's cap"), jobs, NOW)
    assert waiting is not None
    assert (waiting.facts["path"], waiting.facts["reason"]) == ("/in", "3 files wait: the day's cap")
    order = tell_event(StandingOrderHeld("auto-retry", "j1", "too dear"), jobs, NOW)
    assert order is not None
    assert (order.kind, order.facts["job"]) == (Kind.STANDING_ORDER_HELD, "contracts")
    assert tell_event(Polled(1, None), jobs, NOW) is None


@pytest.mark.parametrize(
    ("hours", "zone", "now", "until"),
    [
        ("22:00-07:00", None, "2026-11-21T21:59Z", None),
        ("22:00-07:00", None, "2026-11-21T22:00Z", "2026-11-22T07:00Z"),
        ("22:00-07:00", None, "2026-11-22T06:59Z", "2026-11-22T07:00Z"),
        ("22:00-07:00", None, "2026-11-22T07:00Z", None),
        ("12:00 – 13:30", None, "2026-11-22T12:10Z", "2026-11-22T13:30Z"),
        ("22:00-07:00", "Europe/Berlin", "2026-11-21T21:30Z", "2026-11-22T06:00Z"),
        # The night in which clocks are put back has an hour more, the one in which they go forward one less.
        ("22:00-07:00", "Europe/Berlin", "2026-10-24T21:30Z", "2026-10-25T06:00Z"),
        ("22:00-07:00", "Europe/Berlin", "2026-03-28T22:30Z", "2026-03-29T05:00Z"),
        # An end that the clocks skip is when it would have been; one that comes twice never lies behind.
        ("22:00-02:30", "Europe/Berlin", "2026-03-28T22:30Z", "2026-03-29T01:30Z"),
        ("22:00-02:30", "Europe/Berlin", "2026-10-25T01:10Z", "2026-10-25T01:30Z"),
    ],
)
def test_messages_wait_until_the_quiet_hours_end(
    hours: str, zone: str | None, now: str, until: str | None
) -> None:
    found = quiet_until(dt.datetime.fromisoformat(now), read_quiet_hours(hours), read_zone(zone))
    assert found == (dt.datetime.fromisoformat(until) if until else None)


@pytest.mark.parametrize("text", ["22-7", "22:00", "25:00-07:00", "07:00-07:00", ""])
def test_what_is_no_range_of_hours_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="“"):
        read_quiet_hours(text)
    with pytest.raises(ValueError, match="time zone"):
        read_zone(text or "Europe/Atlantis")


def letter(number: int, address: str = "a", *, held: bool = False, due: dt.datetime = NOW) -> Letter:
    at = NOW + dt.timedelta(seconds=number)
    return Letter(str(number), "batch_ended", address, Message(str(number), ""), at, due, is_held=held)


def test_what_waited_comes_together_and_so_does_what_is_many() -> None:
    def sent(*letters: Letter) -> list[str]:
        return ["+".join(one.id for one in parcel) for parcel in parcels(letters, NOW)]

    assert sent(letter(2), letter(1)) == ["1", "2"]
    assert sent(letter(1, held=True), letter(2, held=True), letter(3)) == ["1+2", "3"]
    assert sent(letter(1, due=NOW + dt.timedelta(seconds=1))) == []
    many = [letter(n, "ab"[n % 2]) for n in range(2 * MOST_AT_ONCE + 2)]
    assert sent(*many) == ["0+2+4+6+8+10", "1+3+5+7+9+11"]


def test_a_letter_is_tried_a_few_times_at_growing_distances() -> None:
    waits, current = [], letter(1)
    while (later := after_failure(current, NOW, (1.0, 5.0))) is not None:
        waits.append((later.due - NOW).total_seconds())
        current = later
    assert waits == [1.0, 5.0]


def test_links_are_right_for_whoever_gets_them() -> None:
    exports = Path("/srv/deck/exports")
    odd = exports / "j1" / "Übersicht #1 50%.html"
    there = Machine("host1", "ada", "https://files.example.org/x/")
    served = where_is(odd, exports, there)
    assert served.link == "https://files.example.org/x/j1/%C3%9Cbersicht%20%231%2050%25.html"
    assert served.fetch == ""
    here = where_is(odd, exports, replace(there, link_base=None))
    assert (here.link, here.place) == ("", "host1:/srv/deck/exports/j1/Übersicht #1 50%.html")
    assert here.fetch == "scp -r 'ada@host1:/srv/deck/exports/j1/Übersicht #1 50%.html' ."
    # What is not served has no link, and what cannot be typed no command.
    assert where_is(Path("/srv/elsewhere"), exports, there).fetch == "scp -r ada@host1:/srv/elsewhere ."
    assert where_is(Path("/srv/a\nb"), exports, there).fetch == ""
    assert deck_command(Path("/srv/my deck"), "retry", "j1") == "batchdeck --deck '/srv/my deck' retry j1"
    assert read_zone("Europe/Berlin") == ZoneInfo("Europe/Berlin")
