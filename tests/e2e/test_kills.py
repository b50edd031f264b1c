"""Killed at any instant, a submission goes on where it was: every page is in exactly one batch in the end."""

from __future__ import annotations

import json
import os
import random
import signal
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batchdeck.domain.requests import parse_custom_id

from .conftest import Operator, wait_for
from .pdfs import write_pdf

MakeOperator = Callable[..., Operator]

SMALL_BATCHES = {
    "BATCHDECK_LIMITS_BATCH_BYTES": "600000",
    "BATCHDECK_LIMITS_REQUEST_BYTES": "500000",
    "BATCHDECK_LIMITS_PAGE_BYTES": "300000",
    "BATCHDECK_RECONCILE_QUIET_SECONDS": "1",
    "BATCHDECK_WORKERS_COUNT": "1",
}


def _get(who: Operator, path: str) -> bytes:
    headers = {"x-api-key": who.api_key, "anthropic-version": "2026-10-21"}
    request = urllib.request.Request(who.base_url + path, headers=headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        data: bytes = answer.read()
        return data


def _accepted(who: Operator) -> list[dict[str, Any]]:
    batches: list[dict[str, Any]] = json.loads(_get(who, "/v1/messages/batches?limit=1000"))["data"]
    return batches


def pages_accepted(who: Operator) -> Counter[int]:
    """Count how often the server was given each page, by global index."""
    pages: Counter[int] = Counter()
    for batch in _accepted(who):
        for line in _get(who, f"/v1/messages/batches/{batch['id']}/results").splitlines():
            parsed = parse_custom_id(json.loads(line)["custom_id"])
            assert parsed is not None
            pages[parsed.index] += 1
    return pages


def _kill_after(process: Any, seconds: float) -> bool:
    """Kill a command's whole process group unless it ends by itself before; say whether it was killed."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            process.communicate()
            return False
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return True


@pytest.mark.slow
def test_kills_during_submitting_pay_nothing_twice_and_lose_nothing(
    operator: MakeOperator, tmp_path: Path
) -> None:
    # One run of the command line itself; `tests.faults` kills more, under faults, in every run of the tests.
    chance = random.Random(1)
    who = operator("", batch_seconds=0.2)
    who.environ.update(SMALL_BATCHES)
    folder = tmp_path / "in"
    for number in range(4):
        write_pdf(folder / f"{number}.pdf", 10, seed=number, ballast=40_000, words=20)
    kills = 0
    for _ in range(40):
        process = who.start("submit", folder, "--yes", "--json")
        if not kills:
            # The first one dies while its pages are being prepared or sent, however fast the machine is.
            wait_for(lambda: bool(list(who.deck.glob("spool/*"))))
        if _kill_after(
            process, chance.uniform(0.0, 0.3) if not kills else chance.uniform(0.3, 1.8 + 0.2 * kills)
        ):
            kills += 1
            continue
        if process.returncode == 0:
            break
        # Something is in doubt, or nothing is left to send: settle it, then look again.
        who.run("watch", "--until-ended")
        jobs = who.json("jobs")["jobs"]
        if jobs and jobs[0]["state"] in ("complete", "running"):
            break
    who.run("watch", "--until-ended")
    assert kills >= 1
    (job,) = who.json("jobs")["jobs"]
    if job["state"] == "unsent":
        who.json("submit", "--resume", job["job"], "--yes")
        who.run("watch", "--until-ended")
    (job,) = who.json("jobs")["jobs"]
    assert (job["state"], job["pages"]) == ("complete", 40)
    assert pages_accepted(who) == Counter(range(40))
    pages = who.json("pages", job["job"])["pages"]
    assert len({page["custom_id"] for page in pages}) == 40
    doctor = {check["name"]: check["ok"] for check in who.run("doctor", "--json").json["checks"]}
    assert all(doctor[name] for name in ("ledger", "audit", "archive", "vault", "submissions"))


@pytest.mark.slow
def test_kills_during_collecting_and_exporting_leave_whole_files(
    operator: MakeOperator, tmp_path: Path
) -> None:
    chance = random.Random(5)
    who = operator("", batch_seconds=0.2)
    pdf = write_pdf(tmp_path / "a.pdf", 30)
    job = who.json("submit", pdf, "--yes")["job"]
    for _ in range(6):
        _kill_after(who.start("watch", "--until-ended"), chance.uniform(0.5, 2.0))
        results = list(who.deck.glob("batches/*/results.jsonl"))
        assert all(len(path.read_bytes().splitlines()) == 30 for path in results)
    assert who.run("watch", "--until-ended").code == 0
    out = tmp_path / "out"
    for _ in range(4):
        _kill_after(who.start("export", job, "--out", out), chance.uniform(0.7, 2.0))
        for html in out.glob("*.html"):
            assert html.read_text().rstrip().endswith("</html>")
    (document,) = who.json("export", job, "--out", out)["documents"]
    assert (document["pages"], document["errors"]) == (30, 0)
    assert not list(out.glob("*.tmp")), "what a killed export left behind is swept by the next one"


@pytest.mark.slow
def test_ctrl_c_leaves_a_deck_that_goes_on(operator: MakeOperator, tmp_path: Path) -> None:
    who = operator("", batch_seconds=0.2)
    who.environ.update(SMALL_BATCHES)
    for number in range(3):
        write_pdf(tmp_path / "in" / f"{number}.pdf", 10, seed=number, ballast=40_000, words=20)
    process = who.start("submit", tmp_path / "in", "--yes")
    while not (who.deck / "jobs").exists() or not list((who.deck / "jobs").iterdir()):
        assert process.poll() is None
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    if process.returncode != 0:
        assert process.returncode == 130
        assert "Traceback" not in err
        who.run("watch", "--until-ended")
        who.run("submit", tmp_path / "in", "--yes")
    who.run("watch", "--until-ended")
    assert pages_accepted(who) == Counter(range(30))
