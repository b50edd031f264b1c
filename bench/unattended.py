"""An hour of unattended work in a sandbox with a fast clock: an inbox fed at random, faults, real servers.

``python -m bench.unattended`` prints what became of every file, of every message, and of the memory; it exits
with 1 where anything was lost, anything ended in an unhandled error, or memory grew.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.memory import memory_mb
from tests.e2e.pdfs import write_pdf
from tests.receivers import Hook, Mailbox, hook, mailbox

_FAULTS = """
[[rows]]
outcome = "truncated"
share = 0.1
attempts = 1

[[rows]]
outcome = "overloaded_error"
share = 0.1
attempts = 1

[[calls]]
endpoint = "retrieve"
action = "server_error"
share = 0.05

[[calls]]
endpoint = "create"
action = "reset_after"
share = 0.1
"""
_SAMPLE_SECONDS = 0.5
_GROWTH_ALLOWED = 1.15
"""How much more memory the last quarter may take than the second."""


@dataclass(slots=True)
class Run:
    """What was seen of one run."""

    good: int = 0
    broken: int = 0
    memory: list[float] = field(default_factory=list)
    """Resident bytes of the watching process, twice a second."""
    log: list[dict[str, object]] = field(default_factory=list)
    stderr: str = ""


def _settings(out: Path, web: Hook, box: Mailbox) -> dict[str, str]:
    return {
        "BATCHDECK_NOTIFY_URLS": f"{web.url} {box.url}",
        "BATCHDECK_INBOX_SETTLE_SECONDS": "0.5",
        "BATCHDECK_INBOX_RESCAN_SECONDS": "5",
        "BATCHDECK_POLLING_FLOOR_SECONDS": "0.5",
        "BATCHDECK_POLLING_CEILING_SECONDS": "2",
        "BATCHDECK_RECONCILE_QUIET_SECONDS": "2",
        "BATCHDECK_STANDING_AUTO_RETRY": "true",
        "BATCHDECK_STANDING_AUTO_EXPORT": str(out),
        "BATCHDECK_WORKERS_COUNT": "1",
    }


def play(folder: Path, seconds: float, speed: float, files: int, seed: int) -> tuple[Run, Hook, Mailbox]:
    """Watch an inbox for so many seconds, feeding it at random times, and until all of it is dealt with."""
    chance = random.Random(seed)
    inbox, out, log = folder / "in", folder / "out", folder / "watch.log"
    inbox.mkdir()
    (folder / "faults.toml").write_text(_FAULTS)
    sandbox = subprocess.Popen(
        [
            *(sys.executable, "-m", "batchdeck.sandbox", "--state", str(folder / "sandbox")),
            *("--faults", str(folder / "faults.toml"), "--speed", str(speed), "--seed", str(seed)),
            *("--batch-seconds", str(3 * speed), "--calls-per-minute", "0"),
        ],
        stdout=subprocess.PIPE,
    )
    assert sandbox.stdout is not None
    card = json.loads(sandbox.stdout.readline())
    run = Run()
    with mailbox() as box, hook() as web:
        key = {"ANTHROPIC_BASE_URL": card["base_url"], "ANTHROPIC_API_KEY": card["api_key"]}
        deck = [sys.executable, "-m", "batchdeck", "--deck", str(folder / "deck")]
        watcher = subprocess.Popen(
            [*deck, "watch", "--inbox", str(inbox), "--log", str(log)],
            env={**os.environ, **key, **_settings(out, web, box)},
            stderr=subprocess.PIPE,
            text=True,
        )
        times = sorted(chance.uniform(0, seconds * 0.8) for _ in range(files))
        start = time.monotonic()
        try:
            while (now := time.monotonic() - start) < seconds or (
                not _is_over(inbox, out, run) and now < seconds + 120
            ):
                while times and times[0] <= now:
                    times.pop(0)
                    _feed(inbox, run, chance)
                run.memory.append(memory_mb(watcher.pid, "VmRSS"))
                time.sleep(_SAMPLE_SECONDS)
        finally:
            watcher.send_signal(signal.SIGTERM)
            run.stderr = watcher.communicate(timeout=60)[1]
            sandbox.terminate()
            sandbox.wait(30)
            sandbox.stdout.close()
        run.log = [json.loads(line) for line in log.read_text().splitlines()]
        return run, web, box


def _feed(inbox: Path, run: Run, chance: random.Random) -> None:
    name = f"file-{run.good + run.broken:03d}.pdf"
    if chance.random() < 0.1:
        run.broken += 1
        (inbox / name).write_bytes(b"%PDF-1.7 and nothing else")
    else:
        run.good += 1
        write_pdf(inbox / name, chance.randint(1, 4), seed=run.good)


def _is_over(inbox: Path, out: Path, run: Run) -> bool:
    return not list(inbox.glob("*.pdf")) and len(list(out.glob("*/*.report.json"))) == run.good


def main() -> int:
    """Play, print the figures, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60, help="minutes of the sandbox's clock")
    parser.add_argument("--speed", type=float, default=60, help="how fast that runs")
    parser.add_argument("--files", type=int, default=30, help="how many files come")
    parser.add_argument("--seed", type=int, default=1, help="decides what looks like chance")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seconds = given.minutes * 60 / given.speed
        run, web, box = play(folder, seconds, given.speed, given.files, given.seed)
        exported = len(list((folder / "out").glob("*/*.report.json")))
        problems = len(list((folder / "in" / "problems").glob("*.pdf")))
        left = len(list((folder / "in").glob("*.pdf")))
    quarter = len(run.memory) // 4
    early = statistics.median(run.memory[quarter : 2 * quarter])
    late = statistics.median(run.memory[-quarter:])
    failed = [r for r in run.log if r["event"] == "watch_failed"]
    print(
        f"files: {run.good} good, {run.broken} broken; {exported} exported, {problems} put aside, {left} left"
    )
    titles = sorted(web.titles)
    same = titles == sorted(str(mail["Subject"]) for mail in box.mails)
    print(f"messages: {len(titles)} by webhook, {len(box.mails)} by mail{'' if same else ', NOT the same'}")
    print(f"memory: {early:.0f} MB early, {late:.0f} MB late")
    print(
        f"log: {len(run.log)} records, {len(failed)} unhandled errors; stderr: {len(run.stderr)} characters"
    )
    is_well = (exported, problems, left) == (run.good, run.broken, 0) and same and bool(titles)
    is_well = is_well and not failed and "Traceback" not in run.stderr and late < _GROWTH_ALLOWED * early
    print("well" if is_well else f"NOT well\n{run.stderr[-2_000:]}")
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
