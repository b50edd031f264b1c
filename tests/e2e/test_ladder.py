"""Small first: rungs go out by themselves while gates hold, stop where one fails, and go on after the fix."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from batchdeck.domain.requests import parse_custom_id

from .conftest import Operator
from .pdfs import write_pdf
from .test_kills import pages_accepted
from .test_realtime import asked_in_real_time

MakeOperator = Callable[..., Operator]
LAST_PAGES_FAIL_AT_FIRST = '[[rows]]\noutcome = "refused"\npages = "4"\nattempts = "1"\n'


def folder_of(tmp_path: Path) -> Path:
    """Make four documents of four pages: more middle pages than first ones, and last ones after those."""
    for number in range(4):
        write_pdf(tmp_path / "in" / f"{number}.pdf", 4, seed=number)
    return tmp_path / "in"


def test_a_ladder_whose_gates_hold_goes_to_its_end_by_itself(operator: MakeOperator, tmp_path: Path) -> None:
    who = operator("")
    sent = who.json("submit", folder_of(tmp_path), "--ladder", "1,5,rest", "--yes")
    assert (sent["pages"], sent["unsent"]) == (1, 15)
    assert asked_in_real_time(who) == 1, "the trial page is the first rung's only one"
    ended = who.run("watch", "--until-ended", "--json")
    assert ended.code == 0
    rungs = [event for event in ended.lines if event["event"] == "rung_started"]
    assert [(event["rung"], event["rungs"], event["pages"]) for event in rungs] == [(2, 3, 5), (3, 3, 10)]
    (job,) = who.json("jobs")["jobs"]
    assert (job["state"], job["outcomes"]["ok"], job["gate"]) == ("complete", 16, None)


def test_a_ladder_stops_at_a_failed_gate_and_goes_on_after_the_fix(
    operator: MakeOperator, tmp_path: Path
) -> None:
    who = operator(LAST_PAGES_FAIL_AT_FIRST)
    job = who.json("submit", folder_of(tmp_path), "--ladder", "1,1,3,rest", "--yes")["job"]
    stopped = who.run("watch", "--until-ended", "--json")
    (failed,) = [event for event in stopped.lines if event["event"] == "gate_failed"]
    assert (failed["job"], failed["rung"]) == (job, 4)
    assert "1 of 3 pages failed" in failed["reason"]
    (named,) = failed["pages"]
    parsed = parse_custom_id(named)
    assert parsed is not None
    assert parsed.page == 4
    (record,) = who.json("jobs")["jobs"]
    assert (record["state"], record["gate"]) == ("gate_failed", failed["reason"])
    assert record["held_back"] == record["outcomes"]["pending"] == 11
    listed = who.run("jobs")
    assert "11 held back" in listed.out
    assert "pending" not in listed.out
    assert failed["reason"] in listed.err
    assert f"submit --resume {job}" in listed.err
    assert who.run("pages", job).out.count(f"held back at a gate: {failed['reason']}") == 11
    held = [page["held_back"] for page in who.json("pages", job)["pages"] if page["attempts"] == 0]
    assert held == [f"held back at a gate: {failed['reason']}"] * 11
    assert who.json("ls")["batches"][0]["status"] == "gate failed"
    sent_before = len(who.json("ls")["batches"])
    assert who.run("watch", "--until-ended").code == 6, "it does not go on by itself"
    assert len(who.json("ls")["batches"]) == sent_before

    assert who.json("retry", job, "--outcome", "refused", "--model", "claude-opus-5", "--yes")["pages"] == 1
    assert who.run("watch", "--until-ended").code == 6, "the last rung has last pages as well"
    (record,) = who.json("jobs")["jobs"]
    assert record["state"] == "failures"
    assert record["outcomes"] == {"ok": 13, "refused": 3}
    once = Counter(page["index"] for page in who.json("pages", job)["pages"] if page["attempts"] == 1)
    assert len(once) == 15, "no good page was sent again"
    assert sum(pages_accepted(who).values()) + asked_in_real_time(who) == 17


def test_a_trial_page_whose_parameters_are_refused_stops_it_before_any_batch(
    operator: MakeOperator, tmp_path: Path
) -> None:
    who = operator('[[calls]]\nendpoint = "messages"\naction = "not_found"\noccurrences = 1\n')
    sent = who.run("submit", folder_of(tmp_path), "--ladder", "3,rest", "--yes", "--json")
    (job,) = who.json("jobs")["jobs"]
    assert (job["state"], sent.json["unsent"]) == ("gate_failed", 15), json.dumps(job)
    assert "trial page" in job["gate"]
    assert [row["realtime"] for row in who.json("ls")["batches"]] == [True]
    assert who.run("watch", "--until-ended").code == 6, "nobody has said that it is to go on"
    assert [row["realtime"] for row in who.json("ls")["batches"]] == [True]
    on = who.json("submit", "--resume", job["job"], "--model", "claude-opus-5", "--yes")
    assert (on["pages"], on["unsent"]) == (2, 13)


def test_a_first_rung_that_the_api_refuses_waits_for_the_operators_word(
    operator: MakeOperator, tmp_path: Path
) -> None:
    who = operator('[[calls]]\nendpoint = "create"\naction = "too_large_html"\noccurrences = 1\n')
    who.environ = {"BATCHDECK_LADDER_TRIAL": "false"}
    folder = write_pdf(tmp_path / "in" / "0.pdf", 3).parent
    assert who.run("submit", folder, "--ladder", "", "--yes").code == 2, "an empty variable is no ladder"
    who.run("submit", folder, "--ladder", "1,rest", "--yes")
    ended = who.run("watch", "--until-ended", "--json")
    assert ended.code == 6, "what is held back is not done"
    assert [event["event"] for event in ended.lines if event["event"] in ("gate_failed", "rung_started")] == [
        "gate_failed"
    ]
    assert who.json("ls")["batches"][0]["status"] == "gate failed"
