"""An inbox served unattended: fed before and while it runs, killed in the middle, no file is lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import urllib.request
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from batchdeck.domain.requests import parse_custom_id

from .conftest import Operator, wait_for
from .pdfs import write_pdf

MakeOperator = Callable[..., Operator]

# Pages 2 and 3 of every document fail at first; the second batch is taken without an answer.
FAULTS = """
[[rows]]
outcome = "truncated"
pages = 2
attempts = 1

[[rows]]
outcome = "overloaded_error"
pages = 3
attempts = 1

[[calls]]
endpoint = "create"
action = "reset_after"
occurrences = 2
"""
TURNS = {1: 1, 2: 2, 3: 2}
"""How often each page of a document is sent until it is good, if nothing is ever sent twice."""


def _sent(who: Operator) -> Counter[tuple[str, int]]:
    """Count how often the server was given each page, by document and page number."""
    headers = {"x-api-key": who.api_key, "anthropic-version": "2026-10-21"}

    def get(path: str) -> bytes:
        request = urllib.request.Request(who.base_url + path, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            data: bytes = answer.read()
            return data

    pages: Counter[tuple[str, int]] = Counter()
    for batch in json.loads(get("/v1/messages/batches?limit=1000"))["data"]:
        for line in get(f"/v1/messages/batches/{batch['id']}/results").splitlines():
            parsed = parse_custom_id(json.loads(line)["custom_id"])
            assert parsed is not None
            pages[parsed.slug, parsed.page] += 1
    return pages


def _kill(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_every_file_ends_exported_or_with_the_problems(operator: MakeOperator, tmp_path: Path) -> None:
    who = operator(FAULTS, batch_seconds=0.2)
    inbox, out = tmp_path / "in", tmp_path / "out"
    who.environ.update(
        {
            "BATCHDECK_INBOX_SETTLE_SECONDS": "0.2",
            "BATCHDECK_INBOX_RESCAN_SECONDS": "1",
            "BATCHDECK_POLLING_FLOOR_SECONDS": "0.2",
            "BATCHDECK_POLLING_CEILING_SECONDS": "1",
            "BATCHDECK_RECONCILE_QUIET_SECONDS": "1",
            "BATCHDECK_STANDING_AUTO_RETRY": "true",
            "BATCHDECK_STANDING_AUTO_EXPORT": str(out),
            "BATCHDECK_WORKERS_COUNT": "1",
        }
    )
    write_pdf(inbox / "one.pdf", 3, seed=1)
    write_pdf(inbox / "two.pdf", 3, seed=2)
    (inbox / "torn.pdf").write_bytes(b"%PDF-1.7 and nothing else")
    (inbox / "link.pdf").symlink_to(write_pdf(tmp_path / "elsewhere.pdf", 1))

    # Killed as soon as the first job is on disk, before its files can have been put away.
    process = who.start("watch", "--inbox", inbox)
    wait_for(lambda: bool(list(who.deck.glob("jobs/*/pages.jsonl"))))
    _kill(process)

    # Fed while it runs, by a program that writes under another name first; killed when that is prepared.
    process = who.start("watch", "--inbox", inbox)
    wait_for(lambda: (inbox / "done" / "two.pdf").exists())
    write_pdf(tmp_path / "three.pdf", 3, seed=3)
    shutil.copyfile(tmp_path / "three.pdf", inbox / "three.pdf.part")
    os.rename(inbox / "three.pdf.part", inbox / "three.pdf")
    wait_for(lambda: len(list(who.deck.glob("jobs/*/pages.jsonl"))) == 2)
    _kill(process)

    # Known bytes under a name that is taken in `done` already.
    shutil.copyfile(inbox / "done" / "one.pdf", inbox / "one.pdf")
    process = who.start("watch", "--inbox", inbox, "--json")
    names = {"one.pdf", "one-2.pdf", "two.pdf", "three.pdf"}
    wait_for(lambda: {path.name for path in (inbox / "done").iterdir()} == names)
    wait_for(lambda: len(list(out.glob("*/*.html"))) == 6)
    wait_for(lambda: "auto_export" in (who.deck / "audit.jsonl").read_text().splitlines()[-1])
    os.kill(process.pid, signal.SIGTERM)
    events, err = process.communicate(timeout=60)

    assert (process.returncode, "Traceback" in err) == (130, False)
    assert {path.name for path in (inbox / "problems").iterdir()} == {"torn.pdf", "torn.pdf.txt"}
    assert "damaged" in (inbox / "problems" / "torn.pdf.txt").read_text()
    assert {path.name for path in inbox.iterdir()} == {"done", "problems", "link.pdf"}
    assert _sent(who) == Counter(
        {(name, page): turns for name in ("one", "two", "three") for page, turns in TURNS.items()}
    )
    jobs = who.json("jobs")["jobs"]
    assert [(job["state"], len(list(out.glob(f"*{job['job']}/*.report.json")))) for job in jobs] in (
        [("complete", 1), ("complete", 2)],
    )
    told = [json.loads(line) for line in events.splitlines()]
    again = [event for event in told if event["event"] == "inbox_done" and event["is_duplicate"]]
    assert [(event["file"], Path(event["moved_to"]).name) for event in again] == [("one.pdf", "one-2.pdf")]
    assert {event["order"] for event in told if event["event"] == "standing_order_acted"} == {
        "auto_retry",
        "auto_export",
    }
    assert '"by":"standing order auto_retry"' in (who.deck / "audit.jsonl").read_text()
