"""What was paid, added up by hand."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from batchdeck.domain.batches import (
    Archive,
    Batch,
    Job,
    Part,
    RemoteBatch,
    RequestCounts,
    Submission,
    SubmissionState,
)
from batchdeck.domain.costs import Usage
from batchdeck.domain.outcomes import Outcome
from batchdeck.domain.spending import Charge, CostsBy, charges_of, cost_table

NIGHT = dt.datetime(2026, 11, 30, 23, 30, tzinfo=dt.UTC)
DAY = dt.date(2026, 11, 30)


def job(id_: str, recipe: str = "pdf-to-html") -> Job:
    return Job(id_, f"the {id_}", NIGHT, recipe, "sonnet", 4_096, (), 10)


def submission(key: str, job_id: str, reserved: float, **fields: object) -> Submission:
    made = Submission(
        key,
        job_id,
        SubmissionState.SUBMITTED,
        NIGHT,
        ((0, 10),),
        10,
        1,
        "",
        parts=(Part(((0, 10),), "sonnet", 4_096),),
        reserved_usd=reserved,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def batch(id_: str, made: Submission | None, cost: float | None, **fields: object) -> Batch:
    remote = RemoteBatch(id_, "ended", RequestCounts(), NIGHT, NIGHT)
    return replace(
        Batch(
            id_,
            made.key if made is not None else id_,
            made.job if made is not None else None,
            remote,
            made,
            archive=Archive("", 1, 10, NIGHT),
            outcomes={Outcome.OK: 7, Outcome.TRUNCATED: 1, Outcome.ERRORED: 2},
            usage=Usage(input=1_000, output=500, cache_read=200),
            cost=cost,
        ),
        **fields,  # type: ignore[arg-type]
    )


def test_charges_follow_from_the_ledger_alone() -> None:
    jobs = {"j1": job("j1"), "j2": job("j2", "tickets")}
    done = submission("aa", "j1", 0.5)
    under_way = submission("bb", "j2", 0.3)
    waiting = submission("cc", "j2", 0.2, state=SubmissionState.PREPARED)
    refused = submission("dd", "j2", 9.0, state=SubmissionState.REJECTED)
    batches = [
        batch("b1", done, 0.4),
        batch("b2", under_way, None, archive=None, outcomes={}, usage=Usage()),
        batch("b3", None, 0.1),
        batch("b4", None, 0.4, duplicate_of="aa"),
    ]
    charges = charges_of(jobs, [done, under_way, waiting, refused], batches)
    table = cost_table(charges, CostsBy.JOB)
    rows = {row.key: row for row in table.rows}
    assert [row.key for row in table.rows] == ["j1", "(made elsewhere)", "j2"]
    paid_twice = rows["j1"]
    assert paid_twice.name == "the j1"
    assert (paid_twice.cost, paid_twice.estimated, paid_twice.pages) == (0.8, 0.5, 16)
    assert paid_twice.over_estimate == pytest.approx(0.6)
    assert rows["j2"].cost is None
    assert rows["j2"].pending == pytest.approx(0.5)
    assert table.total.cost == pytest.approx(0.9)
    assert table.total.usage == Usage(input=3_000, output=1_500, cache_read=600)
    assert [row.key for row in cost_table(charges, CostsBy.RECIPE).rows] == [
        "pdf-to-html",
        "(made elsewhere)",
        "tickets",
    ]


def test_batches_save_half_and_real_time_saves_nothing() -> None:
    jobs = {"j1": job("j1")}
    slow, quick = submission("aa", "j1", 0.5), submission("bb", "j1", 1.0, realtime=True)
    charges = charges_of(jobs, [slow, quick], [batch("b1", slow, 0.4), batch("b2", quick, 0.9)])
    total = cost_table(charges, CostsBy.JOB).total
    assert total.cost == pytest.approx(1.3)
    assert total.realtime_cost == pytest.approx(0.8 + 0.9)
    assert total.saved == pytest.approx(0.4)


def test_days_are_days_in_utc_and_the_newest_stands_first() -> None:
    here = dt.timezone(dt.timedelta(hours=2))
    charges = [
        Charge("j1", "", "", "", DAY, pages=1, cost=0.1),
        Charge("j1", "", "", "", DAY + dt.timedelta(days=1), pages=2, cost=0.2),
        Charge("j2", "", "", "", DAY + dt.timedelta(days=1), pages=4, cost=0.4),
    ]
    table = cost_table(charges, CostsBy.DAY)
    assert [(row.key, row.pages) for row in table.rows] == [("2026-12-01", 6), ("2026-11-30", 1)]
    assert cost_table(charges, CostsBy.DAY, since=DAY + dt.timedelta(days=1), job="j2").total.pages == 4
    late = submission("aa", "j1", 0.0)
    made = batch("b1", late, 0.1)
    made = replace(made, remote=replace(made.remote, created_at=NIGHT.astimezone(here)))
    assert charges_of({}, [late], [made])[0].day == DAY


def test_what_has_no_price_is_counted_and_in_no_sum() -> None:
    known = Charge("j1", "", "", "m", DAY, pages=3, cost=0.3, expected=0.2)
    unknown = Charge("j1", "", "", "m", DAY, pages=5, usage=Usage(output=9), expected=7.0)
    total = cost_table([known, unknown], CostsBy.MODEL).total
    assert (total.cost, total.unpriced, total.pages, total.estimated) == (0.3, 5, 8, 0.2)
    assert cost_table([unknown], CostsBy.MODEL).total.cost is None
    partly = Charge("j1", "", "", "m", DAY, pages=4, cost=0.1, unmeasured=2)
    lost = Charge("j1", "", "", "m", DAY, unmeasured=1)
    assert cost_table([known, unknown, partly, lost], CostsBy.MODEL).total.unpriced == 8


def test_documents_keep_their_order_and_two_of_one_name_stay_apart() -> None:
    def of(first: int, name: str, pages: int) -> Charge:
        return Charge("j1", "", "", "m", DAY, pages=pages, cost=0.1, document=name, first_index=first)

    table = cost_table([of(9, "b.pdf", 1), of(0, "z.pdf", 2), of(5, "b.pdf", 3)], CostsBy.DOCUMENT)
    assert [(row.key, row.pages) for row in table.rows] == [("z.pdf", 2), ("b.pdf", 3), ("b.pdf", 1)]
