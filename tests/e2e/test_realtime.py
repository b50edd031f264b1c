"""Real time: a job answered at once, killed on the way, refused, held, and offered where batches fail."""

from __future__ import annotations

import json
import os
import random
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from batchdeck.config import load_prices
from batchdeck.store.results import scan_results

from .conftest import Operator, wait_for
from .pdfs import write_pdf

MakeOperator = Callable[..., Operator]


def asked_in_real_time(who: Operator) -> int:
    """Return how often the server was asked for an answer in real time."""
    headers = {"x-api-key": who.api_key, "anthropic-version": "2026-10-21"}
    with urllib.request.urlopen(urllib.request.Request(who.base_url + "/sandbox", headers=headers)) as answer:
        calls: dict[str, int] = json.load(answer)["calls_of"]
    return calls.get("messages", 0)


def rows_of(who: Operator) -> dict[bool, list[dict[str, Any]]]:
    """Return the deck's batches by whether they went out in real time."""
    rows = who.json("ls")["batches"]
    return {kind: [row for row in rows if row["realtime"] is kind] for kind in (True, False)}


def full_price(who: Operator, key: str) -> Iterator[float]:
    """Yield what each answer of a batch costs at the real-time price."""
    prices = load_prices(None)
    for facts, _, _ in scan_results(who.deck / "batches" / key / "results.jsonl"):
        price = prices.of(facts.model)
        assert price is not None
        yield price.cost(facts.usage, batch=False)


def test_a_mixed_folder_becomes_real_time_pages_and_batches_in_one_job(
    operator: MakeOperator, tmp_path: Path
) -> None:
    who = operator("")
    for number in range(3):
        write_pdf(tmp_path / "in" / f"short{number}.pdf", 2, seed=number)
    for number in range(2):
        write_pdf(tmp_path / "in" / f"long{number}.pdf", 11, seed=10 + number)
    planned = who.json("scan", tmp_path / "in", "--mode", "auto")
    assert (planned["pages"], planned["realtime_pages"], planned["batches"]) == (28, 6, 1)
    half = who.json("scan", tmp_path / "in")["estimate"]["usd"]
    assert planned["estimate"]["usd"] == pytest.approx(half * 34 / 28), "six pages at twice the price"

    job = who.json("submit", tmp_path / "in", "--mode", "auto", "--yes")["job"]
    assert asked_in_real_time(who) == 6
    assert who.run("watch", "--until-ended").code == 0
    kinds = rows_of(who)
    ((at_once,), (batch,)) = kinds[True], kinds[False]
    assert (at_once["counts"]["succeeded"], batch["counts"]["succeeded"]) == (6, 22)
    assert at_once["expires_at"] is None
    full = sum(full_price(who, at_once["key"]))
    assert at_once["cost"]["actual"] == pytest.approx(full), "the full price"
    assert batch["cost"]["actual"] == pytest.approx(sum(full_price(who, batch["key"])) / 2), "half of it"
    (record,) = who.json("jobs")["jobs"]
    assert record["cost"]["actual"] == pytest.approx(at_once["cost"]["actual"] + batch["cost"]["actual"])
    documents = who.json("export", job)["documents"]
    assert [document["placeholders"] for document in documents] == [0] * 5


@pytest.mark.slow
def test_killed_again_and_again_it_pays_for_nothing_twice(operator: MakeOperator, tmp_path: Path) -> None:
    who = operator('[[calls]]\nendpoint = "messages"\naction = "slow"\nseconds = 0.4\n')
    who.environ["BATCHDECK_REALTIME_CONCURRENCY"] = "3"
    pdf = write_pdf(tmp_path / "a.pdf", 12, words=30)
    chance = random.Random(3)
    for round_ in range(3):
        asked = asked_in_real_time(who)
        process = who.start("submit", pdf, "--mode", "realtime", "--yes")
        wait_for(lambda before=asked: asked_in_real_time(who) > before)  # type: ignore[misc]
        time.sleep(chance.uniform(0.0, 0.5))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        pages = who.json("pages", who.json("jobs")["jobs"][0]["job"])["pages"]
        lost = [page for page in pages if page["error_type"] == "answer_lost"]
        assert len([page for page in pages if page["batch"]]) == asked_in_real_time(who), round_
        assert lost, "what had left is shown, not sent again"
    job = who.json("submit", pdf, "--mode", "realtime", "--yes")["job"]
    assert asked_in_real_time(who) == 12, "every page was asked for exactly once"
    pages = who.json("pages", job)["pages"]
    lost = [page for page in pages if page["error_type"] == "answer_lost"]
    assert [page["outcome"] for page in pages if page not in lost] == ["ok"] * (12 - len(lost))

    left_out = who.run("retry", job, "--mode", "realtime", "--yes")
    assert (left_out.code, "may have been paid" in left_out.err) == (3, True)
    assert asked_in_real_time(who) == 12
    again = who.json("retry", job, "--outcome", "errored", "--mode", "realtime", "--yes")
    assert again["pages"] == len(lost)
    assert {page["outcome"] for page in who.json("pages", job)["pages"]} == {"ok"}
    assert who.run("doctor").code == 0


