"""Fitting in: batches wait for room in the queue and for one another."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path

from .conftest import Operator
from .pdfs import write_pdf

MakeOperator = Callable[..., Operator]


def advance(who: Operator, seconds: int) -> None:
    """Push the sandbox's clock forward."""
    headers = {"x-api-key": who.api_key, "anthropic-version": "2026-10-21"}
    request = urllib.request.Request(
        who.base_url + "/sandbox/clock", json.dumps({"advance": seconds}).encode(), headers
    )
    urllib.request.urlopen(request, timeout=30).close()


def test_a_batch_that_would_overfill_the_queue_waits_its_turn_and_says_so(
    operator: MakeOperator, tmp_path: Path
) -> None:
    who = operator("", batch_seconds=3_600)
    who.environ["BATCHDECK_LIMITS_QUEUED_REQUESTS"] = "5"
    who.json("submit", write_pdf(tmp_path / "first.pdf", 4, words=20), "--yes")
    second = write_pdf(tmp_path / "second.pdf", 3, words=20, seed=1)
    waiting = who.start("submit", second, "--yes", "--json")
    assert waiting.stderr is not None
    told = next(line for line in waiting.stderr if "queued" in line)
    assert "4 requests are queued at the API, 3 more would pass 5" in told
    assert len(who.json("ls")["batches"]) == 2
    assert [row["status"] for row in who.json("ls")["batches"]] == ["not sent", "running"]
    advance(who, 7_200)
    out, _ = waiting.communicate(timeout=60)
    assert (waiting.returncode, json.loads(out)["pages"]) == (0, 3)


def test_batches_of_one_submission_are_staggered(operator: MakeOperator, tmp_path: Path) -> None:
    who = operator("", batch_seconds=0.1)
    who.environ["BATCHDECK_LIMITS_BATCH_REQUESTS"] = "2"
    ran = who.run("submit", write_pdf(tmp_path / "a.pdf", 4, words=20), "--stagger", "0.2", "--yes", "--json")
    assert len(ran.json["batches"]) == 2
    assert ran.err.count("batches are sent with a pause between") == 1
