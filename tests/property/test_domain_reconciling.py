"""Settling a submission in doubt, played through in made-up worlds.

A server that accepted it or not, early or late, neighbours who make batches of the same size all the time,
listings that lag, polls at any time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from batchdeck.domain.batches import RemoteBatch, RequestCounts, Submission, SubmissionState
from batchdeck.domain.reconciling import Absent, Adopt, Decision, LookInto, Sighting, Wait, decide, recognise

START = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
QUIET = 900
DAY = 86_400
NONCE = "0123456789"
SIZE = 40


@dataclass(frozen=True)
class Made:
    """A batch as it really is, in seconds after the doubt began."""

    id: str
    at: int
    lasts: int
    size: int
    nonce: str

    def seen(self, now: int) -> RemoteBatch:
        """Return what the API says of it at `now`."""
        created = START + dt.timedelta(seconds=self.at)
        ended_at = self.at + min(self.lasts, DAY)
        has_ended = now >= ended_at
        return RemoteBatch(
            self.id,
            "ended" if has_ended else "in_progress",
            RequestCounts(succeeded=self.size) if has_ended else RequestCounts(processing=self.size),
            created,
            created + dt.timedelta(days=1),
            START + dt.timedelta(seconds=ended_at) if has_ended else None,
            has_results=has_ended,
        )


@dataclass(frozen=True)
class World:
    """Everything that happened after the watermark, and when it is looked at."""

    batches: tuple[Made, ...]
    lag: int
    """Seconds until a new batch turns up in the listing."""
    polls: tuple[int, ...]

    def listing(self, now: int) -> list[RemoteBatch]:
        newest_first = sorted(self.batches, key=lambda made: made.at, reverse=True)
        return [made.seen(now) for made in newest_first if made.at + self.lag <= now]

    @property
    def ours(self) -> Made | None:
        return next((made for made in self.batches if made.nonce == NONCE), None)


@dataclass
class Settled:
    """How a world was settled."""

    decision: Decision
    at: int
    suspects: list[tuple[str, ...]] = field(default_factory=list)


@st.composite
def worlds(draw: st.DrawFn, ours: st.SearchStrategy[int | None], lag: int = 120) -> World:
    lasting = st.integers(1, 2 * DAY)
    batches = [
        Made(f"foreign-{number}", at, draw(lasting), draw(st.sampled_from([SIZE, SIZE, 7])), "")
        for number, at in enumerate(draw(st.lists(st.integers(-60, 3 * DAY), max_size=12)))
    ]
    at = draw(ours)
    if at is not None:
        batches.append(Made("ours", at, draw(lasting), SIZE, NONCE))
    gaps = draw(st.lists(st.integers(1, DAY // 2), min_size=1, max_size=15))
    polls = [sum(gaps[: number + 1]) for number in range(len(gaps))]
    return World(tuple(batches), draw(st.integers(0, lag)), tuple(polls))


def submission() -> Submission:
    return Submission(
        key=NONCE,
        job="j1",
        state=SubmissionState.IN_DOUBT,
        created_at=START,
        indices=((0, SIZE),),
        requests=SIZE,
        body_bytes=1,
        body_sha256="",
        sent_at=START,
        doubted_at=START,
        watermark="newest",
    )


def settle(world: World, *, exclusive: bool = False) -> Settled:
    """Follow the protocol as a deck does: at every poll, reading nonces and recording suspects as told."""
    doubtful = submission()
    nonces: dict[str, str] = {}
    settled = Settled(Wait(START, "not asked yet"), 0)
    quiet_and_done = [QUIET + 1 + DAY, QUIET + 1 + 5 * DAY]  # a deck goes on polling for as long as it takes
    for now in sorted({*world.polls, *quiet_and_done}):
        while True:
            decision = decide(
                doubtful,
                world.listing(now),
                taken=(),
                nonces=nonces,
                now=START + dt.timedelta(seconds=now),
                quiet_seconds=QUIET,
                exclusive=exclusive,
            )
            settled = Settled(decision, now, settled.suspects)
            if isinstance(decision, LookInto | Wait) and decision.suspects is not None:
                doubtful = replace(doubtful, suspects=decision.suspects)
                settled.suspects.append(decision.suspects)
            if not isinstance(decision, LookInto):
                break
            for batch in decision.batches:
                nonces[batch] = next(made.nonce for made in world.batches if made.id == batch)
        if isinstance(decision, Adopt | Absent):
            break
    return settled


in_time = st.integers(-30, QUIET - 200)


@given(worlds(in_time))
def test_what_was_accepted_in_time_is_always_adopted_and_nothing_else(world: World) -> None:
    """Never absent, so never paid twice, however many neighbours make batches of the same size."""
    settled = settle(world)
    assert settled.decision == Adopt("ours")


@given(worlds(st.none()))
def test_what_was_never_accepted_ends_as_absent_and_adopts_no_neighbour(world: World) -> None:
    settled = settle(world)
    assert isinstance(settled.decision, Absent)
    assert settled.at >= QUIET


@given(worlds(st.one_of(st.none(), st.integers(-30, 4 * DAY))))
def test_a_decision_is_never_wrong_and_never_early(world: World) -> None:
    settled = settle(world)
    if isinstance(settled.decision, Adopt):
        assert settled.decision == Adopt("ours")
    else:
        assert isinstance(settled.decision, Absent)
        assert settled.at >= QUIET
        ours = world.ours
        assert ours is None or ours.at + world.lag > min(
            poll for poll in (*world.polls, QUIET + 1 + DAY) if poll >= QUIET
        )


@given(worlds(st.none()))
def test_a_busy_neighbour_does_not_extend_the_wait(world: World) -> None:
    """The set of suspects is fixed once; what comes later is not waited for."""
    settled = settle(world)
    assert len(settled.suspects) <= 1
    first_quiet_poll = min(poll for poll in (*world.polls, QUIET + 1 + DAY) if poll >= QUIET)
    known = {batch.id for batch in world.listing(first_quiet_poll)}
    assert all(set(suspects) <= known for suspects in settled.suspects)


@given(worlds(in_time), st.integers(0, QUIET))
def test_before_the_quiet_period_is_over_nothing_is_called_absent(world: World, now: int) -> None:
    early = replace(world, polls=(now,))
    decision = decide(
        submission(),
        early.listing(min(now, QUIET - 1)),
        taken=(),
        nonces={},
        now=START + dt.timedelta(seconds=min(now, QUIET - 1)),
        quiet_seconds=QUIET,
    )
    assert not isinstance(decision, Absent)


@given(st.integers(-30, QUIET - 200), st.integers(1, 2 * DAY), st.lists(st.integers(1, 600), min_size=1))
def test_alone_in_a_workspace_the_only_candidate_is_adopted_at_first_sight(
    at: int, lasts: int, gaps: Sequence[int]
) -> None:
    polls = tuple(sum(gaps[: number + 1]) for number in range(len(gaps)))
    world = World((Made("ours", at, lasts, SIZE, NONCE),), 0, polls)
    settled = settle(world, exclusive=True)
    assert isinstance(settled.decision, Adopt)
    assert settled.at == min(poll for poll in (*polls, QUIET + 1 + DAY) if poll >= at)


@given(worlds(st.integers(QUIET + 1, 4 * DAY)))
@settings(max_examples=50)
def test_what_was_accepted_too_late_is_recognised_when_it_can_be_read(world: World) -> None:
    settled = settle(world)
    absent = replace(submission(), state=SubmissionState.ABSENT)
    again = replace(
        absent,
        key="abcdef0123",
        state=SubmissionState.SUBMITTED,
        batch_id="second",
        created_at=START + dt.timedelta(1),
    )
    if isinstance(settled.decision, Absent):
        assert recognise("ours", NONCE, [absent]) is Sighting.LATE
        assert recognise("ours", NONCE, [absent, again]) is Sighting.DUPLICATE