def test_ctrl_c_waits_for_the_answers_under_way(operator: MakeOperator, tmp_path: Path) -> None:
    who = operator('[[calls]]\nendpoint = "messages"\naction = "slow"\nseconds = 0.5\n')
    pdf = write_pdf(tmp_path / "a.pdf", 10, words=30)
    process = who.start("submit", pdf, "--mode", "realtime", "--yes")
    wait_for(lambda: asked_in_real_time(who) >= 2)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in err) == (130, False)
    asked = asked_in_real_time(who)
    pages = who.json("pages", who.json("jobs")["jobs"][0]["job"])["pages"]
    assert [page["outcome"] for page in pages if page["batch"]] == ["ok"] * asked
    who.json("submit", pdf, "--mode", "realtime", "--yes")
    assert asked_in_real_time(who) == 10


def test_an_answer_that_is_lost_on_the_way_is_not_asked_for_again(
    operator: MakeOperator, tmp_path: Path
) -> None:
    who = operator(
        '[[calls]]\nendpoint = "messages"\naction = "reset_after"\noccurrences = 1\n'
        '[[calls]]\nendpoint = "messages"\naction = "rate_limit"\noccurrences = 2\nretry_after = 1\n'
        '[[calls]]\nendpoint = "messages"\naction = "overloaded"\noccurrences = 3\n'
    )
    who.environ["BATCHDECK_REALTIME_CONCURRENCY"] = "1"
    pdf = write_pdf(tmp_path / "a.pdf", 4, words=30)
    job = who.json("submit", pdf, "--mode", "realtime", "--yes", code=6)["job"]
    errors = [page["error_type"] or "" for page in who.json("pages", job)["pages"]]
    assert sorted(errors) == ["", "", "answer_lost", "overloaded_error"]
    assert asked_in_real_time(who) == 5, "the one that was refused for the rate, once more"
    retried = who.json("retry", job, "--yes", "--mode", "realtime")
    assert (retried["pages"], len(retried["skipped"])) == (1, 1)


def test_a_held_account_keeps_what_was_answered_and_frees_the_rest(
    operator: MakeOperator, tmp_path: Path
) -> None:
    who = operator('[[calls]]\nendpoint = "messages"\naction = "billing"\noccurrences = "3"\n')
    who.environ["BATCHDECK_REALTIME_CONCURRENCY"] = "1"
    pdf = write_pdf(tmp_path / "a.pdf", 4, words=30)
    held = who.run("submit", pdf, "--mode", "realtime", "--yes", "--json")
    assert (held.code, held.json["pages"], held.json["unsent"]) == (4, 2, 2)
    (job,) = who.json("jobs")["jobs"]
    assert (job["state"], job["outcomes"]["ok"]) == ("unsent", 2)
    assert who.run("mended").code == 0
    again = who.json("submit", pdf, "--mode", "realtime", "--yes")
    assert (again["job"], again["pages"], again["unsent"]) == (job["job"], 2, 0)
    assert asked_in_real_time(who) == 5


def test_what_is_refused_as_a_batch_is_offered_in_real_time(operator: MakeOperator, tmp_path: Path) -> None:
    who = operator('[[calls]]\nendpoint = "create"\naction = "too_large_html"\n')
    pdf = write_pdf(tmp_path / "a.pdf", 3, words=30)
    offered = who.run("submit", pdf, "--yes", "--json")
    assert (offered.code, offered.json["offer"]["mode"], offered.json["unsent"]) == (4, "realtime", 3)
    assert offered.json["offer"]["usd"] == pytest.approx(
        2 * who.json("scan", pdf, "--again")["estimate"]["usd"]
    )
    assert "--mode realtime" in offered.err
    assert asked_in_real_time(who) == 0, "offered, not done"
    accepted = who.json("submit", "--resume", offered.json["job"], "--mode", "realtime", "--yes")
    assert (accepted["pages"], accepted["unsent"], accepted["refused"]) == (3, 0, [])
    other = write_pdf(tmp_path / "b.pdf", 2, words=30, seed=5)
    ordered = who.json("submit", other, "--fallback", "realtime", "--yes")
    assert (ordered["pages"], ordered["unsent"]) == (2, 0)
    assert asked_in_real_time(who) == 5
